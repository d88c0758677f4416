"""What the database, SQL Replication, the user and the tables still lack for a job."""

from collections.abc import Iterator, Sequence

from pipeline.sources.db2.capture import (
    AGENT,
    PARAMETERS,
    REINITIALISE,
    SCHEMA,
    START,
    Registration,
    add_table,
    read_registrations,
    register_anew,
)
from pipeline.sources.db2.connector import WORDING
from pipeline.sources.db2.types import check_types
from pipeline.sources.findings import by_severity
from pipeline.sources.overrides import check_filters
from pipeline.sources.queries import Queries, Row, only_row, quoted
from pipeline.sources.source import Finding, Identity, Mode, Severity, Table

STALE_SECONDS = 300
SHORTEST_RETENTION_MINUTES = 24 * 60

SERVER = """
SELECT CURRENT SERVER AS database_name, CURRENT USER AS user_name, (SELECT service_level FROM sysibmadm.env_inst_info) AS version,
       (SELECT COUNT(*) FROM syscat.tables WHERE tabschema = 'ASNCDC' AND tabname = 'IBMSNAP_REGISTER') AS asn_tables
  FROM sysibm.sysdummy1
"""

LOG_ARCHIVE = "SELECT value FROM sysibmadm.dbcfg WHERE name = 'logarchmeth1'"

AUTHORITIES = """
SELECT authority FROM TABLE(SYSPROC.AUTH_LIST_AUTHORITIES_FOR_AUTHID(CURRENT USER, 'U')) a
 WHERE 'Y' IN (d_user, d_group, d_public, role_user, role_group, role_public, d_role)
"""

SELECTABLE = """
SELECT DISTINCT RTRIM(tabschema) AS schema_name, RTRIM(tabname) AS table_name FROM syscat.tabauth
 WHERE (selectauth IN ('Y', 'G') OR controlauth = 'Y')
   AND (grantee IN (CURRENT USER, 'PUBLIC')
        OR grantee IN (SELECT "GROUP" FROM TABLE(SYSPROC.AUTH_LIST_GROUPS_FOR_AUTHID(CURRENT USER)) g)
        OR grantee IN (SELECT rolename FROM TABLE(SYSPROC.AUTH_LIST_ROLES_FOR_AUTHID(CURRENT USER, 'U')) r))
"""

COLUMN_ORGANISED = "SELECT RTRIM(tabschema) AS schema_name, RTRIM(tabname) AS table_name FROM syscat.tables WHERE tableorg = 'C'"

ADD_KEY = "Give it a primary key: ALTER TABLE ... ADD PRIMARY KEY (...)."


