"""The SELECT of a snapshot where Debezium's own would have values misread (dates), or the rows of others (inheritance, filters)."""

import re
from collections.abc import Sequence

from psycopg.sql import SQL, Identifier

from pipeline.sources.narrowing import narrowing
from pipeline.sources.overrides import overrides
from pipeline.sources.source import Column, Mode, Table

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
    Return the properties that make Debezium read dates as numbers, and of tables only their own rows that the job takes.

    The JDBC driver's dates know no era and have ten days fewer in October 1582. Debezium takes
    the last of two columns of one name; `*` keeps what is added to the table before it is read.
    """
    return overrides(_selects(mode, tables, first=True))


def signal_selects(mode: Mode, tables: Sequence[Table]) -> dict[str, str]:
    """Return the same for a signal that has tables read again: by their names, which Debezium also compiles as regular expressions."""
    return {name: select for name, select in _selects(mode, tables, first=False).items() if signallable(name)}


def signallable(name: str) -> bool:
    """Whether a signal can give a SELECT for the table of this name."""
    return not _PATTERN.search(name)


def dates(table: Table) -> list[Column]:
    """The columns that hold dates."""
    return [column for column in table.columns if column.base == DATE]


def nameable(table: Table) -> bool:
    """Whether a table can be named in Debezium's list of SELECT statements, which it splits at commas, and in which it unites quotes."""
    return not any(_UNNAMEABLE.search(name) for name in (table.schema, table.name, *(column.name for column in dates(table))))


def _selects(mode: Mode, tables: Sequence[Table], *, first: bool) -> dict[str, str]:
    wanted = [table for table in tables if (dates(table) or table.inherited or table.narrowed) and nameable(table)]
    return {name_of(table): filtered_select(mode, table, first=first) for table in wanted}


def filtered_select(mode: Mode, table: Table, *, first: bool) -> str:
    """The statement that reads the rows that the job takes, at its first reading or later, in key order where it does not take all."""
    order = SQL(", ").join(Identifier("t", name) for name in table.key).as_string()
    return select_of(mode, table) + narrowing(table, order, first=first)


def select_of(mode: Mode, table: Table) -> str:
    """The statement that reads the whole table, `t` in it, as changes tell its rows: those of its heirs come under their own names."""
    taken = [column for column in table.columns if column.published or not mode.streams]
    whole = [SQL("t.*")] if len(taken) == len(table.columns) else [Identifier("t", column.name) for column in taken]
    days = [DAYS.format(column=Identifier("t", column.name), name=Identifier(column.name)) for column in taken if column.base == DATE]
    columns = SQL(", ").join([*whole, *days])
    only = SQL("ONLY " if table.inherited else "")
    return SQL("SELECT {} FROM {}{} AS t").format(columns, only, Identifier(table.schema, table.name)).as_string()


def name_of(table: Table) -> str:
    """What Debezium's lists of SELECT statements call the table."""
    return Identifier(table.schema, table.name).as_string()
