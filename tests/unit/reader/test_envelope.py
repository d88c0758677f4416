"""Rows leave the reader in a form that the worker decodes and maps as it does Debezium's."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from bson import decode
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from pipeline.change.change import Operation
from pipeline.change.decode import Decoder
from pipeline.change.record import Position, Record
from pipeline.errors import MappingError
from pipeline.jobs.job import TablePlan
from pipeline.mapping.rows import TableMapper
from pipeline.reader.envelope import RowEncoder
from pipeline.reader.task import ReadTable
from pipeline.sink.write import Insert
from pipeline.sources.dialects.types import BINARY, INT64, NUMERIC, TEXT, TIMESTAMP, WireType
from pipeline.sources.source import Identity

COLUMNS = {"id": INT64, "name": TEXT, "price": NUMERIC, "at": TIMESTAMP, "photo": BINARY}
TABLE = ReadTable("main", "item", ("id",), "prefix.main.item")
PLACE = Position("prefix.main.item", 0, 7)


def encoder(columns: dict[str, WireType] | None = None, table: ReadTable = TABLE) -> RowEncoder:
    return RowEncoder("prefix", "shop", table, columns or COLUMNS)


def read(writer: RowEncoder, row: tuple[Any, ...]) -> bytes:
    return writer.value(b"r", None, writer.image(row))


def test_a_row_becomes_the_document_that_debeziums_would() -> None:
    row = (5, "a", Decimal("1.50"), datetime(2024, 2, 29, 1, 2, 3, 4_000), b"\0")  # noqa: DTZ001 - without a zone
    change = Decoder().decode(Record(PLACE, encoder().key(row), read(encoder(), row)))
    assert change is not None
    assert (change.operation, change.schema, change.table) == (Operation.READ, "main", "item")
    plan = TablePlan(schema_name="main", table="item", topic=PLACE.topic, collection="item", key=("id",), identity=Identity.NOTHING)
    write = TableMapper(plan, "0" * 24, 1).write(change)
    assert isinstance(write, Insert)
    raw: Any = write.document
    document = decode(raw.raw) if hasattr(raw, "raw") else raw
    assert (document["_id"], document["name"], document["price"], document["photo"]) == (5, "a", Decimal128("1.50"), b"\0")
    assert document["at"] == datetime(2024, 2, 29, 1, 2, 3, 4_000)  # noqa: DTZ001 - as bson reads dates


@given(st.integers(-(2**63), 2**63 - 1), st.none() | st.text())
def test_any_text_passes_and_everything_before_the_row_is_the_same(number: int, text: str | None) -> None:
    row = (number, text, None, None, None)
    writer = encoder()
    change = Decoder().decode(Record(PLACE, None, read(writer, row)))
    assert change is not None
    assert change.after == {"id": number, "name": text, "price": None, "at": None, "photo": None}
    head, _, _ = read(writer, (0, None, None, None, None)).partition(b'"after":')
    assert read(writer, row).startswith(head)


def test_a_table_without_a_key_has_records_without_one() -> None:
    table = ReadTable("main", "item", (), "prefix.main.item")
    assert encoder(table=table).key((1, "a", None, None, None)) is None


def test_a_value_of_another_type_is_told_by_table_column_and_row() -> None:
    with pytest.raises(MappingError, match=r'the column "price" of main\.item \(id = 5\) cannot be moved: it is ') as refused:
        encoder().image((5, "a", "dear", None, None))
    assert (refused.value.table, refused.value.column) == ("main.item", "price")
    assert refused.value.suggestion


def test_half_a_surrogate_pair_is_told_too() -> None:
    with pytest.raises(MappingError, match='the column "name"'):
        encoder().image((5, "\ud800", None, None, None))
