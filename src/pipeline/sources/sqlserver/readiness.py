"""What the server, the database, the user and the tables still lack for a job."""

from collections.abc import Iterator, Sequence

from pipeline.sources.findings import by_severity
from pipeline.sources.overrides import check_filters
from pipeline.sources.queries import Queries, Row, only_row
from pipeline.sources.source import Finding, Identity, Mode, Severity, Table
from pipeline.sources.sqlserver.capture import JOBS, CaptureInstance, disable_table, enable_database, enable_table, quoted, read_instances
from pipeline.sources.sqlserver.connector import WORDING
from pipeline.sources.sqlserver.types import check_types

OLDEST_MAJOR = 13
"""SQL Server 2016: from its Service Pack 1 on, every edition but Express has change data capture."""

EXPRESS, AZURE_DATABASE = 4, 5
SHORTEST_RETENTION_MINUTES = 24 * 60
STALE_MINUTES = 15
"""An idle capture job leaves a trace every five minutes."""

SERVER = """
SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)) AS version,
       CAST(SERVERPROPERTY('ProductMajorVersion') AS int) AS major, CAST(SERVERPROPERTY('EngineEdition') AS int) AS edition,
       DB_NAME() AS database_name, USER_NAME() AS user_name, d.is_cdc_enabled, d.snapshot_isolation_state,
       CASE WHEN d.is_read_only = 1 OR DATABASEPROPERTYEX(DB_NAME(), 'Updateability') = 'READ_ONLY' THEN 1 ELSE 0 END AS is_read_only,
       HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') AS may_see_services,
       HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DATABASE STATE') AS may_see_scans,
       COALESCE(HAS_PERMS_BY_NAME(N'msdb.dbo.cdc_jobs', 'OBJECT', 'SELECT'), 0) AS may_see_jobs
  FROM sys.databases d WHERE d.database_id = DB_ID()
"""

AGENT = """
SELECT servicename, status_desc FROM sys.dm_server_services WHERE servicename LIKE N'SQL Server Agent%'
"""

LAST_SCAN = """
SELECT DATEDIFF(minute, MAX(tran_end_time), GETDATE()) AS minutes_ago FROM cdc.lsn_time_mapping
"""

PRIVILEGES = """
SELECT s.name AS schema_name, t.name AS table_name,
       HAS_PERMS_BY_NAME(QUOTENAME(s.name) + N'.' + QUOTENAME(t.name), 'OBJECT', 'SELECT') AS may_select
  FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id
"""

ADD_KEY = "Give it a primary key, or a unique index over columns that are NOT NULL."


