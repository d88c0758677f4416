"""The SELECT of a snapshot where Debezium's own would have values misread (floating-point numbers), or rows that a filter leaves out."""

import re
from collections.abc import Sequence

from pipeline.sources.narrowing import narrowing
from pipeline.sources.overrides import overrides
from pipeline.sources.source import Column, Table

_UNNAMEABLE = re.compile(r"[`,.]|\$\{|[\\\[\](){}*+?|^]")


def snapshot_selects(tables: Sequence[Table]) -> dict[str, str]:
    """
    Return the properties that make Debezium read numbers of single precision as they are, and only the rows that the job takes.

    The server writes only six digits of such a number in text; of the sum with a double it writes all.
    Debezium takes the last of two columns of one name.
    """
    return overrides(_selects(tables, first=True))


def signal_selects(tables: Sequence[Table]) -> dict[str, str]:
    """The same for a signal that has tables read again: by their names, which Debezium also compiles as regular expressions."""
    return _selects(tables, first=False)


def _selects(tables: Sequence[Table], *, first: bool) -> dict[str, str]:
    wanted = [table for table in tables if (floats(table) or table.narrowed) and nameable(table)]
    return {name_of(table): filtered_select(table, first=first) for table in wanted}


def filtered_select(table: Table, *, first: bool) -> str:
    """The statement that reads the rows that the job takes, at its first reading or later, in key order where it does not take all."""
    return select_of(table) + narrowing(table, ", ".join(f"t.{quote(name)}" for name in table.key), first=first)


def floats(table: Table) -> list[Column]:
    """The columns of single precision."""
    return [column for column in table.columns if column.type == "float"]


def nameable(table: Table) -> bool:
    """Whether a table can be named in Debezium's list of SELECT statements, which it splits at commas and points."""
    return not any(_UNNAMEABLE.search(name) for name in (table.schema, table.name))


def name_of(table: Table) -> str:
    """What Debezium's lists of SELECT statements call the table."""
    return f"{table.schema}.{table.name}"


def select_of(table: Table) -> str:
    """The statement that reads the whole table, `t` in it, as changes tell its rows."""
    hidden = [f"t.{quote(column.name)}" for column in table.columns if column.hidden]
    exact = [f"t.{quote(column.name)} + 0e0 AS {quote(column.name)}" for column in floats(table)]
    return f"SELECT {', '.join(['t.*', *hidden, *exact])} FROM {quote(table.schema)}.{quote(table.name)} AS t"  # noqa: S608 - names are quoted


def quote(name: str) -> str:
    """The name as an identifier in SQL."""
    return "`" + name.replace("`", "``") + "`"
