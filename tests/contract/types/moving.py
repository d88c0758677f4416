"""
Every value of every type moved by one job, in each way that a value can take into a document.

One table holds a column for each type, one a column for each type whose values may be out of
line, and each type that may be a key has a table of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database
from tests.contract.types.dialects import POSTGRESQL, Dialect
from tests.contract.types.logical import LogicalType, Value
from tests.e2e.harness.oracle import camel

ANY_YEAR = DatetimeConversion.DATETIME_MS
RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument, datetime_conversion=ANY_YEAR)
DECODED: CodecOptions[dict[str, Any]] = CodecOptions(datetime_conversion=ANY_YEAR)

LARGE_ROWS = {"snapshot": 1, "insert": 2, "move": 30}
"""The rows of the table of large values, by their way."""


NULL = Value(None)
"""What stands behind the values of each type."""

STREAMED = "streamed"
"""A copy of the collection `body`, made before its rows are read again."""


class Way(Enum):
    """How a value gets into its document; the number is that of the first row that goes this way, or does first."""

    SNAPSHOT = 1_000
    INSERT = 2_000
    UPDATE = 3_000
    BESIDE = 4_000
    """The value stays, a column beside it changes."""


def quoted(name: str) -> str:
    """The name in SQL."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class TypedTables:
    """The tables of these types in one dialect, and the statements that fill and change them."""

    types: Sequence[LogicalType]
    dialect: Dialect

    def create(self) -> Iterator[str]:
        """The tables, empty."""
        number = self.dialect.integer
        yield f"CREATE TABLE body (id {number} NOT NULL PRIMARY KEY, beside {number}{self._columns(self._in_body)})"
        if self._large:
            yield f"CREATE TABLE large (id {number} NOT NULL PRIMARY KEY, beside {number}{self._columns(self._large)})"
        for logical in self.keyed:
            called = logical.called(self.dialect.name)
            yield f"CREATE TABLE {quoted(key_table(logical))} (k {called} NOT NULL PRIMARY KEY, beside {number})"
        if self.dialect is POSTGRESQL:
            yield "ALTER TABLE body SET (toast_tuple_target = 8160)"
            for logical in self._large:
                yield f"ALTER TABLE large ALTER {quoted(logical.name)} SET STORAGE EXTERNAL"

    @property
    def names(self) -> list[str]:
        """The tables, as the catalogue has them; the first is the one of all types."""
        unquoted = ["body", "large"] if self._large else ["body"]
        return [*map(self.dialect.named, unquoted), *map(key_table, self.keyed)]

    def before(self) -> Iterator[str]:
        """What there is when the job begins: the snapshot's part."""
        for way in (Way.SNAPSHOT, Way.BESIDE):
            yield from self._bodies(way)
        for number in range(self.rows):
            yield f"INSERT INTO body (id, beside) VALUES ({Way.UPDATE.value + number}, 0)"
        if self._large:
            yield from (self._large_row(number) for number in (1, 3))
        for logical in self.keyed:
            for number, literal in enumerate(self.key_literals(logical)):
                yield f"INSERT INTO {quoted(key_table(logical))} VALUES ({literal}, {number})"

    def streamed(self) -> Iterator[str]:
        """What happens while the job streams."""
        yield from self._bodies(Way.INSERT)
        for number in range(self.rows):
            changes = "".join(f", {quoted(name)} = {literal}" for name, literal in self._row(number))
            yield f"UPDATE body SET beside = 0{changes} WHERE id = {Way.UPDATE.value + number}"
        if self._large:
            yield self._large_row(2)
            yield "UPDATE large SET beside = 1"
            yield "UPDATE large SET id = 30 WHERE id = 3"
        for logical in self.keyed:
            yield from self._key_changes(logical)
        yield f"UPDATE body SET beside = 1 WHERE id >= {Way.BESIDE.value}"

    @property
    def rows(self) -> int:
        """How many rows of the table of all types go each way; the last of them is NULL in all columns."""
        return 1 + max(len(logical.values) for logical in self.types)

    @property
    def keyed(self) -> list[LogicalType]:
        """The types that are tried as keys."""
        return [logical for logical in self.types if logical.keys]

    def key_literals(self, logical: LogicalType) -> list[str]:
        """The type's keys in SQL."""
        called = logical.called(self.dialect.name)
        literals = (value.literal(self.dialect.name) for value in logical.keys)
        return [self.dialect.key(literal, called) for literal in literals if literal is not None]

    def _key_changes(self, logical: LogicalType) -> Iterator[str]:
        """A third of the rows is updated, a third deleted and born again, a third left alone; the first moves to the last one's key."""
        table, keys = quoted(key_table(logical)), self.key_literals(logical)
        for number, literal in enumerate(keys):
            if number % 3 == 0:
                yield f"UPDATE {table} SET beside = {number + 100} WHERE k = {literal}"
            elif number % 3 == 1:
                yield f"DELETE FROM {table} WHERE k = {literal}"
                yield f"INSERT INTO {table} VALUES ({literal}, {number + 200})"
        if len(keys) > 1:
            yield f"DELETE FROM {table} WHERE k = {keys[-1]}"
            yield f"UPDATE {table} SET k = {keys[-1]} WHERE k = {keys[0]}"

    @property
    def _in_body(self) -> list[LogicalType]:
        return [logical for logical in self.types if logical.values]

    @property
    def _large(self) -> list[LogicalType]:
        return [logical for logical in self.types if logical.large is not None]

    def _columns(self, types: Sequence[LogicalType]) -> str:
        return "".join(f", {quoted(logical.name)} {logical.called(self.dialect.name)}" for logical in types)

    def _row(self, number: int) -> Iterator[tuple[str, str]]:
        """The columns that have a value of this number, and its literal."""
        for logical in self._in_body:
            literal = logical.values[number].literal(self.dialect.name) if number < len(logical.values) else None
            if literal is not None:
                yield logical.name, literal

    def _bodies(self, way: Way) -> Iterator[str]:
        for number in range(self.rows):
            row = dict(self._row(number))
            columns, literals = "".join(f", {quoted(name)}" for name in row), "".join(f", {literal}" for literal in row.values())
            yield f"INSERT INTO body (id, beside{columns}) VALUES ({way.value + number}, 0{literals})"

    def _large_row(self, number: int) -> str:
        values = {logical.name: logical.large.literal(self.dialect.name) for logical in self._large if logical.large is not None}
        return (
            f"INSERT INTO large (id, beside, {', '.join(map(quoted, values))}) VALUES ({number}, 0, {', '.join(map(str, values.values()))})"
        )


