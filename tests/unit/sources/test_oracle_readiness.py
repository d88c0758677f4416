"""What an Oracle database still lacks is found before a job begins, and the SQL that mends it is told."""

from typing import Any

import pytest
from tests.fakes.database import RecordedDatabase

from pipeline.sources.oracle import privileges, readiness
from pipeline.sources.queries import Row
from pipeline.sources.source import Column, Finding, Identity, Mode, Severity, Table

ID, NAME = Column("ID", "NUMBER(9,0)", nullable=False), Column("NAME", "VARCHAR2(40)", nullable=True)
ORDERS = Table("SALES", "ORDERS", (ID, NAME), ("ID",), Identity.KEY)

WHERE: Row = {"container": "CDB$ROOT", "database_name": "ORCLCDB", "user_name": "C##APP", "version": "19.0.0.0.0"}
DATABASE: Row = {
    "name": "ORCLCDB",
    "cdb": "YES",
    "log_mode": "ARCHIVELOG",
    "database_role": "PRIMARY",
    "minimal": "YES",
    "all_columns": "NO",
}
SYSTEM = [
    "CREATE SESSION",
    "SET CONTAINER",
    "FLASHBACK ANY TABLE",
    "SELECT ANY TABLE",
    "SELECT ANY TRANSACTION",
    "LOGMINING",
    "CREATE TABLE",
    "SELECT_CATALOG_ROLE",
    "EXECUTE_CATALOG_ROLE",
]

ROLES = ("SELECT_CATALOG_ROLE", "EXECUTE_CATALOG_ROLE")


def held(names: list[str]) -> list[Row]:
    return [{"name": name} for name in names]


def answers() -> dict[str, Any]:
    """A database in which nothing is missing, as Debezium's documentation sets it up."""
    return {
        readiness.WHERE: [WHERE],
        readiness.DATABASE: [DATABASE],
        readiness.PDBS: [{"name": "PDB$SEED", "open_mode": "READ ONLY"}, {"name": "SALESPDB", "open_mode": "READ WRITE"}],
        readiness.LOG_GROUPS: [{"owner": "SALES", "table_name": "ORDERS"}],
        readiness.SELECTABLE: [{"privilege": "SELECT ANY TABLE"}],
        readiness.GRANTED: [],
        privileges.SYSTEM: held(SYSTEM),
        privileges.OBJECTS: [],
    }


async def root(changed: dict[str, Any], mode: Mode = Mode.CDC, pdb: str | None = "SALESPDB") -> list[Finding]:
    found = await readiness.check_root(RecordedDatabase(answers() | changed), mode, pdb)
    return [finding for finding in found if finding.severity is not Severity.OK]


async def of_tables(changed: dict[str, Any], mode: Mode = Mode.CDC, table: Table = ORDERS, *, all_columns: bool = False) -> list[Finding]:
    return await readiness.check_tables(RecordedDatabase(answers() | changed), mode, [table], all_columns=all_columns)


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_database_that_has_everything_is_ready(mode: Mode) -> None:
    assert await root({}, mode) == []
    assert await of_tables({}, mode) == []


def database(**changed: Any) -> dict[str, Any]:
    return {readiness.DATABASE: [{**DATABASE, **changed}]}


@pytest.mark.parametrize(
    ("changed", "check", "remedy"),
    [
        ({readiness.WHERE: [{**WHERE, "version": "11.2.0.4.0"}]}, "SERVER_VERSION", None),
        (
            database(log_mode="NOARCHIVELOG"),
            "ARCHIVELOG",
            "SHUTDOWN IMMEDIATE; STARTUP MOUNT; ALTER DATABASE ARCHIVELOG; ALTER DATABASE OPEN;",
        ),
        (database(minimal="NO"), "SUPPLEMENTAL_LOGGING", "ALTER DATABASE ADD SUPPLEMENTAL LOG DATA;"),
        (database(database_role="PHYSICAL STANDBY"), "STANDBY", None),
        ({readiness.PDBS: [{"name": "OTHER", "open_mode": "READ WRITE"}]}, "PDB", None),
        ({readiness.PDBS: [{"name": "SALESPDB", "open_mode": "MOUNTED"}]}, "PDB", "ALTER PLUGGABLE DATABASE SALESPDB OPEN;"),
    ],
)
async def test_what_keeps_a_job_from_running_is_an_error_with_its_remedy(changed: dict[str, Any], check: str, remedy: str | None) -> None:
    assert [(finding.check, finding.severity, finding.remedy) for finding in await root(changed)] == [(check, Severity.ERROR, remedy)]


@pytest.mark.parametrize("name", [name for name in SYSTEM if name not in ROLES and name not in ("CREATE SESSION", "SELECT ANY TABLE")])
async def test_each_privilege_that_is_missing_is_told_with_its_grant(name: str) -> None:
    without = {privileges.SYSTEM: held([each for each in SYSTEM if each != name])}
    assert [finding.remedy for finding in await root(without)] == [f"GRANT {name} TO C##APP CONTAINER=ALL;"]


async def test_without_the_roles_each_view_and_package_is_named() -> None:
    plain = {privileges.SYSTEM: held([name for name in SYSTEM if name not in ROLES])}
    remedies = [finding.remedy for finding in await root(plain)]
    assert "GRANT SELECT ON V_$LOGMNR_CONTENTS TO C##APP CONTAINER=ALL;" in remedies
    assert "GRANT EXECUTE ON DBMS_LOGMNR TO C##APP CONTAINER=ALL;" in remedies
    assert len(remedies) == len(privileges.VIEWS) + len(privileges.PACKAGES)


