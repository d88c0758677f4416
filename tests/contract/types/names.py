"""Tables and columns whose names are somebody else's words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bson import SON
from pymongo.database import Database
from tests.contract.types.dialects import Dialect
from tests.contract.types.moving import quoted

LONGEST = "x" * 63
FOREIGN = "größe_日本_" + "é" * 24
"""63 bytes."""


@dataclass(frozen=True, slots=True)
class OddTable:
    """A table, its collection, its key's columns with their fields in `_id`, and its other columns with theirs."""

    name: str
    collection: str
    key: dict[str, str]
    columns: dict[str, str]

    def create(self, dialect: Dialect) -> Iterator[str]:
        """The table, empty."""
        columns = [f"{quoted(name)} {dialect.integer} NOT NULL" for name in self.key]
        columns += [f"{quoted(name)} {dialect.text}" for name in self.columns]
        key = ", ".join(map(quoted, self.key))
        yield f"CREATE TABLE {quoted(self.name)} ({', '.join(columns)}, PRIMARY KEY ({key}))"

    def before(self) -> Iterator[str]:
        """Two rows, before the job begins."""
        yield from (self._insert(row) for row in (1, 2))

    def streamed(self, dialect: Dialect) -> Iterator[str]:
        """A row is updated, one moves, one is born."""
        first = quoted(next(iter(self.key)))
        changes = ", ".join(f"{quoted(name)} = 'new ' {dialect.concatenation} {quoted(name)}" for name in self.columns)
        yield f"UPDATE {quoted(self.name)} SET {changes or f'{first} = 1'} WHERE {first} = 1"
        yield f"UPDATE {quoted(self.name)} SET {first} = 20 WHERE {first} = 2"
        yield self._insert(3)

    def documents(self) -> dict[int, dict[str, object]]:
        """The documents that there are in the end, by the first column of their key."""
        return {1: self._document(1, 1, "new "), 20: self._document(20, 2, ""), 3: self._document(3, 3, "")}

    def check(self, target: Database[Any]) -> None:
        """Compare the collection with them, field by field in the order of the columns."""
        found = {_first(document["_id"]): document for document in target[self.collection].find()}
        expected = self.documents()
        assert set(found) == set(expected), self.name
        for key, document in expected.items():
            assert SON(found[key]) == SON(document), self.name
            assert list(found[key]) == list(document), f"the fields are in the order of the columns of {self.name}"

    def _insert(self, row: int) -> str:
        values = [*(str(row) for _ in self.key), *(f"'{text(name, row)}'" for name in self.columns)]
        return f"INSERT INTO {quoted(self.name)} VALUES ({', '.join(values)})"

    def _document(self, first: int, row: int, prefix: str) -> dict[str, object]:
        others = list(self.key.values())[1:]
        key: object = first if not others else {next(iter(self.key.values())): first, **dict.fromkeys(others, row)}
        return {"_id": key, **{field: prefix + text(name, row) for name, field in self.columns.items()}}


def text(name: str, row: int) -> str:
    """The value of a column in a row, with something of an envelope in it."""
    return f'{row} of {len(name)} "}},"payload":{{"op":"d","after":null'


def _first(key: Any) -> Any:
    return next(iter(key.values())) if isinstance(key, Mapping) else key


TABLES = (
    OddTable(
        "order",
        "order",
        {"select": "select"},
        {
            "id": "id",
            "_id": "_id_",
            "from": "from",
            "before": "before",
            "after": "after",
            "payload": "payload",
            "schema": "schema",
            "op": "op",
            "source": "source",
            "ts_ms": "tsMs",
            "transaction": "transaction",
            "key": "key",
            "value": "value",
            "__debezium_unavailable_value": "__debeziumUnavailableValue",
            "__deleted": "__deleted",
        },
    ),
    OddTable(
        "Odd Names",
        "oddNames",
        {"a.b": "a.b", "$key": "\uff04key", "Größe": "größe"},
        {
            "a.c": "a.c",
            "$ref": "$ref",
            "$": "$",
            ".": ".",
            "a..b.": "a..b.",
            "$set.x": "$set.x",
            "HTTPStatus": "httpStatus",
            "CUSTOMER_ID": "customerId",
            "MiXed": "miXed",
            "with space": "withSpace",
            "dashed-name": "dashedName",
            'quo"ted': 'quo"ted',
            "back\\slash": "back\\slash",
            "per%cent": "per%cent",
            "comma,semi;colon:": "comma,semi;colon:",
            "(brackets)[]{}": "(brackets)[]{}",
            "${secrets:x}": "${secrets:x}",
            "tab\there": "tab\there",
            "new\nline": "new\nline",
            "日本語": "日本語",
            "😀": "😀",
            "_": "_",
            "__": "__",
            "123": "123",
            LONGEST: LONGEST,
            FOREIGN: "größe日本" + "É" + "é" * 23,
            "constructor": "constructor",
            "__proto__": "__proto",
        },
    ),
    OddTable("a b", "aB", {"id": "id"}, {"one": "one"}),
    OddTable("a.b", "a.b", {"id": "id"}, {"two": "two"}),
    OddTable("a,b", "a,b", {"id": "id"}, {"three": "three"}),
    OddTable("payload", "payload", {"_id": "_id"}, {"id": "id"}),
    OddTable(LONGEST, LONGEST, {LONGEST: LONGEST, "_id": "_id"}, {}),
    OddTable(FOREIGN, "größe日本" + "É" + "é" * 23, {"id": "id"}, {"x": "x"}),
    OddTable('quo"te', 'quo"te', {'k"': 'k"'}, {"'": "'"}),
)
