"""What the cluster, the user and the tables still lack for a job."""

import re
from collections.abc import Iterator, Sequence

from pipeline.errors import ConfigError
from pipeline.sources.findings import by_severity
from pipeline.sources.queries import Queries, Row, only_row
from pipeline.sources.source import Finding, Mode, Severity, Table

SERVER = "SELECT version() AS version, current_user AS user_name, current_database() AS database_name"

RANGEFEED = "SHOW CLUSTER SETTING kv.rangefeed.enabled"

SYSTEM_GRANTS = "SELECT privilege_type FROM [SHOW SYSTEM GRANTS] WHERE grantee IN (current_user, 'public', 'admin')"

TABLE_GRANTS = """
SELECT schema_name, table_name, privilege_type FROM [SHOW GRANTS]
 WHERE database_name = current_database() AND object_type = 'table'
   AND (grantee IN (current_user, 'public') OR pg_has_role(current_user, grantee, 'member'))
"""

PLAIN = re.compile(r"[A-Za-z0-9_]+")
"""Debezium's connector leaves any other character of a name out when it makes the changefeed."""


async def check_readiness(queries: Queries, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
    """Every finding on the cluster, the user and the tables, errors first; a snapshot is a changefeed, too."""
    server = await only_row(queries, SERVER)
    findings = [Finding("SERVER_VERSION", Severity.OK, server["version"]), await _rangefeed(queries, server)]
    grants = {(row["schema_name"], row["table_name"], row["privilege_type"]) for row in await queries.rows(TABLE_GRANTS)}
    everywhere = {row["privilege_type"] for row in await queries.rows(SYSTEM_GRANTS)}
    for table in tables:
        findings += _names(table)
        if "CHANGEFEED" not in everywhere and not _granted(table, grants):
            findings.append(_not_granted(table, server))
        if not table.key:
            message = f"{table.qualified_name}: it has no primary key of its own, so that its rows are told apart by a hidden column"
            findings.append(Finding("NO_KEY", Severity.ERROR, message, "Give it a primary key.", table=table.qualified_name))
    return by_severity(findings)


async def _rangefeed(queries: Queries, server: Row) -> Finding:
    try:
        (row,) = await queries.rows(RANGEFEED)
    except ConfigError:
        return Finding(
            "RANGEFEED",
            Severity.WARNING,
            f"The user {server['user_name']} may not see whether kv.rangefeed.enabled is set, which changefeeds need",
            None,
            f"GRANT SYSTEM VIEWCLUSTERSETTING TO {server['user_name']};",
        )
    if str(next(iter(row.values()))).lower() in ("true", "t"):
        return Finding("RANGEFEED", Severity.OK, "kv.rangefeed.enabled is set")
    return Finding(
        "RANGEFEED",
        Severity.ERROR,
        "kv.rangefeed.enabled is not set: the cluster makes no changefeeds",
        "An administrator runs it.",
        "SET CLUSTER SETTING kv.rangefeed.enabled = true;",
    )


def _names(table: Table) -> Iterator[Finding]:
    odd = ", ".join(name for name in (table.schema, table.name) if not PLAIN.fullmatch(name))
    if odd:
        message = f"{table.qualified_name}: Debezium's CockroachDB connector cannot name {odd} in a changefeed"
        advice = "Names of letters, digits and underscores are possible."
        yield Finding("TABLE_NAME", Severity.ERROR, message, advice, table=table.qualified_name)


def _granted(table: Table, grants: set[tuple[str, str, str]]) -> bool:
    held = {privilege for schema, name, privilege in grants if (schema, name) == (table.schema, table.name)}
    return bool(held & {"ALL", "CHANGEFEED"})


def _not_granted(table: Table, server: Row) -> Finding:
    user = server["user_name"]
    message = f"{table.qualified_name}: the user {user} may not make a changefeed of it"
    remedy = f'GRANT CHANGEFEED ON TABLE "{table.schema}"."{table.name}" TO {user};'
    return Finding("CHANGEFEED", Severity.ERROR, message, None, remedy, table.qualified_name)
