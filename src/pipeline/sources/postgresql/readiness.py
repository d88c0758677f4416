"""What the server, the role and the tables still lack for a job."""

from collections.abc import Iterator, Sequence

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier

from pipeline.sources.findings import by_severity, condition_refused, not_filtered
from pipeline.sources.postgresql.columns import check_columns
from pipeline.sources.postgresql.selects import filtered_select, name_of, nameable, signallable
from pipeline.sources.source import Finding, Identity, Mode, Severity, Table

OLDEST_SERVER = 140000
"""Logical messages reach pgoutput since PostgreSQL 14; the barrier and the heartbeat are such messages."""

SERVER = """
SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS version_number,
       current_user::text AS role, pg_is_in_recovery() AS standby, current_setting('wal_level') AS wal_level,
       r.rolsuper OR r.rolreplication OR EXISTS (
         SELECT FROM pg_roles g WHERE g.rolname IN ('rds_replication', 'rds_superuser') AND pg_has_role(r.oid, g.oid, 'member')
       ) AS may_replicate,
       current_database()::text AS database, has_database_privilege(current_database(), 'CREATE') AS may_create,
       current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots) AS free_slots,
       current_setting('max_wal_senders')::int - (SELECT count(*) FROM pg_stat_get_wal_senders()) AS free_senders
  FROM pg_roles r WHERE r.rolname = current_user
"""

TABLES = """
SELECT n.nspname AS schema, c.relname AS name, pg_get_userbyid(c.relowner)::text AS owner, row_security_active(c.oid) AS row_security,
       has_schema_privilege(n.oid, 'USAGE') AS may_use, has_table_privilege(c.oid, 'SELECT') AS may_select,
       pg_has_role(c.relowner, 'USAGE') AS owns,
       EXISTS (SELECT FROM pg_partition_tree(c.oid) t JOIN pg_class l ON l.oid = t.relid WHERE l.relkind = 'f') AS has_foreign
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest(%(schemas)s::text[], %(names)s::text[]))
"""

UNLOGGED = """
SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence = 'u' AND n.nspname = ANY (%(schemas)s) ORDER BY 1, 2
"""

ADD_KEY = "Give it a primary key that is not deferrable: ALTER TABLE ... ADD PRIMARY KEY (...)."
LACKING_IDENTITY = "its updates and deletes will not arrive, because it has no usable replica identity"


async def check_readiness(connection: AsyncConnection[DictRow], mode: Mode, tables: Sequence[Table]) -> list[Finding]:
    """
    Every finding on the server, the role and the tables, errors first.

    A SNAPSHOT job needs SELECT alone; a streaming one needs logical decoding, the
    REPLICATION attribute, and the tables' ownership (for the publications).
    """
    server = await _one(connection, SERVER)
    findings = list(_server(server, mode))
    if mode.streams:
        findings += _streaming(server)
        findings += [finding for table in tables for finding in _stream_of(table)]
        findings += await _unlogged(connection, tables)
    for table in tables:
        findings += _inheritance(table, mode)
        findings += await _condition(connection, table, mode)
        findings += check_columns(table, mode, f"{_quoted(table.schema)}.{_quoted(table.name)}", server["version_number"])
    names = {"schemas": [table.schema for table in tables], "names": [table.name for table in tables]}
    cursor = await connection.execute(TABLES.encode(), names)
    for row in await cursor.fetchall():
        findings += _privileges(row, server["role"], mode)
    return by_severity(findings)


async def _condition(connection: AsyncConnection[DictRow], table: Table, mode: Mode) -> list[Finding]:
    """Whether the server takes the condition of the table's filter, and Debezium the statement with it."""
    if not table.narrowed:
        return []
    if not nameable(table) and (not mode.streams or (table.row_count is not None and mode.snapshots)):
        return [not_filtered(table)]
    try:
        await connection.execute(f"EXPLAIN {filtered_select(mode, table, first=True)}".encode())
    except (psycopg.DataError, psycopg.ProgrammingError, psycopg.NotSupportedError) as error:
        return [condition_refused(table, str(error).splitlines()[0])]
    return []


def _server(server: DictRow, mode: Mode) -> Iterator[Finding]:
    if mode.streams and server["version_number"] < OLDEST_SERVER:
        yield Finding(
            "SERVER_VERSION",
            Severity.ERROR,
            f"PostgreSQL {server['version']} is too old to follow changes: 14 or newer is needed",
            "Upgrade the server, or post a SNAPSHOT job.",
        )
    else:
        yield Finding("SERVER_VERSION", Severity.OK, f"PostgreSQL {server['version']}")


def _streaming(server: DictRow) -> Iterator[Finding]:
    role, database = _quoted(server["role"]), _quoted(server["database"])
    if server["standby"]:
        yield Finding(
            "STANDBY", Severity.ERROR, "The server is a standby: publications cannot be made on it", "Give the primary in the JDBC URL."
        )
    if server["wal_level"] != "logical":
        yield Finding(
            "WAL_LEVEL",
            Severity.ERROR,
            f"wal_level is {server['wal_level']}: changes can only be followed with logical",
            "Set it and restart the server; on Amazon RDS set rds.logical_replication, on Cloud SQL cloudsql.logical_decoding.",
            "ALTER SYSTEM SET wal_level = logical;",
        )
    if not server["may_replicate"]:
        yield Finding(
            "REPLICATION",
            Severity.ERROR,
            f"The user {server['role']} may not make replication slots",
            "On Amazon RDS run GRANT rds_replication instead.",
            f"ALTER ROLE {role} REPLICATION;",
        )
    if not server["may_create"]:
        yield Finding(
            "CREATE_PUBLICATION",
            Severity.ERROR,
            f"The user {server['role']} may not make publications in the database {server['database']}",
            remedy=f"GRANT CREATE ON DATABASE {database} TO {role};",
        )
    yield from _free(server, "max_replication_slots", "free_slots", "replication slot")
    yield from _free(server, "max_wal_senders", "free_senders", "WAL sender")


