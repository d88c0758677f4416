"""Debezium's lists of regular expressions, with names that match themselves and nothing else."""

import re
from collections.abc import Sequence

from pipeline.sources.source import Table


def exactly(table: Table, column: str = "") -> str:
    r"""
    The Java regular expression that matches `schema.table` (or `schema.table.column`) alone.

    Debezium compiles without regard to case, hence `(?-i)`. Its lists are split at commas,
    semicolons and colons and trimmed (Strings.RegExSplitter, Key.CustomKeyMapper), hence
    every character that is not a letter or digit of ASCII is written `\x{...}`.
    """
    return named(*filter(None, (table.schema, table.name, column)))


def named(*names: str) -> str:
    """The same for the names of a schema, a table and a column."""
    return "(?-i)" + r"\.".join(map(quote, names))


def quote(name: str) -> str:
    """The name as a Java regular expression without any character that Debezium's lists know."""
    return re.sub(r"[^A-Za-z0-9_]", lambda match: rf"\x{{{ord(match[0]):x}}}", name)


def table_list(tables: Sequence[Table]) -> str:
    """The value of `table.include.list`."""
    return ",".join(exactly(table) for table in tables)


def key_columns(tables: Sequence[Table]) -> str:
    """The value of `message.key.columns`: every table's key, in key order; empty without any."""
    return ";".join(f"{exactly(table)}:{','.join(quote(name) for name in table.key)}" for table in tables if table.key)


def unpublished_columns(tables: Sequence[Table]) -> str:
    """The value of `column.exclude.list` for a job that streams."""
    columns = [(table, column.name) for table in tables for column in table.columns if not column.published]
    return ",".join(exactly(table, name) for table, name in columns)
