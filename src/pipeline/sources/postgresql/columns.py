"""Columns whose values Debezium does not carry, or not always as they are: told of before the job starts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.sources.findings import columns_alike, distorted
from pipeline.sources.postgresql.selects import dates, nameable
from pipeline.sources.source import Column, Finding, Identity, Mode, Severity, Table

INFINITE_INTERVALS = 170000
"""The first version of PostgreSQL that has them."""

# The following were tried on Debezium 3.7.0, by the suite in tests/contract among others.

_LEFT_OUT = re.compile(r"(bit varying|money|name|interval|point|xml)\b.*\[\]|int2vector|oidvector|refcursor")
"""No field arrives, or an empty one, and no error says so; a refcursor keeps the snapshot from ending."""

_UNCONVERTIBLE = re.compile(r"bit(\(\d+\))?\[\]|(box|lseg|path|polygon|circle|line)\[\]|bit varying\(1\)")
"""The first value makes the connector's task fail."""

_NO_KEY = re.compile(r"bit varying\b.*|time\b.* with time zone|hstore")
"""Values that differ may arrive as the same, so that two rows would have one `_id`; or the same in different writings."""

_TOASTED = re.compile(
    r".*\[\]|(\w+\.)?(vector|halfvec|sparsevec|geometry|geography|hstore|ltree|citext)\b.*|path|polygon|bit(\(\d+\)| varying.*)"
)
_PLACEHOLDER = re.compile(
    r"(text|character( varying)?|json|jsonb|bytea|integer|bigint|date|uuid)\b.*\[\]|(\w+\.)?(hstore|ltree|citext)|bit(\(\d{1,4}\))?"
)
"""The types for whose unchanged TOAST value Debezium's PostgreSQL connector has a placeholder; other values fail its task."""

_NULL_ELEMENTS = re.compile(
    r"(smallint|integer|bigint|oid|real|double precision|numeric|boolean|text|character|date|time|timestamp|uuid|json|jsonb|bytea"
    r"|inet|cidr|macaddr8?|(int4|int8|num|ts|tstz|date)range|(\w+\.)?(citext|ltree|hstore|geometry|geography))\b.*\[\]"
)
"""The arrays that may hold a NULL."""


@dataclass(frozen=True, slots=True)
class _Limit:
    """What becomes of some values of a type."""

    types: re.Pattern[str]
    consequence: str
    advice: str | None = None


_LIMITS = (
    _Limit(re.compile(r"bit varying\b.*"), "lose the zeros at their beginning", "bit(n) keeps them."),
    _Limit(re.compile(r"time\b.* without time zone\[\]"), "are cut to milliseconds, and 24:00 becomes 00:00", "text[] keeps them."),
    _Limit(re.compile(r"timestamp\b.* with time zone\[\]|date\[\]"), "lose their era where they are before Christ"),
    _Limit(re.compile(r"(timestamp\b.*|date)\[\]"), "are ten days later where they are between 1582-10-05 and 1582-10-14"),
    _Limit(re.compile(r"numeric\b.*\[\]"), "make the source connector fail where they hold NaN or an infinity"),
)
_DATE_LIMIT = (
    "come wrong from the snapshot where they are before Christ or between 1582-10-05 and 1582-10-14, since {} has a comma in a name"
)
_INTERVAL_LIMIT = "that are infinite arrive as the interval of zero"
_NULL_LIMIT = "make the source connector fail where they hold a NULL"

_OTHER_TYPE = "Change the column's type, or name in the JDBC URL's currentSchema only schemas without such a table."


def check_columns(table: Table, mode: Mode, quoted_name: str, server_version: int) -> Iterator[Finding]:
    """
    What the types of the table's columns mean for a job.

    `quoted_name` is the table's name in SQL, `server_version` PostgreSQL's number (180000).
    """
    yield from columns_alike(table)
    for column in table.columns:
        if refusal := _refusal(column):
            yield _error("COLUMN_TYPE", table, column, refusal)
        elif column.name in table.key and _NO_KEY.fullmatch(column.base):
            yield _error("KEY_TYPE", table, column, "cannot be part of a key, since some that differ arrive as the same")
        else:
            yield from _limits(table, column, mode, server_version)
            if mode.streams and table.identity is Identity.KEY and _lacks_placeholder(column):
                yield _without_placeholder(table, column, quoted_name)


def _refusal(column: Column) -> str | None:
    """Why documents would be wrong whatever the values are."""
    if _LEFT_OUT.fullmatch(column.base):
        return "would be missing in every document, since Debezium does not carry the type"
    if _UNCONVERTIBLE.fullmatch(column.base):
        return "would make the source connector fail, since Debezium cannot convert the type"
    if column.dimensions > 1:
        return "would be lost, since Debezium does not carry the inner arrays of arrays"
    return f"would be misread, {column.unreadable}" if column.unreadable else None


def _limits(table: Table, column: Column, mode: Mode, server_version: int) -> Iterator[Finding]:
    for limit in _LIMITS:
        if limit.types.fullmatch(column.base):
            yield distorted(table, column, limit.consequence, limit.advice)
    if column.base.endswith("[]") and not _NULL_ELEMENTS.fullmatch(column.base):
        yield distorted(table, column, _NULL_LIMIT)
    if column.base.startswith("interval") and server_version >= INFINITE_INTERVALS:
        yield distorted(table, column, _INTERVAL_LIMIT)
    if mode.snapshots and column in dates(table) and not nameable(table):
        yield distorted(table, column, _DATE_LIMIT)


def _lacks_placeholder(column: Column) -> bool:
    """A domain over an array has no placeholder, whatever the array's type."""
    array_domain = column.domain_base is not None and column.base.endswith("[]")
    return bool(_TOASTED.fullmatch(column.base)) and (array_domain or not _PLACEHOLDER.fullmatch(column.base))


def _error(check: str, table: Table, column: Column, consequence: str) -> Finding:
    message = f"{table.qualified_name}: the values of the column {column.name} ({column.type}) {consequence}"
    return Finding(check, Severity.ERROR, message, _OTHER_TYPE, table=table.qualified_name)


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
