"""What the server, the user and the tables still lack for a job."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.errors import ConfigError, SourceError, SourceUnavailableError
from pipeline.sources.findings import by_severity, condition_refused, not_filtered
from pipeline.sources.mysql.binlog import check_binlog, check_filters, is_managed, read_variables
from pipeline.sources.mysql.columns import check_columns, check_others, check_zero_dates
from pipeline.sources.mysql.connection import Session
from pipeline.sources.mysql.flavour import Flavour, version_number
from pipeline.sources.mysql.position import status_statement
from pipeline.sources.mysql.privileges import Privileges, read_privileges
from pipeline.sources.mysql.selects import filtered_select, nameable, quote
from pipeline.sources.source import Finding, Mode, Severity, Table

RULES = r"(?: ON (?:DELETE|UPDATE) [A-Z]+(?: NULL| ACTION| DEFAULT)?)+"
CASCADE = re.compile(rf"^\s*CONSTRAINT `((?:[^`]|``)+)` FOREIGN KEY .*?({RULES})", re.MULTILINE)
"""A foreign key with rules, as SHOW CREATE TABLE writes it; MariaDB's information_schema shows none to a user who may only read."""

CASCADES_LOGGED_SINCE = (9, 6)
"""MySQL logs what its foreign keys cascade since it sees to them itself, and not InnoDB."""

ENGINES = """
SELECT t.table_schema AS `schema`, t.table_name AS name, t.engine AS engine FROM information_schema.tables t
  LEFT JOIN information_schema.engines e ON e.engine = t.engine
 WHERE t.table_schema IN %s AND t.table_type = 'BASE TABLE' AND coalesce(e.transactions, 'NO') <> 'YES' ORDER BY 1, 2
"""

ADD_KEY = "Give it a primary key: ALTER TABLE ... ADD PRIMARY KEY (...)."

PURPOSES = {
    "RELOAD": "to note the log's position at a moment without writes",
    "REPLICATION CLIENT": "to ask for the log's position",
    "REPLICATION SLAVE": "to read the binary log",
    "LOCK TABLES": "to lock the job's tables, since nobody can lock the whole of a managed server",
}


async def check_readiness(session: Session, flavour: Flavour, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
    """
    Every finding on the server, the user and the tables, errors first.

    A SNAPSHOT job needs SELECT, and what notes the log's position; a streaming one reads the log, too.
    """
    variables = await read_variables(session)
    privileges = await read_privileges(session, flavour)
    findings = list(check_binlog(session.version, flavour, variables, mode))
    findings += _missing(privileges, mode, managed=is_managed(variables))
    findings += [finding for table in tables for finding in await _select(session, table, privileges.account)]
    findings += [finding for table in tables for finding in await _condition(session, table, mode)]
    findings += [finding for table in tables for finding in check_columns(table, flavour, mode)]
    findings += await check_others(session, flavour, tables)
    findings += check_zero_dates(tables, flavour, variables.get("sql_mode", ""))
    findings += await _engines(session, tables)
    if mode.streams:
        if privileges.has("REPLICATION CLIENT"):
            findings += await check_filters(session, status_statement(session.version, flavour), tables)
        findings += [finding for table in tables for finding in _without_key(table)]
        findings += await _cascades(session, flavour, tables)
    return by_severity(findings)


def _missing(privileges: Privileges, mode: Mode, *, managed: bool) -> Iterator[Finding]:
    needed = ["RELOAD", "REPLICATION CLIENT"] + (["REPLICATION SLAVE"] if mode.streams else []) + (["LOCK TABLES"] if managed else [])
    for name in needed:
        if not privileges.has(name):
            message = f"The user {privileges.account} lacks the privilege {name}, which is needed {PURPOSES[name]}"
            severity = Severity.WARNING if name == "LOCK TABLES" else Severity.ERROR  # it may be granted on the databases alone
            yield Finding(name.replace(" ", "_"), severity, message, None, f"GRANT {name} ON *.* TO {privileges.account};")


async def _select(session: Session, table: Table, account: str) -> list[Finding]:
    """Whether the user may read every column; a connector that may not takes a table for one without rows, or for none."""
    name = f"{quote(table.schema)}.{quote(table.name)}"
    try:
        await session.rows(f"SELECT * FROM {name} LIMIT 0")  # noqa: S608 - names are quoted
    except ConfigError:
        message = f"{table.qualified_name}: the user {account} may not read it"
        return [Finding("SELECT", Severity.ERROR, message, None, f"GRANT SELECT ON {name} TO {account};", table.qualified_name)]
    return []


async def _condition(session: Session, table: Table, mode: Mode) -> list[Finding]:
    """Whether the server takes the condition of the table's filter, and Debezium the statement with it."""
    if not table.narrowed:
        return []
    if not nameable(table) and (not mode.streams or (table.row_count is not None and mode.snapshots)):
        return [not_filtered(table)]
    try:
        await session.rows(f"EXPLAIN {filtered_select(table, first=True)}")
    except (ConfigError, SourceError) as error:
        return [] if isinstance(error, SourceUnavailableError) else [condition_refused(table, error.message)]
    return []


def _without_key(table: Table) -> Iterator[Finding]:
    if not table.key:
        yield Finding(
            "NO_KEY",
            Severity.WARNING,
            f"{table.qualified_name}: its rows are told apart by all that they hold, because the table has no key: it cannot be refreshed, "
            "and once a column was renamed or retyped, an UPDATE or DELETE of a row from before ends the job",
            ADD_KEY,
            table=table.qualified_name,
        )


async def _engines(session: Session, tables: Sequence[Table]) -> list[Finding]:
    taken = {(table.schema, table.name) for table in tables}
    return [
        Finding(
            "NOT_TRANSACTIONAL",
            Severity.WARNING,
            f"{row['schema']}.{row['name']}: its engine {row['engine']} has no transactions, so its rows are not read as of one moment",
            "Let nobody write to it while it is read, or change its engine.",
            f"ALTER TABLE {quote(row['schema'])}.{quote(row['name'])} ENGINE = InnoDB;",
            f"{row['schema']}.{row['name']}",
        )
        for row in await _rows_of(session, ENGINES, tables)
        if (row["schema"], row["name"]) in taken
    ]


async def _cascades(session: Session, flavour: Flavour, tables: Sequence[Table]) -> list[Finding]:
    """Rows that a foreign key deletes or changes, of which no event tells."""
    if flavour is Flavour.MYSQL and version_number(session.version) >= CASCADES_LOGGED_SINCE:
        return []
    return [finding for table in tables for finding in await _cascades_of(session, table)]


async def _cascades_of(session: Session, table: Table) -> list[Finding]:
    name = table.qualified_name
    try:
        shown = await session.row(f"SHOW CREATE TABLE {quote(table.schema)}.{quote(table.name)}")
    except ConfigError:  # the user may not read the table, which another check tells
        return []
    return [
        Finding(
            "CASCADE",
            Severity.WARNING,
            f"{name}: what its foreign key {constraint} cascades ({rules.strip()}) is not in the server's log, "
            "so documents keep rows that are gone, or old values",
            "Let the application delete and change the rows itself, or refresh the table after such changes.",
            table=name,
        )
        for constraint, rules in CASCADE.findall((shown or {}).get("create table", ""))
        if "CASCADE" in rules or "SET NULL" in rules
    ]


async def _rows_of(session: Session, query: str, tables: Sequence[Table]) -> list[dict[str, Any]]:
    return await session.rows(query, [sorted({table.schema for table in tables})])
