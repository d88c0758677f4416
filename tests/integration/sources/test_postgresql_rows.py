"""Single rows are found by the `_id`s of their documents, whatever their keys are."""

import re
from typing import Any

from bson import decode, encode
from tests.contract.types.special import SCHEMA
from tests.contract.types.table import TYPES

from pipeline.sink.document import LOSSLESS
from pipeline.sources.source import Mode, Table

from .database import Database

UNNAMEABLE = re.compile(r"^([-+]\d+|0000)-\d\d-\d\dT|^{'k': \[")
"""Timestamps before Christ and after 9999, and arrays."""
KEYED = [logical for logical in TYPES if logical.keys and logical.postgresql and logical.needs is None]


def as_stored(identity: Any) -> Any:
    """The `_id` as it is read from MongoDB."""
    return decode(encode({"_id": identity}), LOSSLESS)["_id"]


async def table_of(database: Database, name: str) -> Table:
    return next(table for table in await database.source().tables(Mode.CDC) if table.name == name)


async def found(database: Database, table: Table, *ids: Any) -> list[Any] | None:
    """The numbers of the rows that are read for these `_id`s."""
    selects = await database.source().row_selects(Mode.CDC, table, [as_stored(each) for each in ids])
    if selects is None:
        return None
    ((name, select),) = selects.items()
    assert name == f'"public"."{table.name}"'
    return sorted(number for (number,) in database.run(f"SELECT number FROM ({select}) AS rows"))


async def test_the_row_of_each_key_is_read_and_no_other(database: Database) -> None:
    database.run(*SCHEMA)
    for logical in KEYED:
        rows = ", ".join(f"({value.postgresql}, {number})" for number, value in enumerate(logical.keys))
        database.run(
            f"CREATE TABLE t_{logical.name} (id {logical.postgresql} PRIMARY KEY, number int)",
            f"INSERT INTO t_{logical.name} VALUES {rows}",
        )
    tables = {table.name: table for table in await database.source().tables(Mode.CDC)}
    wrong = []
    for logical in KEYED:
        for number, value in enumerate(logical.keys):
            rows_read = await found(database, tables[f"t_{logical.name}"], value.id)
            if rows_read != (None if logical.name == "composite" or UNNAMEABLE.search(str(value.id)) else [number]):
                wrong.append(f"{logical.name} {value.id!r}: {rows_read}")
    assert not wrong


async def test_rows_with_keys_of_several_columns_are_read_together(database: Database) -> None:
    database.run(
        'CREATE TABLE "odd \'name\'" ("a b" int, "C" text, number int, day date, PRIMARY KEY ("C", "a b"))',
        "INSERT INTO \"odd 'name'\" SELECT n % 10, repeat('o''\\\"', n / 10), n, '0044-03-15 BC' FROM generate_series(0, 99) AS n",
    )
    table = await table_of(database, "odd 'name'")
    ids = [{"c": "", "aB": 3}, {"c": "o'\\\"", "aB": 4}, {"c": "o'\\\"", "aB": 99}]
    assert await found(database, table, *ids) == [3, 14]
    assert await found(database, table, {"c": "", "aB": None}) is None


async def test_rows_of_a_table_that_signals_cannot_name_are_not_read(database: Database) -> None:
    database.run('CREATE TABLE "a[b]" (id int PRIMARY KEY, number int)')
    assert await found(database, await table_of(database, "a[b]"), 1) is None
