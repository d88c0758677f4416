"""What the database, the user and the tables still lack for a job."""

from collections.abc import Iterator, Sequence

from pipeline.sources.findings import by_severity
from pipeline.sources.oracle.connector import WORDING
from pipeline.sources.oracle.privileges import check_privileges, read_privileges
from pipeline.sources.oracle.types import LONGEST_NAME, check_types
from pipeline.sources.overrides import check_filters
from pipeline.sources.queries import Queries, Row, only_row
from pipeline.sources.source import Finding, Identity, Mode, Severity, Table

OLDEST_MAJOR = 12

WHERE = """
SELECT SYS_CONTEXT('USERENV', 'CON_NAME') AS container, SYS_CONTEXT('USERENV', 'DB_NAME') AS database_name,
       SYS_CONTEXT('USERENV', 'CURRENT_USER') AS user_name,
       (SELECT MAX(version) FROM product_component_version WHERE product LIKE 'Oracle%') AS version
  FROM dual
"""

DATABASE = """
SELECT name, cdb, log_mode, database_role, supplemental_log_data_min AS minimal, supplemental_log_data_all AS all_columns
  FROM v$database
"""

PDBS = "SELECT name, open_mode FROM v$pdbs"

LOG_GROUPS = "SELECT owner, table_name FROM all_log_groups WHERE log_group_type = 'ALL COLUMN LOGGING'"

SELECTABLE = """
SELECT privilege FROM session_privs WHERE privilege = 'SELECT ANY TABLE'
"""

GRANTED = "SELECT table_schema AS owner, table_name FROM all_tab_privs WHERE privilege IN ('SELECT', 'READ')"

USE_ROOT = "Give the service of the root in the JDBC URL, and a common user (C##...)."
ADD_KEY = "Give it a primary key: ALTER TABLE ... ADD PRIMARY KEY (...)."


async def check_root(queries: Queries, mode: Mode, pdb: str | None) -> list[Finding]:
    """Every finding on the database and the user, where the URL leads: for LogMiner that is the root of a container database."""
    where = await only_row(queries, WHERE)
    findings = [*_version(where)]
    privileges = await read_privileges(queries)
    container = where["container"] == "CDB$ROOT"
    findings += check_privileges(privileges, mode, where["user_name"], container=container)
    findings += _container(where, pdb)
    if privileges.sees("V_$DATABASE"):
        database = await only_row(queries, DATABASE)
        findings += [*_logs(database), *_root(where, database, pdb)] if mode.streams else []
        if container and pdb is not None and privileges.sees("V_$PDBS"):
            findings += _pdb(await queries.rows(PDBS), pdb)
    return by_severity(findings)


async def logs_all_columns(queries: Queries) -> bool:
    """Whether all columns are logged of every table, so that none needs a setting of its own."""
    return bool((await only_row(queries, DATABASE))["all_columns"] == "YES")


async def check_tables(queries: Queries, mode: Mode, tables: Sequence[Table], *, all_columns: bool = False) -> list[Finding]:
    """Every finding on the tables, in the database that holds them; `all_columns` are logged for all of its tables."""
    where = await only_row(queries, WHERE)
    any_table = bool(await queries.rows(SELECTABLE))
    granted = {(row["owner"], row["table_name"]) for row in await queries.rows(GRANTED)}
    logged = {(row["owner"], row["table_name"]) for row in await queries.rows(LOG_GROUPS)} if mode.streams else set()
    findings: list[Finding] = []
    for table in tables:
        name = (table.schema, table.name)
        if mode.snapshots and not (any_table or name in granted or table.schema == where["user_name"]):
            findings.append(_not_selectable(table, where["user_name"]))
        if mode.streams:
            findings += _stream(table, logged=all_columns or name in logged)
        findings += check_types(table, mode)
    return by_severity([*findings, *await check_filters(queries, tables, WORDING)])


def _version(where: Row) -> Iterator[Finding]:
    version = where["version"] or ""
    if version and int(version.split(".")[0]) < OLDEST_MAJOR:
        yield Finding("SERVER_VERSION", Severity.ERROR, f"Oracle {version} is too old: {OLDEST_MAJOR}.1 or newer is needed", "Upgrade it.")
    else:
        yield Finding("SERVER_VERSION", Severity.OK, f"Oracle {version}")


