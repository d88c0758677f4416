"""The SELECT of single rows, named by the `_id`s of their documents."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from bson import Binary, Decimal128
from bson.binary import UUID_SUBTYPE
from bson.datetime_ms import DatetimeMS
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg.sql import SQL, Composable, Identifier, Literal

from pipeline.sources.postgresql.selects import name_of, nameable, select_of, signallable
from pipeline.sources.source import Column, Mode, Table

JULIAN_DAY_OF_1970 = 2_440_588
DAY_MS = 86_400_000


async def row_selects(connection: AsyncConnection[DictRow], mode: Mode, table: Table, ids: Sequence[Any]) -> dict[str, str] | None:
    """
    Return the statement, by what a signal calls the table, that reads the rows with these `_id`s.

    None where a signal has no way to name the table, or SQL none to name a row: an array in a
    key, or a value that PostgreSQL does not read as an `_id` has it (a timestamp before Christ, a composite).
    """
    name, columns = name_of(table), [_column(table, key) for key in table.key]
    conditions = [_condition(columns, each) for each in ids]
    if not (nameable(table) and signallable(name)) or None in conditions:
        return None
    select = f"{select_of(mode, table)} WHERE {SQL(' OR ').join(filter(None, conditions)).as_string()}"
    try:
        await connection.execute(f"EXPLAIN {select}".encode())
    except (psycopg.DataError, psycopg.NotSupportedError):
        return None
    return {name: select}


def _column(table: Table, name: str) -> Column:
    return next(column for column in table.columns if column.name == name)


def _condition(columns: Sequence[Column], identity: Any) -> Composable | None:
    values = list(identity.values()) if isinstance(identity, Mapping) else [identity]
    literals = [_text(column, value) for column, value in zip(columns, values, strict=True)]
    if None in literals:
        return None
    equal = [SQL("{} = {}").format(Identifier("t", column.name), Literal(text)) for column, text in zip(columns, literals, strict=True)]
    return SQL("({})").format(SQL(" AND ").join(equal))


def _text(column: Column, value: Any) -> str | None:
    """The value as PostgreSQL reads it for a column of this type."""
    bits = column.base.startswith("bit")
    match value:
        case bool():
            return str(int(value)) if bits else str(value)
        case int() | float() | str() | Decimal128():
            return str(value)
        case Binary(subtype=kind) if kind == UUID_SUBTYPE:
            return str(value.as_uuid())
        case bytes():
            return format(int.from_bytes(value), f"0{_length(column.base)}b") if bits else f"\\x{value.hex()}"
        case _ if column.base == "date":
            return f"J{int(value if isinstance(value, DatetimeMS) else DatetimeMS(value)) // DAY_MS + JULIAN_DAY_OF_1970}"
    return None


def _length(bit: str) -> int:
    """The digits of a `bit(n)`."""
    return int(bit.partition("(")[2].rstrip(")") or 1)