def key_table(logical: LogicalType) -> str:
    """The table whose key is of this type."""
    return f"key_{logical.name}"


def expected_keys(values: Sequence[Value]) -> list[tuple[bytes, int]]:
    """The `_id`s of a type's table, as bytes, with what is beside them, when all changes are made."""
    rows = {number: number + (100, 200, 0)[number % 3] for number in range(len(values))}
    if len(values) > 1:
        rows[len(values) - 1] = rows.pop(0)
    return sorted((as_bytes(values[number].id), beside) for number, beside in rows.items())


@dataclass(frozen=True, slots=True)
class Moved:
    """The documents that came of the tables, by collection."""

    target: Database[Any]

    def field(self, collection: str, document_id: int, name: str) -> Any:
        """A field of a document, raw, or an error that says that it is missing."""
        document = self.target.get_collection(collection, codec_options=RAW).find_one({"_id": document_id})
        assert document is not None, f"{collection} has no document {document_id}"
        assert camel(name) in document, f"the document {document_id} of {collection} has no {camel(name)}"
        return document[camel(name)]

    def keys(self, logical: LogicalType) -> list[tuple[bytes, int]]:
        """The `_id`s of a type's collection, as bytes, with what is beside them."""
        found = self.target.get_collection(camel(key_table(logical)), codec_options=RAW).find()
        return sorted((as_bytes(document["_id"]), document["beside"]) for document in found)


def wrong_values(moved: Moved, collection: str, logical: LogicalType) -> list[str]:
    """What is not as it should be in a copy of the table that has all types."""
    wrong = []
    for way in Way:
        for number, value in enumerate([*logical.values, NULL]):
            found = moved.field(collection, way.value + number, logical.name)
            if _compared(logical, found) != _compared(logical, value.stored):
                wrong.append(f"{way.name} of {logical.name} {value}: {found!r}")
    return wrong


def wrong_large(moved: Moved, logical: LogicalType) -> list[str]:
    """What is not as it should be of the type's large value."""
    assert logical.large is not None
    wrong = []
    for way, row in LARGE_ROWS.items():
        found = moved.field("large", row, logical.name)
        if moved.field("large", row, "beside") != 1 or _compared(logical, found) != _compared(logical, logical.large.stored):
            wrong.append(f"{way} of {logical.name}: {str(found)[:80]}")
    return wrong


def wrong_keys(moved: Moved, logical: LogicalType) -> list[str]:
    """What is not as it should be in the table whose key is of the type."""
    found, expected = moved.keys(logical), expected_keys(logical.keys)
    if found == expected:
        return []
    return [f"{logical.name}: {[(readable(key), beside) for key, beside in rows]}" for rows in (found, expected)]


def _compared(logical: LogicalType, value: Any) -> bytes:
    return as_bytes(None if value is None else logical.like(value))


def as_bytes(value: Any) -> bytes:
    """The value in BSON, so that types are compared, and NaN with itself."""
    return bson.encode({"": value})


def readable(value: bytes) -> Any:
    """What `as_bytes` was given, as far as Python shows it."""
    return bson.decode(value, codec_options=DECODED)[""]