def _container(where: Row, pdb: str | None) -> Iterator[Finding]:
    """Debezium goes back to the root from the pluggable database that it is given, even after a snapshot."""
    name = where["container"]
    if name == "CDB$ROOT" and pdb is None:
        yield Finding(
            "PDB",
            Severity.ERROR,
            "The JDBC URL leads to the root of a container database, which has no tables of users",
            "Name the pluggable database as oraclePdbName.",
        )
    elif pdb is not None and name != "CDB$ROOT":
        yield Finding(
            "PDB",
            Severity.ERROR,
            f"The JDBC URL leads to {name}, not to the root of the container database that has the pluggable database {pdb}",
            f"{USE_ROOT} For a SNAPSHOT job on {name} itself leave oraclePdbName out.",
        )


def _root(where: Row, database: Row, pdb: str | None) -> Iterator[Finding]:
    name = where["container"]
    if database["cdb"] == "YES" and name != "CDB$ROOT" and pdb is None:
        yield Finding(
            "PDB",
            Severity.ERROR,
            f"The JDBC URL leads to the pluggable database {name}, but LogMiner has to be used from the root",
            f"{USE_ROOT} Name {name} as oraclePdbName.",
        )


def _pdb(rows: Sequence[Row], pdb: str) -> Iterator[Finding]:
    modes = {row["name"]: row["open_mode"] for row in rows}
    if pdb not in modes:
        yield Finding("PDB", Severity.ERROR, f"There is no pluggable database {pdb}", f"There are: {', '.join(sorted(modes)) or 'none'}.")
    elif modes[pdb] == "MOUNTED":
        remedy = f"ALTER PLUGGABLE DATABASE {pdb} OPEN;"
        yield Finding("PDB", Severity.ERROR, f"The pluggable database {pdb} is not open", None, remedy)


def _logs(database: Row) -> Iterator[Finding]:
    if database["log_mode"] != "ARCHIVELOG":
        yield Finding(
            "ARCHIVELOG",
            Severity.ERROR,
            f"The database {database['name']} does not archive its redo logs ({database['log_mode']}): changes would be lost",
            "Set a recovery area first (db_recovery_file_dest_size, db_recovery_file_dest); the database is restarted.",
            "SHUTDOWN IMMEDIATE; STARTUP MOUNT; ALTER DATABASE ARCHIVELOG; ALTER DATABASE OPEN;",
        )
    if database["minimal"] == "NO" and database["all_columns"] == "NO":
        yield Finding(
            "SUPPLEMENTAL_LOGGING",
            Severity.ERROR,
            f"The database {database['name']} has no minimal supplemental logging, without which LogMiner does not tell rows",
            None,
            "ALTER DATABASE ADD SUPPLEMENTAL LOG DATA;",
        )
    if database["database_role"] != "PRIMARY":
        yield Finding(
            "STANDBY",
            Severity.ERROR,
            f"The database is a {database['database_role'].lower()}: the connector has to write a row to have the log flushed",
            "Give the primary in the JDBC URL.",
        )


def _stream(table: Table, *, logged: bool) -> Iterator[Finding]:
    name = f'"{table.schema}"."{table.name}"'
    if not logged:
        yield Finding(
            "SUPPLEMENTAL_LOGGING",
            Severity.ERROR,
            f"{table.qualified_name}: the log does not hold all columns of a changed row, so that documents would lose values",
            "The statement waits for transactions that are open on the table.",
            f"ALTER TABLE {name} ADD SUPPLEMENTAL LOG DATA (ALL) COLUMNS;",
            table.qualified_name,
        )
    if len(table.name.encode()) > LONGEST_NAME:
        message = f"{table.qualified_name}: its changes would not arrive: LogMiner takes names of {LONGEST_NAME} bytes"
        yield Finding("LONG_NAME", Severity.ERROR, message, "Give the table a shorter name.", table=table.qualified_name)
    if table.identity is Identity.NOTHING:
        what = "its key is deferrable" if table.key else "it has no key"
        message = f"{table.qualified_name}: {what}, and changes do not carry large values, so that its rows cannot be followed"
        yield Finding("NO_KEY", Severity.ERROR, message, ADD_KEY, table=table.qualified_name)
    elif not table.key:
        message = f"{table.qualified_name}: its rows are told apart by all that they hold, because the table has no key"
        yield Finding("NO_KEY", Severity.WARNING, message, ADD_KEY, table=table.qualified_name)
    if virtual := [column.name for column in table.columns if not column.published]:
        message = f"{table.qualified_name}: the virtual columns {', '.join(virtual)} are left out, because the log does not hold them"
        yield Finding("VIRTUAL_COLUMNS", Severity.WARNING, message, None, None, table.qualified_name)


def _not_selectable(table: Table, user: str) -> Finding:
    remedy = f'GRANT SELECT, FLASHBACK ON "{table.schema}"."{table.name}" TO {user};'
    return Finding("SELECT", Severity.ERROR, f"{table.qualified_name}: the user {user} may not read it", None, remedy, table.qualified_name)