def _free(server: DictRow, setting: str, column: str, noun: str) -> Iterator[Finding]:
    if server[column] < 1:
        yield Finding(
            setting.upper(),
            Severity.ERROR,
            f"The server has no free {noun}",
            f"Raise {setting} and restart the server, or drop what is not needed any more.",
            f"ALTER SYSTEM SET {setting} = 20;",
        )


def _stream_of(table: Table) -> Iterator[Finding]:
    name = f"{_quoted(table.schema)}.{_quoted(table.name)}"
    if table.identity is Identity.NOTHING:
        yield Finding(
            "REPLICA_IDENTITY",
            Severity.WARNING,
            f"{table.qualified_name}: {LACKING_IDENTITY}",
            "Let its changes carry the whole old row (on a partitioned table: run it for each partition), or make its primary key "
            "one that is not deferrable."
            if table.key
            else f"{ADD_KEY} Or, unless it is partitioned, let its changes carry the whole old row.",
            f"ALTER TABLE {name} REPLICA IDENTITY FULL;",
            table.qualified_name,
        )
    elif not table.key:
        yield Finding(
            "NO_KEY",
            Severity.WARNING,
            f"{table.qualified_name}: its rows are told apart by all that they hold, because the table has no key: it cannot be refreshed, "
            "and once a column was renamed or retyped, an UPDATE or DELETE of a row from before ends the job",
            ADD_KEY,
            table=table.qualified_name,
        )
    left_out = [column.name for column in table.columns if not column.published]
    if left_out:
        yield Finding(
            "GENERATED_COLUMNS",
            Severity.WARNING,
            f"{table.qualified_name}: the generated columns {', '.join(left_out)} are left out, because the server does not publish them",
            "Since PostgreSQL 18 stored generated columns are taken.",
            table=table.qualified_name,
        )


async def _unlogged(connection: AsyncConnection[DictRow], tables: Sequence[Table]) -> list[Finding]:
    cursor = await connection.execute(UNLOGGED.encode(), {"schemas": sorted({table.schema for table in tables})})
    return [
        Finding(
            "UNLOGGED",
            Severity.WARNING,
            f"{row['schema']}.{row['name']} is left out: no log holds the changes of an unlogged table",
            "Make it a logged one, or take it with a SNAPSHOT job.",
            f"ALTER TABLE {_quoted(row['schema'])}.{_quoted(row['name'])} SET LOGGED;",
            f"{row['schema']}.{row['name']}",
        )
        for row in await cursor.fetchall()
    ]


def _privileges(row: DictRow, role: str, mode: Mode) -> Iterator[Finding]:
    table, user = f"{row['schema']}.{row['name']}", _quoted(role)
    name = f"{_quoted(row['schema'])}.{_quoted(row['name'])}"
    if not row["may_use"]:
        remedy = f"GRANT USAGE ON SCHEMA {_quoted(row['schema'])} TO {user};"
        yield Finding("USAGE", Severity.ERROR, f"{table}: the user {role} may not use its schema", None, remedy, table)
    if mode.snapshots and not row["may_select"]:
        remedy = f"GRANT SELECT ON {name} TO {user};"
        yield Finding("SELECT", Severity.ERROR, f"{table}: the user {role} may not read it", None, remedy, table)
    if mode.streams and not row["owns"]:
        advice = "Only a table's owner can publish it: make the user a member of the owning role, or its owner."
        remedy = f"GRANT {_quoted(row['owner'])} TO {user};"
        yield Finding("OWNER", Severity.ERROR, f"{table}: the user {role} does not own it", advice, remedy, table)
    if mode.snapshots and row["row_security"]:
        severity = Severity.ERROR if mode.streams else Severity.WARNING
        advice = "The changes would hold rows that the snapshot does not." if mode.streams else "The job takes the rows that the user sees."
        remedy = f"ALTER ROLE {user} BYPASSRLS;"
        yield Finding("ROW_SECURITY", severity, f"{table}: row level security hides rows from the user {role}", advice, remedy, table)
    if mode.streams and row["has_foreign"]:
        message = f"{table} has foreign tables among its partitions: their rows come with the snapshot, their changes will not arrive"
        yield Finding("FOREIGN_PARTITION", Severity.WARNING, message, None, None, table)


def _inheritance(table: Table, mode: Mode) -> Iterator[Finding]:
    """A table whose SELECT cannot be told to Debezium in every case: in the snapshot, and in a signal that has it read again."""
    if mode.snapshots and table.inherited and not (nameable(table) and signallable(name_of(table))):
        name = table.qualified_name
        message = f"{name}: Debezium cannot be told how to read a table of this name, so rows of those that inherit from it come as its own"
        yield Finding("INHERITANCE", Severity.WARNING, message, "Rename it without commas and characters of patterns.", None, name)


def _quoted(name: str) -> str:
    return SQL("{}").format(Identifier(name)).as_string()


async def _one(connection: AsyncConnection[DictRow], query: str) -> DictRow:
    cursor = await connection.execute(query.encode())
    row = await cursor.fetchone()
    if row is None:
        raise AssertionError("the role that is logged in is in pg_roles")
    return row
