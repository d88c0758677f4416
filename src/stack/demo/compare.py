"""
Comparing every row with its document.

What a document should be is worked out here from what the database's own driver reads, not
by the code that wrote the documents.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import bson
import psycopg
from bson.binary import Binary
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from psycopg import sql
from psycopg.types.json import set_json_loads
from pymongo.database import Database

KEYS: dict[str, Sequence[str]] = {
    "customers": ("customer_id",),
    "order_lines": ("order_id", "line_number"),
    "orders": ("order_id",),
    "products": ("product_id",),
}
"""The sample's tables and their primary keys."""

BIGINT = 20
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of one table: how many rows and documents, and the first few differences in words."""

    table: str
    collection: str
    rows: int
    documents: int
    differences: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether every row has its document, and nothing else is there."""
        return not self.differences and self.rows == self.documents


def compare(connection: psycopg.Connection[Any], database: Database[dict[str, Any]]) -> list[Comparison]:
    """Compare all tables of the sample with their collections; rows are read in one snapshot."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return [compare_documents(table, expected_documents(connection, table), database[_camel(table)].find()) for table in KEYS]


def expected_documents(connection: psycopg.Connection[Any], table: str) -> list[dict[str, Any]]:
    """The documents that the table's rows should be."""
    with connection.cursor() as cursor:
        set_json_loads(lambda text: json.loads(text, parse_float=Decimal), cursor)
        cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
        columns = [(column.name, column.type_code) for column in cursor.description or ()]
        return [document_of(table, columns, row) for row in cursor]


def document_of(table: str, columns: Sequence[tuple[str, int]], row: Sequence[Any]) -> dict[str, Any]:
    """The document that a row should be; `columns` are names and type numbers (pg_type.oid), the row's values psycopg's."""
    values = {name: Int64(value) if code == BIGINT else _bson(value) for (name, code), value in zip(columns, row, strict=True)}
    key = KEYS[table]
    identity = values[key[0]] if len(key) == 1 else {_camel(name): values[name] for name in key}
    return {"_id": identity} | {_camel(name): value for name, value in values.items() if name not in key}


def _bson(value: Any) -> Any:
    for kind, convert in _CONVERSIONS.items():
        if isinstance(value, kind):
            return convert(value)
    return value


_CONVERSIONS: dict[type, Callable[[Any], Any]] = {
    Decimal: Decimal128,
    UUID: Binary.from_uuid,
    datetime: lambda value: value if value.tzinfo else value.replace(tzinfo=UTC),
    date: lambda value: datetime(value.year, value.month, value.day, tzinfo=UTC),
    list: lambda value: [_bson(each) for each in value],
    dict: lambda value: {name: _bson(each) for name, each in value.items()},
}
"""By class, narrow ones first: every datetime is a date."""


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def compare_documents(table: str, expected: Iterable[dict[str, Any]], found: Iterable[dict[str, Any]]) -> Comparison:
    """Compare documents, whatever their order, down to the BSON types of their fields."""
    wanted = {_bytes(document["_id"]): document for document in expected}
    actual = {_bytes(document["_id"]): document for document in found}
    differences = [f"no document for the row {wanted[key]['_id']}" for key in wanted.keys() - actual.keys()]
    differences += [f"no row for the document {actual[key]['_id']}" for key in actual.keys() - wanted.keys()]
    differences += [difference for key in wanted.keys() & actual.keys() for difference in _differences(wanted[key], actual[key])]
    return Comparison(table, _camel(table), len(wanted), len(actual), tuple(sorted(differences)[:SHOWN]))


def _differences(wanted: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    fields = [
        name for name in {*wanted, *actual} if name not in wanted or name not in actual or _bytes(wanted[name]) != _bytes(actual[name])
    ]
    return [f"{wanted['_id']}.{name}: {_told(wanted, name)} in the row, {_told(actual, name)} in the document" for name in sorted(fields)]


def _bytes(value: Any) -> bytes:
    """BSON, so that types count: 1 is not 1.0, nor is an int32 an int64."""
    return bson.encode({"value": value}, codec_options=bson.CodecOptions(uuid_representation=bson.binary.UuidRepresentation.STANDARD))


def _told(document: Mapping[str, Any], name: str) -> str:
    """The value with its type, which may be all that differs."""
    return f"{type(document[name]).__name__} {str(document[name])[:80]}" if name in document else "nothing"
