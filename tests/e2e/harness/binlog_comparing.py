"""Comparing documents with the rows of MySQL and MariaDB that they came from."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

import bson
import pymysql
from bson import Decimal128
from pymongo.database import Database
from tests.e2e.harness.oracle import USUAL, Style

SHOWN = 2_000


class Source(Protocol):
    """A database."""

    def connect(self) -> AbstractContextManager["pymysql.Connection[Any]"]:
        """A session."""
        ...


def expect_rows_equal(
    source: Source,
    target: Database[Any],
    table: str,
    collection: str | None = None,
    *,
    key: Sequence[str] = ("id",),
    style: Style = USUAL,
) -> None:
    """
    Every document of the collection is a row of the table and every row is a document, to the last field.

    For integers, doubles, decimals, texts, bytes and times. Without a key, documents are compared
    as a bag, their `_id` aside.
    """
    expected = [_document(row, key, style) for row in _rows(source, table)]
    wanted, found = Counter(map(_bytes, expected)), Counter(map(_bytes, _documents(target, collection or table, keyed=bool(key))))
    missing, needless = [[bson.decode(each) for each in bag.elements()] for bag in (wanted - found, found - wanted)]
    assert not missing, f"{table}: {len(missing)} rows have no document: {_shown(missing)}; {len(needless)} have no row: {_shown(needless)}"
    assert not needless, f"{table}: {len(needless)} documents have no row: {_shown(needless)}"


def _rows(source: Source, table: str) -> list[dict[str, Any]]:
    with source.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, map(_value, row), strict=True)) for row in cursor.fetchall()]


def _documents(target: Database[Any], collection: str, *, keyed: bool) -> list[dict[str, Any]]:
    return list(target[collection].find(None if keyed else {}, None if keyed else {"_id": 0}))


def _document(row: Mapping[str, Any], key: Sequence[str], style: Style) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if name not in key and not style.leaves_out(value)}
    body = {"_id_" if name == "_id" else style.named(name): value for name, value in told.items()}
    if not key:
        return body
    return {"_id": {re.sub(r"^\$", "\uff04", style.named(name)): row[name] for name in key} if len(key) > 1 else row[key[0]], **body}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return Decimal128(value)
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _bytes(document: Mapping[str, Any]) -> bytes:
    """The document in BSON, whatever the order of its fields."""
    return bson.encode({name: document[name] for name in sorted(document)})


def _shown(documents: Sequence[Mapping[str, Any]]) -> str:
    return str(documents[:5])[:SHOWN]