async def check_readiness(queries: Queries, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
    """
    Every finding on the database, SQL Replication, the user and the tables, errors first.

    Debezium's connector looks into the ASN tables before it reads, so every mode needs them; only one that
    streams needs the agent, and the tables registered.
    """
    server = await only_row(queries, SERVER)
    findings = [Finding("SERVER_VERSION", Severity.OK, f"Db2 {server['version']}"), *_asn(server)]
    readable = await _readable(queries)
    registrations = await read_registrations(queries) if server["asn_tables"] else {}
    if mode.streams and server["asn_tables"]:
        findings += await _agent(queries)
        findings += await _log(queries, server)
    columnar = {(row["schema_name"], row["table_name"]) for row in await queries.rows(COLUMN_ORGANISED)} if mode.streams else set()
    for table in tables:
        name = (table.schema, table.name)
        if mode.snapshots and readable is not None and name not in readable:
            findings.append(_not_readable(name, server))
        if mode.streams:
            findings += _key(table, mode)
            findings += _stream(table, server, registrations.get(name), columnar=name in columnar)
            findings += _change_table(registrations.get(name), readable, server)
        findings += check_types(table, mode)
    return by_severity([*findings, *await check_filters(queries, tables, WORDING)])


async def _readable(queries: Queries) -> set[tuple[str, str]] | None:
    """The tables that the user may read; None where that is all."""
    authorities = {row["authority"] for row in await queries.rows(AUTHORITIES)}
    if "DATAACCESS" in authorities:
        return None
    return {(row["schema_name"], row["table_name"]) for row in await queries.rows(SELECTABLE)}


def _asn(server: Row) -> Iterator[Finding]:
    if not server["asn_tables"]:
        yield Finding(
            "ASN_TABLES",
            Severity.ERROR,
            f"The database {server['database_name']} has no ASN tables in the schema ASNCDC, which Debezium looks into",
            "An administrator runs the scripts that come with Debezium's Db2 connector (its documentation: Setting up Db2): "
            "asncdc_UDF.sql, asncdctables.sql and asncdcaddremove.sql.",
        )


async def _agent(queries: Queries) -> list[Finding]:
    noted = await queries.rows(AGENT)
    if not noted or noted[0]["synchtime"] is None:
        return [Finding("ASN_AGENT", Severity.ERROR, "The ASN capture agent has never run: no change is captured", None, START)]
    seconds = noted[0]["seconds_ago"]
    findings = []
    if seconds > STALE_SECONDS:
        message = f"The ASN capture agent has read the log up to {seconds} seconds ago: it does not run, or lags behind"
        findings.append(Finding("ASN_AGENT", Severity.WARNING, message, None, START))
    kept = [row["retention_limit"] for row in await queries.rows(PARAMETERS)]
    if kept and kept[0] < SHORTEST_RETENTION_MINUTES:
        findings.append(
            Finding(
                "CDC_RETENTION",
                Severity.WARNING,
                f"Captured changes may be removed after {kept[0]} minutes: an outage of Kafka Connect that lasts longer loses changes",
                "Keep them for some days; the change tables grow accordingly.",
                "UPDATE ASNCDC.IBMSNAP_CAPPARMS SET RETENTION_LIMIT = 10080; " + REINITIALISE,  # noqa: S608 - it is made of constants
            )
        )
    return findings


async def _log(queries: Queries, server: Row) -> list[Finding]:
    method = [row["value"] for row in await queries.rows(LOG_ARCHIVE)]
    if method and method[0] == "OFF":
        return [
            Finding(
                "LOG_ARCHIVE",
                Severity.ERROR,
                f"The database {server['database_name']} does not archive its log (LOGARCHMETH1 is OFF): changes would be lost",
                "The database needs a backup afterwards before it can be used.",
                f"CALL SYSPROC.ADMIN_CMD('UPDATE DB CFG FOR {server['database_name']} USING LOGARCHMETH1 LOGRETAIN');",
            )
        ]
    return []


def _stream(table: Table, server: Row, registration: Registration | None, *, columnar: bool) -> Iterator[Finding]:
    name = table.qualified_name
    if columnar:
        message = f"{name} is organized by column, of which SQL Replication captures no changes"
        yield Finding("COLUMN_ORGANIZED", Severity.ERROR, message, "Take it with a SNAPSHOT job.", table=name)
    elif registration is None:
        if server["asn_tables"]:
            yield Finding("ASN_TABLE", Severity.ERROR, f"{name}: its changes are not captured", None, add_table(table), name)
    elif registration.change_schema != SCHEMA:
        message = f"{name}: its change table is in {registration.change_schema}, the connector looks in ASNCDC"
        yield Finding("ASN_TABLE", Severity.ERROR, message, None, register_anew(table), name)
    elif registration.state == "S":
        message = f"{name}: its capture has been stopped by an error or by hand"
        yield Finding("ASN_STATE", Severity.ERROR, message, "ASNCDC.IBMSNAP_CAPTRACE says why.", register_anew(table), name)
    elif registration.columns != tuple(column.name for column in table.columns):
        message = f"{name}: its change table has other columns than the table, so that values would come under wrong names"
        yield Finding("CHANGE_TABLE", Severity.ERROR, message, "Stop writing to the table meanwhile.", register_anew(table), name)


def _change_table(registration: Registration | None, readable: set[tuple[str, str]] | None, server: Row) -> Iterator[Finding]:
    if registration is not None and readable is not None:
        name = (registration.change_schema, registration.change_table)
        if name not in readable:
            yield _not_readable(name, server)


def _not_readable(name: tuple[str, str], server: Row) -> Finding:
    user, table = server["user_name"], ".".join(name)
    remedy = f"GRANT SELECT ON {'.'.join(map(quoted, name))} TO USER {user};"
    return Finding("SELECT", Severity.ERROR, f"{table}: the user {user} may not read it", None, remedy, table)


def _key(table: Table, mode: Mode) -> Iterator[Finding]:
    if table.key or table.identity is Identity.NOTHING:
        return
    if mode.snapshots:
        message = (
            f"{table.qualified_name}: it has no key, so that its rows cannot be followed: what is captured while the snapshot is read "
            "is in the snapshot, too, and could not be told from it"
        )
        yield Finding("NO_KEY", Severity.ERROR, message, ADD_KEY, table=table.qualified_name)
    else:
        message = f"{table.qualified_name}: its rows are told apart by all that they hold, because the table has no key"
        yield Finding("NO_KEY", Severity.WARNING, message, ADD_KEY, table=table.qualified_name)