async def test_grants_on_the_objects_themselves_are_enough() -> None:
    granted = [{"object_name": name, "privilege": "SELECT"} for name in (*privileges.VIEWS, "V_$PDBS")]
    granted += [{"object_name": name, "privilege": "EXECUTE"} for name in privileges.PACKAGES]
    plain = {privileges.SYSTEM: held([name for name in SYSTEM if name not in ROLES]), privileges.OBJECTS: granted}
    assert await root(plain) == []


async def test_a_snapshot_needs_neither_the_archive_nor_logminer() -> None:
    few = held(["CREATE SESSION", "SET CONTAINER", "FLASHBACK ANY TABLE", "SELECT_CATALOG_ROLE"])
    assert await root({privileges.SYSTEM: few} | database(log_mode="NOARCHIVELOG", minimal="NO"), Mode.SNAPSHOT) == []
    assert await of_tables({readiness.LOG_GROUPS: []}, Mode.SNAPSHOT) == []


@pytest.mark.parametrize(
    ("container", "cdb", "pdb", "mode", "wrong"),
    [
        ("CDB$ROOT", "YES", None, Mode.CDC, True),
        ("CDB$ROOT", "YES", None, Mode.SNAPSHOT, True),
        ("SALESPDB", "YES", "SALESPDB", Mode.CDC, True),
        ("SALESPDB", "YES", "SALESPDB", Mode.SNAPSHOT, True),
        ("OTHERPDB", "YES", "SALESPDB", Mode.SNAPSHOT, True),
        ("SALESPDB", "YES", None, Mode.CDC, True),
        ("SALESPDB", "YES", None, Mode.SNAPSHOT, False),
        ("ORCL", "NO", None, Mode.CDC, False),
        ("ORCL", "NO", None, Mode.SNAPSHOT, False),
    ],
)
async def test_where_the_url_leads_has_to_fit_the_pluggable_database(
    container: str, cdb: str, pdb: str | None, mode: Mode, wrong: bool
) -> None:
    found = await root({readiness.WHERE: [{**WHERE, "container": container}]} | database(cdb=cdb), mode, pdb)
    assert [finding.check for finding in found] == (["PDB"] if wrong else [])


async def test_a_table_whose_columns_are_not_all_logged_is_an_error_with_its_remedy() -> None:
    (found,) = await of_tables({readiness.LOG_GROUPS: []})
    assert (found.check, found.table) == ("SUPPLEMENTAL_LOGGING", "SALES.ORDERS")
    assert found.remedy == 'ALTER TABLE "SALES"."ORDERS" ADD SUPPLEMENTAL LOG DATA (ALL) COLUMNS;'
    assert await of_tables({readiness.LOG_GROUPS: []}, all_columns=True) == []


async def test_a_table_that_may_not_be_read_is_told_with_its_grant() -> None:
    nothing = {readiness.SELECTABLE: []}
    (found,) = await of_tables(nothing)
    assert found.remedy == 'GRANT SELECT, FLASHBACK ON "SALES"."ORDERS" TO C##APP;'
    assert await of_tables(nothing | {readiness.GRANTED: [{"owner": "SALES", "table_name": "ORDERS"}]}) == []


def table(column_type: str, key: tuple[str, ...] = ("ID",), identity: Identity = Identity.KEY, name: str = "ORDERS") -> Table:
    return Table("SALES", name, (ID, Column("C", column_type, nullable=True)), key, identity)


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (table("LONG"), [("COLUMN_TYPE", Severity.ERROR)]),
        (table("BFILE"), [("COLUMN_TYPE", Severity.ERROR)]),
        (table("TIMESTAMP(9)", ("C",)), [("KEY_TYPE", Severity.ERROR)]),
        (table("CLOB", ("C",)), [("KEY_TYPE", Severity.ERROR)]),
        (table("TIMESTAMP(9)"), []),
        (table("CLOB"), []),
        (table("NUMBER"), []),
        (table("NUMBER", (), Identity.FULL), [("NO_KEY", Severity.WARNING)]),
        (table("CLOB", (), Identity.NOTHING), [("NO_KEY", Severity.ERROR)]),
    ],
)
async def test_types_and_keys_are_judged_by_what_changes_tell(made: Table, found: list[tuple[str, Severity]]) -> None:
    assert [(finding.check, finding.severity) for finding in await of_tables({}, table=made)] == found


async def test_names_that_logminer_leaves_out_are_errors() -> None:
    long = table("NUMBER", name="X" * 31)
    logged = {readiness.LOG_GROUPS: [{"owner": "SALES", "table_name": long.name}]}
    assert [finding.check for finding in await of_tables(logged, table=long)] == ["LONG_NAME"]
    columns = (ID, Column("Ä" * 16, "NUMBER", nullable=True))
    wide = Table("SALES", "ORDERS", columns, ("ID",), Identity.KEY)
    assert [finding.check for finding in await of_tables({}, table=wide)] == ["LONG_NAME"]
    assert await of_tables({}, Mode.SNAPSHOT, table=wide) == []
