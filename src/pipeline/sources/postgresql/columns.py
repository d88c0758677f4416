"""Columns that Debezium cannot carry, or not always: found before the job starts."""

import re
from collections.abc import Iterator

from pipeline.sources.source import Column, Finding, Identity, Mode, Severity, Table

# Tried on Debezium 3.6.1 and 3.7.0 with include.unknown.datatypes=true: no field arrives, or an empty one, and no error says so;
# a refcursor keeps the snapshot from ending.
_LEFT_OUT = re.compile(r"(bit varying|money|name|interval|point)\b.*\[\]|int2vector|oidvector|refcursor")

# The types for whose unchanged TOAST value Debezium's PostgreSQL connector has a placeholder; other values fail its task.
_PLACEHOLDER = re.compile(r"(text|character( varying)?|json|jsonb|bytea|integer|bigint|date|uuid)\b.*\[\]")
_TOASTED = re.compile(r".*\[\]|(public\.)?vector\b.*")


def check_columns(table: Table, mode: Mode, quoted_name: str) -> Iterator[Finding]:
    """What the types of the table's columns mean for a job; `quoted_name` is the table's name in SQL."""
    for column in table.columns:
        if _LEFT_OUT.fullmatch(column.type):
            yield _left_out(table, column)
        elif mode.streams and table.identity is Identity.KEY and _lacks_placeholder(column.type):
            yield _without_placeholder(table, column, quoted_name)


def _lacks_placeholder(column_type: str) -> bool:
    return bool(_TOASTED.fullmatch(column_type)) and not _PLACEHOLDER.fullmatch(column_type)


def _left_out(table: Table, column: Column) -> Finding:
    return Finding(
        "COLUMN_TYPE",
        Severity.ERROR,
        f"{table.qualified_name}: the values of the column {column.name} would be missing in every document, "
        f"since Debezium does not carry the type {column.type}",
        "Change the column's type, for instance to text[], or name in the JDBC URL's currentSchema only schemas without such a table.",
        table=table.qualified_name,
    )


def _without_placeholder(table: Table, column: Column, quoted_name: str) -> Finding:
    return Finding(
        "UNCHANGED_LARGE_VALUE",
        Severity.WARNING,
        f"{table.qualified_name}: an UPDATE that leaves a large value (over 2 kB) of the column {column.name} ({column.type}) unchanged "
        "makes the source connector fail",
        "If such values occur, let the table's changes carry the whole row.",
        f"ALTER TABLE {quoted_name} REPLICA IDENTITY FULL;",
        table.qualified_name,
    )
