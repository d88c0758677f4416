"""Columns whose values Debezium does not carry, or not always as they are: told of before the job starts."""

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.sources.findings import column_error, distorted
from pipeline.sources.mysql.connection import Session
from pipeline.sources.mysql.flavour import Flavour
from pipeline.sources.mysql.selects import floats, nameable
from pipeline.sources.source import Column, Finding, Mode, Severity, Table

# The following were tried on Debezium 3.6.1 (MySQL) and 3.5.0 (MariaDB).

NOT_UNDERSTOOD = {
    Flavour.MYSQL: frozenset[str](),
    Flavour.MARIADB: frozenset({"inet4", "inet6", "vector", "xmltype"}),
}
"""Types at which the connector's task fails as soon as it reads the table's definition."""

COLUMNS_OF_TYPES = """
SELECT table_schema AS `schema`, table_name AS name, column_name AS `column`, data_type AS type FROM information_schema.columns
  JOIN information_schema.tables USING (table_schema, table_name)
 WHERE table_schema IN %s AND data_type IN %s AND table_type <> 'VIEW' ORDER BY table_schema, table_name, ordinal_position
"""

DATES = ("date", "datetime", "timestamp")

OTHER_TYPE = "Change the column's type, or move the table to another database than the one that the job takes."
ZERO_DATES = "Make null of zero dates, or let the columns be null."


def check_columns(table: Table, flavour: Flavour, mode: Mode) -> Iterator[Finding]:
    """What the types of the table's columns mean for a job."""
    for column in table.columns:
        if column.type in NOT_UNDERSTOOD[flavour]:
            consequence = "would make the source connector fail, since Debezium does not know the type"
            yield column_error("COLUMN_TYPE", table, column, consequence, OTHER_TYPE)
        if column.type == "uuid" and mode.streams:
            yield _uuid(table, column)
        if column.type == "year" and mode.snapshots:
            yield distorted(table, column, "arrive as 2000 from the snapshot where they are 0000")
    if mode.snapshots and not nameable(table):
        for column in floats(table):
            consequence = "come with six digits only from the snapshot, because of a character in the table's name"
            yield distorted(table, column, consequence, "Rename the table, or make the column a double.")


async def check_others(session: Session, flavour: Flavour, tables: Sequence[Table]) -> list[Finding]:
    """What tables that the job does not take mean for it: the connector reads the definitions of all tables of its databases."""
    if not tables or not NOT_UNDERSTOOD[flavour]:
        return []
    taken = {(table.schema, table.name) for table in tables}
    found = await session.rows(COLUMNS_OF_TYPES, [sorted({schema for schema, _ in taken}), sorted(NOT_UNDERSTOOD[flavour])])
    return [_not_understood(row) for row in found if (row["schema"], row["name"]) not in taken]


def _not_understood(row: dict[str, Any]) -> Finding:
    table = f"{row['schema']}.{row['name']}"
    message = (
        f"{table}: the column {row['column']} ({row['type']}) would make the source connector fail, though the job does not take the "
        "table: it reads the definitions of all tables of the database, and Debezium does not know the type"
    )
    return Finding("COLUMN_TYPE", Severity.ERROR, message, OTHER_TYPE, table=table)


def _uuid(table: Table, column: Column) -> Finding:
    """MariaDB's log leaves trailing zero bytes out, and its connector puts them in front: another value, which may be there, too."""
    advice = "Make the column a BINARY(16) or CHAR(36)"
    if column.name in table.key:
        consequence = "is part of the key, and the connector misreads those that end in a zero byte when it reads the log, one of 256"
        return column_error("KEY_TYPE", table, column, consequence, f"{advice}, or post a SNAPSHOT job.")
    return distorted(table, column, "arrive moved by a byte from the log where they end in a zero byte", f"{advice}.")


def check_zero_dates(tables: Sequence[Table], flavour: Flavour, sql_mode: str) -> Iterator[Finding]:
    """
    What becomes of zero dates in columns that are NOT NULL, where the server takes such dates.

    MySQL's connector makes null of them, as both do in columns that can be null.
    """
    if flavour is Flavour.MYSQL or "NO_ZERO_DATE" in sql_mode:
        return
    holding = [table.qualified_name for table in tables if any(column.type in DATES and not column.nullable for column in table.columns)]
    if holding:
        yield Finding(
            "DISTORTED_VALUE",
            Severity.WARNING,
            f"Zero dates (0000-00-00) in columns that are NOT NULL arrive as 1970-01-01, or as the column's default: {', '.join(holding)}",
            ZERO_DATES,
        )
