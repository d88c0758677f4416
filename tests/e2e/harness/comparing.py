"""Comparing documents with the rows they came from."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database
from tests.e2e.harness.oracle import USUAL, Document, Style, read_expected
from tests.e2e.harness.source import SourceDatabase

SHOWN = 5
RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


def expect_documents_equal_rows(source: SourceDatabase, target: Database[Any], tables: Mapping[str, str], style: Style = USUAL) -> None:
    """
    Every document of each collection is a row of its table and every row is a document, to the last field and its BSON type.

    `tables` maps tables, written as in SQL, to collections. Documents of tables without a key are compared
    as a bag, their `_id` aside.
    """
    for table, collection in tables.items():
        expected = read_expected(source, table, style)
        problems = _keyed(expected.documents, target, collection) if expected.keyed else _keyless(expected.documents, target, collection)
        assert not problems, f"{table} and {collection} differ in {len(problems)} documents:\n" + "\n".join(problems[:SHOWN])


def bodies(target: Database[Any], collection: str) -> Counter[bytes]:
    """The documents of a collection as a bag, their `_id` aside."""
    return Counter(_without_id(document) for document in target[collection].find())


def rows_as_bag(source: SourceDatabase, table: str) -> Counter[bytes]:
    """The documents a table's rows ask for as a bag, their `_id` aside."""
    return Counter(_without_id(document) for document in read_expected(source, table).documents)


def _keyed(expected: Any, target: Database[Any], collection: str) -> list[str]:
    found = {_value(document["_id"]): document for document in target.get_collection(collection, codec_options=RAW).find()}
    problems = []
    for document in expected:
        actual = found.pop(_value(document["_id"]), None)
        if actual is None:
            problems.append(f"missing: {document}")
        elif actual.raw != bson.encode(document):
            problems += _differences(document, actual)
    return problems + [f"not a row: {bson.decode(document.raw)}" for document in found.values()]


def _differences(expected: Document, actual: RawBSONDocument) -> list[str]:
    """The fields that differ; their order alone is no difference."""
    if expected.keys() != actual.keys():
        return [f"fields of {expected['_id']!r}: expected {list(expected)}, found {list(actual)}"]
    return [
        f"{expected['_id']!r}.{field}: expected {value!r}, found {bson.decode(bson.encode({'value': actual[field]}))['value']!r}"
        for field, value in expected.items()
        if _value(value) != _value(actual[field])
    ]


def _keyless(expected: Any, target: Database[Any], collection: str) -> list[str]:
    wanted, found = Counter(_without_id(document) for document in expected), bodies(target, collection)
    missing = [f"missing {count} times: {bson.decode(document)}" for document, count in (wanted - found).items()]
    return missing + [f"too many by {count}: {bson.decode(document)}" for document, count in (found - wanted).items()]


def _value(value: Any) -> bytes:
    return bson.encode({"value": value})


def _without_id(document: Document) -> bytes:
    return bson.encode({field: document[field] for field in sorted(document) if field != "_id"})
