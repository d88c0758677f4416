"""What the server has granted to the user of a job."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.sources.mysql.connection import Session
from pipeline.sources.mysql.flavour import Flavour, version_number

GLOBAL = "*.*"
ALL = "ALL PRIVILEGES"

COVERED_BY = {
    "REPLICATION CLIENT": ("BINLOG MONITOR", "SUPER"),
    "REPLICATION SLAVE": ("REPLICATION REPLICA",),
    "RELOAD": ("FLUSH_TABLES",),
}
"""Other names of privileges, and others that are as good: MariaDB's, and MySQL's dynamic ones."""

ROLES_SINCE = (8, 0)

_GRANT = re.compile(r"GRANT (?P<names>.+?) ON (?P<scope>.+?) TO ", re.DOTALL)
_COLUMNS = re.compile(r"\s*\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Privileges:
    """Privileges on the whole server; `account` is the user as grants name it, host part included."""

    account: str
    names: frozenset[str]

    def has(self, name: str) -> bool:
        """Whether the user has the privilege on everything."""
        return bool(self.names & {ALL, name, *COVERED_BY.get(name, ())})


async def read_privileges(session: Session, flavour: Flavour) -> Privileges:
    """Ask the server; privileges of roles count as far as they are active when the user logs in."""
    user, _, host = str(await session.value("SELECT CURRENT_USER()")).rpartition("@")
    roles = await _active_roles(session, flavour)
    statement = f"SHOW GRANTS FOR CURRENT_USER() USING {roles}" if roles else "SHOW GRANTS"
    lines = [str(next(iter(row.values()))) for row in await session.rows(statement)]
    return Privileges(f"{session.literal(user)}@{session.literal(host)}", frozenset(granted(lines)))


async def _active_roles(session: Session, flavour: Flavour) -> str | None:
    """MySQL's roles, whose privileges it shows only when it is asked for them; MariaDB shows them by itself."""
    if flavour is Flavour.MARIADB or version_number(session.version) < ROLES_SINCE:
        return None
    roles = await session.value("SELECT CURRENT_ROLE()")
    return None if roles == "NONE" else str(roles)


def granted(lines: Iterable[str]) -> set[str]:
    """The privileges on everything in what SHOW GRANTS returns, in capitals."""
    found: set[str] = set()
    for line in lines:
        grant = _GRANT.match(line)
        if grant is not None and grant["scope"] == GLOBAL:
            found |= {name.strip().upper() for name in _COLUMNS.sub("", grant["names"]).split(",")}
    return {ALL if name == "ALL" else name for name in found}
