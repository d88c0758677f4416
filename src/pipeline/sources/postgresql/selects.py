"""The SELECT of a snapshot where Debezium's own would have values misread: dates."""

import re
from collections.abc import Sequence

from psycopg.sql import SQL, Identifier

from pipeline.sources.source import Column, Mode, Table

OVERRIDES = "snapshot.select.statement.overrides"

DATE = "date"

DAYS = SQL(
    "CASE WHEN isfinite({column}) THEN {column}::date - date '1970-01-01'"
    " WHEN {column} > date '1970-01-01' THEN 2146033979"
    " WHEN {column} < date '1970-01-01' THEN -2147472691 END AS {name}"
)
"""The days since 1970 as a number, infinite dates as changes have them; NULL stays NULL."""

_PATTERN = re.compile(r"[\\\[\](){}*+?|^]")
_UNNAMEABLE = re.compile(r",|''|``|\$\{")


def snapshot_selects(mode: Mode, tables: Sequence[Table]) -> dict[str, str]:
    """
    Return the properties that make Debezium read dates as numbers.

    The JDBC driver's dates know no era and have ten days fewer in October 1582. Debezium takes
    the last of two columns of one name; `*` keeps what is added to the table before it is read.
    """
    selects = _selects(mode, tables)
    return {OVERRIDES: ",".join(selects), **{f"{OVERRIDES}.{name}": select for name, select in selects.items()}} if selects else {}


def signal_selects(mode: Mode, tables: Sequence[Table]) -> dict[str, str]:
    """Return the same for a signal that has tables read again: by their names, which Debezium also compiles as regular expressions."""
    return {name: select for name, select in _selects(mode, tables).items() if signallable(name)}


def signallable(name: str) -> bool:
    """Whether a signal can give a SELECT for the table of this name."""
    return not _PATTERN.search(name)


def dates(table: Table) -> list[Column]:
    """The columns that hold dates."""
    return [column for column in table.columns if column.base == DATE]


def nameable(table: Table) -> bool:
    """Whether a table can be named in Debezium's list of SELECT statements, which it splits at commas, and in which it unites quotes."""
    return not any(_UNNAMEABLE.search(name) for name in (table.schema, table.name, *(column.name for column in dates(table))))


def _selects(mode: Mode, tables: Sequence[Table]) -> dict[str, str]:
    return {name_of(table): select_of(mode, table) for table in tables if dates(table) and nameable(table)}


def select_of(mode: Mode, table: Table) -> str:
    """The statement that reads the whole table, `t` in it, as changes tell its rows."""
    taken = [column for column in table.columns if column.published or not mode.streams]
    whole = [SQL("t.*")] if len(taken) == len(table.columns) else [Identifier("t", column.name) for column in taken]
    days = [DAYS.format(column=Identifier("t", column.name), name=Identifier(column.name)) for column in taken if column.base == DATE]
    columns = SQL(", ").join([*whole, *days])
    return SQL("SELECT {} FROM {} AS t").format(columns, Identifier(table.schema, table.name)).as_string()


def name_of(table: Table) -> str:
    """What Debezium's lists of SELECT statements call the table."""
    return Identifier(table.schema, table.name).as_string()