async def check_readiness(queries: Queries, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
    """
    Every finding on the server, the database, the user and the tables, errors first.

    A SNAPSHOT job needs SELECT, snapshot isolation and change data capture in the database
    (Debezium looks into it before it reads); a streaming one needs the tables captured, too.
    """
    server = await only_row(queries, SERVER)
    findings = [*_server(server), *_isolation(server, mode), *_capture(server)]
    instances = await read_instances(queries) if server["is_cdc_enabled"] else {}
    if mode.streams and server["is_cdc_enabled"]:
        findings += await _agent(queries, server)
        findings += await _jobs(queries, server)
    privileges = {(row["schema_name"], row["table_name"]): row["may_select"] for row in await queries.rows(PRIVILEGES)}
    for table in tables:
        of_table = instances.get((table.schema, table.name), ())
        findings += _select(table, server, granted=bool(privileges.get((table.schema, table.name))), mode=mode)
        findings += _stream(table, server, of_table, mode) if mode.streams else []
        findings += check_types(table, of_table[-1].columns if of_table else None)
    return by_severity([*findings, *await check_filters(queries, tables, WORDING)])


def _server(server: Row) -> Iterator[Finding]:
    if server["edition"] != AZURE_DATABASE and server["major"] < OLDEST_MAJOR:
        yield Finding(
            "SERVER_VERSION",
            Severity.ERROR,
            f"SQL Server {server['version']} is too old: 2016 ({OLDEST_MAJOR}.0) or newer is needed",
            "Upgrade the server.",
        )
    else:
        yield Finding("SERVER_VERSION", Severity.OK, f"SQL Server {server['version']}")
    if server["edition"] == EXPRESS:
        yield Finding(
            "EDITION",
            Severity.ERROR,
            "SQL Server Express has no change data capture, which Debezium needs",
            "Move the database to the Developer, Standard or Enterprise edition.",
        )


def _isolation(server: Row, mode: Mode) -> Iterator[Finding]:
    if mode.snapshots and server["snapshot_isolation_state"] != 1:
        yield Finding(
            "SNAPSHOT_ISOLATION",
            Severity.ERROR,
            f"The database {server['database_name']} does not allow snapshot isolation, without which reading locks the rows of others",
            "It is turned on while the database is in use, once the transactions that are open then have ended.",
            f"ALTER DATABASE {quoted(server['database_name'])} SET ALLOW_SNAPSHOT_ISOLATION ON;",
        )


def _capture(server: Row) -> Iterator[Finding]:
    if not server["is_cdc_enabled"]:
        yield Finding(
            "CDC_DATABASE",
            Severity.ERROR,
            f"Change data capture is off in the database {server['database_name']}",
            "A member of sysadmin runs it in that database (on Azure SQL Database and RDS the owner: msdb.dbo.rds_cdc_enable_db on RDS).",
            enable_database(),
        )


async def _agent(queries: Queries, server: Row) -> list[Finding]:
    """
    Whether something fills the change tables: the Agent's service where the user may see it, else its traces.

    A readable secondary has the traces only: the Agent of the primary makes them.
    """
    if server["edition"] == AZURE_DATABASE:
        return []
    if server["may_see_services"] and not server["is_read_only"]:
        services = await queries.rows(AGENT)
        if services and services[0]["status_desc"] != "Running":
            return [_agent_stopped(f"{services[0]['servicename']} is {services[0]['status_desc']}: no change is captured")]
        return []
    minutes = (await only_row(queries, LAST_SCAN))["minutes_ago"]
    if minutes is None or minutes > STALE_MINUTES:
        when = "never" if minutes is None else f"{minutes} minutes ago"
        return [_agent_stopped(f"The capture job last left a trace {when}: it seems not to run", Severity.WARNING)]
    return []


def _agent_stopped(message: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        "AGENT",
        severity,
        message,
        "Start SQL Server Agent (the service, or MSSQL_AGENT_ENABLED=true in the container), then the capture job.",
        "EXEC sys.sp_cdc_start_job @job_type = N'capture';",
    )


async def _jobs(queries: Queries, server: Row) -> list[Finding]:
    if not server["may_see_jobs"] or server["is_read_only"] or server["edition"] == AZURE_DATABASE:
        return []
    jobs = {row["job_type"].strip(): row for row in await queries.rows(JOBS)}
    if "capture" not in jobs:
        message = "The database has no capture job, so that its change tables stay empty"
        return [Finding("CAPTURE_JOB", Severity.ERROR, message, None, "EXEC sys.sp_cdc_add_job @job_type = N'capture';")]
    retention = jobs["cleanup"]["retention"] if "cleanup" in jobs else SHORTEST_RETENTION_MINUTES
    if retention < SHORTEST_RETENTION_MINUTES:
        return [
            Finding(
                "CDC_RETENTION",
                Severity.WARNING,
                f"Captured changes are removed after {retention} minutes: an outage of Kafka Connect that lasts longer loses changes",
                "Keep them for some days; the change tables grow accordingly.",
                "EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = 4320;",
            )
        ]
    return []


def _select(table: Table, server: Row, *, granted: bool, mode: Mode) -> Iterator[Finding]:
    if mode.snapshots and not granted:
        remedy = f"GRANT SELECT ON {quoted(table.schema)}.{quoted(table.name)} TO {quoted(server['user_name'])};"
        message = f"{table.qualified_name}: the user {server['user_name']} may not read it"
        yield Finding("SELECT", Severity.ERROR, message, None, remedy, table.qualified_name)


def _stream(table: Table, server: Row, instances: Sequence[CaptureInstance], mode: Mode) -> Iterator[Finding]:
    """What is in the way of following one table."""
    yield from _key(table, mode)
    if not instances:
        if server["is_cdc_enabled"]:
            message = f"{table.qualified_name}: its changes are not captured"
            yield Finding("CDC_TABLE", Severity.ERROR, message, "A db_owner runs it.", enable_table(table), table.qualified_name)
        return
    newest = instances[-1]
    if not newest.readable:
        yield _not_readable(table, newest, server)
    yield from _columns(table, instances)


def _not_readable(table: Table, instance: CaptureInstance, server: Row) -> Finding:
    user = quoted(server["user_name"])
    role = f" ALTER ROLE {quoted(instance.role)} ADD MEMBER {user};" if instance.role else ""
    return Finding(
        "CDC_SELECT",
        Severity.ERROR,
        f"{table.qualified_name}: the user {server['user_name']} may not read its captured changes",
        None,
        f"GRANT SELECT ON SCHEMA::cdc TO {user};{role}",
        table.qualified_name,
    )


def _columns(table: Table, instances: Sequence[CaptureInstance]) -> Iterator[Finding]:
    captured = instances[-1].columns
    if missing_key := [column for column in table.key if column not in captured]:
        yield Finding(
            "KEY_NOT_CAPTURED",
            Severity.ERROR,
            f"{table.qualified_name}: {', '.join(missing_key)}, part of its key, is not captured by {instances[-1].name}",
            "Make a capture instance that has the key.",
            _another_instance(table, instances),
            table.qualified_name,
        )
    left_out = [
        column.name for column in table.columns if column.published and column.name not in captured and column.name not in table.key
    ]
    if left_out:
        yield Finding(
            "NOT_CAPTURED",
            Severity.WARNING,
            f"{table.qualified_name}: {', '.join(left_out)} will be missing in the documents, as {instances[-1].name} does not capture it",
            "If it was added to the table later, make another capture instance; the connector goes over to it.",
            _another_instance(table, instances),
            table.qualified_name,
        )
    if computed := [column.name for column in table.columns if not column.published]:
        message = f"{table.qualified_name}: the computed columns {', '.join(computed)} are left out, because their values are not captured"
        yield Finding("COMPUTED_COLUMNS", Severity.WARNING, message, None, None, table.qualified_name)


def _another_instance(table: Table, instances: Sequence[CaptureInstance]) -> str:
    """A table has two instances at most, so the older of two goes first."""
    made = enable_table(table, f"{table.schema}_{table.name}_{len(instances) + 1}")
    if len(instances) < 2:
        return made
    return f"{disable_table(table, instances[0].name)} {made}"


def _key(table: Table, mode: Mode) -> Iterator[Finding]:
    if table.key:
        return
    large = table.identity is Identity.NOTHING
    if large or mode.snapshots:
        reason = (
            "its changes do not carry large values of the row as it was"
            if large
            else "what is captured while the snapshot is read is in the snapshot, too, and could not be told from it"
        )
        message = f"{table.qualified_name}: it has no key, so that its rows cannot be followed: {reason}"
        yield Finding("NO_KEY", Severity.ERROR, message, ADD_KEY, table=table.qualified_name)
    else:
        message = f"{table.qualified_name}: its rows are told apart by all that they hold, because the table has no key"
        yield Finding("NO_KEY", Severity.WARNING, message, ADD_KEY, table=table.qualified_name)
