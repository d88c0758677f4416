"""What the user may do, and what Debezium needs of it (its documentation: "Creating users for the connector")."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.sources.queries import Queries
from pipeline.sources.source import Finding, Mode, Severity

SYSTEM = """
SELECT privilege AS name FROM session_privs UNION ALL SELECT role AS name FROM session_roles
"""

OBJECTS = """
SELECT table_name AS object_name, privilege FROM all_tab_privs WHERE table_schema = 'SYS'
"""

VIEWS = (
    "V_$DATABASE",
    "V_$LOG",
    "V_$LOG_HISTORY",
    "V_$LOGMNR_LOGS",
    "V_$LOGMNR_CONTENTS",
    "V_$LOGMNR_PARAMETERS",
    "V_$LOGFILE",
    "V_$ARCHIVED_LOG",
    "V_$ARCHIVE_DEST_STATUS",
    "V_$TRANSACTION",
    "V_$MYSTAT",
    "V_$STATNAME",
)
PACKAGES = ("DBMS_LOGMNR", "DBMS_LOGMNR_D")
STREAMING = ("SELECT ANY TRANSACTION", "LOGMINING", "CREATE TABLE")
CATALOGUE = {"SELECT_CATALOG_ROLE", "SELECT ANY DICTIONARY"}
"""Either gives every view of the dictionary."""


@dataclass(frozen=True, slots=True)
class Privileges:
    """System privileges and roles of the session, and its privileges on objects of SYS as (object, privilege)."""

    system: frozenset[str]
    objects: frozenset[tuple[str, str]]

    def sees(self, view: str) -> bool:
        """Whether a view of the dictionary can be read."""
        return bool(self.system & CATALOGUE) or bool({(view, "SELECT"), (view, "READ")} & self.objects)

    def executes(self, package: str) -> bool:
        """Whether a package of SYS can be called."""
        return "EXECUTE_CATALOG_ROLE" in self.system or (package, "EXECUTE") in self.objects


async def read_privileges(queries: Queries) -> Privileges:
    """Read what the session may do."""
    system = frozenset(row["name"] for row in await queries.rows(SYSTEM))
    objects = frozenset((row["object_name"], row["privilege"]) for row in await queries.rows(OBJECTS))
    return Privileges(system, objects)


def check_privileges(held: Privileges, mode: Mode, user: str, *, container: bool) -> Iterator[Finding]:
    """Each privilege that is missing, with its grant; in a container database it is granted in all containers."""
    everywhere = " CONTAINER=ALL" if container else ""
    for name in _system(mode, container=container):
        if name not in held.system:
            yield _missing(name, f"GRANT {name} TO {user}{everywhere};", user)
    for view in ("V_$DATABASE",) if mode is Mode.SNAPSHOT else VIEWS:
        if not held.sees(view):
            yield _missing(f"SELECT on {view}", f"GRANT SELECT ON {view} TO {user}{everywhere};", user)
    for package in PACKAGES if mode.streams else ():
        if not held.executes(package):
            yield _missing(f"EXECUTE on {package}", f"GRANT EXECUTE ON {package} TO {user}{everywhere};", user)


def _system(mode: Mode, *, container: bool) -> Sequence[str]:
    needed = ["SET CONTAINER"] if container else []
    if mode.snapshots:
        needed.append("FLASHBACK ANY TABLE")
    return [*needed, *STREAMING] if mode.streams else needed


def _missing(privilege: str, remedy: str, user: str) -> Finding:
    return Finding("PRIVILEGE", Severity.ERROR, f"The user {user} lacks {privilege}", "A database administrator runs it.", remedy)
