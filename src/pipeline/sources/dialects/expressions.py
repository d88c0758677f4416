"""How columns are read in SQL, where the driver's value for the column itself would not be exact."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Dialect, String, TableClause, TextClause, case, cast, column, func, literal_column, null, table, text
from sqlalchemy.sql.elements import quoted_name

from pipeline.sources.dialects import mysql
from pipeline.sources.dialects.types import DATE, SINGLE, TIMESTAMP, ZONED, WireType

LENGTHS = {"oracle": 4_000, "sybase": 255}
"""How long a text is made of a value where SQL needs to be told: ASE would cut it after 30 characters."""

INFINITE = "a date or timestamp is infinite, and no driver has a value for that"


def rows_of(dialect: Dialect, schema: str, name: str, columns: Iterable[str]) -> TableClause:
    """
    Return the table with these columns, in quotes: no list of reserved words is complete.

    Not so where the catalogue's names are spelt otherwise than the database has them (Oracle's capitals).
    """
    quote = None if dialect.requires_name_normalize else True
    return table(quoted_name(name, quote), *(column(quoted_name(each, quote)) for each in columns), schema=quoted_name(schema, quote))


def as_written(condition: str) -> TextClause:
    """The condition as it is: a colon in it begins no parameter."""
    return text(f"({condition})".replace(":", r"\:"))


def reading(value: ColumnElement[Any], wire: WireType, dialect: str) -> ColumnElement[Any]:
    """
    Return the expression that reads the column.

    DuckDB's driver makes the last day of the year 9999 of an infinite date, so the database is made to refuse one.
    MySQL and MariaDB tell six digits of a number of single precision, and all of its sum with a double.
    """
    if wire.text_function is not None:
        function: ColumnElement[Any] = getattr(func, wire.text_function)(value)
        return function
    if wire.as_text:
        return cast(value, String(LENGTHS.get(dialect)))
    if wire == SINGLE and dialect in mysql.NAMES:
        return value + literal_column("0e0")
    if dialect == "duckdb" and wire in (DATE, TIMESTAMP, ZONED):
        return case((value.is_(None), null()), (func.isfinite(value), value), else_=func.error(INFINITE))
    return value
