"""Are the documents those that the rows ask for?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import bson
import psycopg
from bson import Binary, CodecOptions, Decimal128, Int64
from bson.binary import UuidRepresentation
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads
from pymongo import MongoClient

from bench.contestants.contestant import Naming
from bench.source import Source
from bench.topics import FilledTopic, FilledTopics

SAMPLE = 200
CODEC = CodecOptions[dict[str, Any]](uuid_representation=UuidRepresentation.STANDARD, tz_aware=True)


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What a comparison found.

    `different` tells, by column, how the first document that differed has it. Columns that a
    contestant always stores in another type are there too.
    """

    rows: int
    documents: int
    compared: int
    missing: int
    different: Mapping[str, str]

    @property
    def right(self) -> bool:
        """Whether nothing was found to be wrong."""
        return self.rows == self.documents and not self.missing and not self.different


def check(source: Source, client: MongoClient[dict[str, Any]], database: str, naming: Naming, topics: FilledTopics) -> Checked:
    """Count all documents, and compare a sample with its rows, field by field, types included."""
    rows = documents = compared = missing = 0
    different: dict[str, str] = {}
    with psycopg.connect(source.dsn) as connection:
        for topic in topics:
            collection = client[database].get_collection(naming.collection(topic), codec_options=CODEC)
            rows += _count(connection, topic)
            documents += collection.count_documents({})
            for row in _sample(connection, topic, SAMPLE // len(topics) + 1):
                compared += 1
                document = collection.find_one({"_id": naming.identity(row["id"])})
                missing += document is None
                for column, wanted in (row if document is not None else {}).items():
                    found = document.get(naming.field(column), ...) if document else ...
                    if column != "id" and not _same(wanted, found):
                        different.setdefault(column, f"{_told(wanted)} in the row, {_told(found)} in the document")
    return Checked(rows, documents, compared, missing, different)


def _count(connection: psycopg.Connection[Any], topic: FilledTopic) -> int:
    found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(topic.table))).fetchone()
    return int(found[0]) if found else 0


def _sample(connection: psycopg.Connection[Any], topic: FilledTopic, size: int) -> list[dict[str, Any]]:
    """Rows from everywhere in the table, the last one among them."""
    query = sql.SQL("SELECT * FROM {} WHERE mod(id, (SELECT greatest(count(*) / %s, 1) FROM {})) = 0 OR id = %s LIMIT %s")
    table = sql.Identifier(topic.table)
    with connection.cursor(row_factory=dict_row) as cursor:
        set_json_loads(lambda text: json.loads(text, parse_float=Decimal), cursor)
        types = {
            column.name: column.type_code for column in cursor.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(table)).description or ()
        }
        rows = cursor.execute(query.format(table, table), [size, topic.last, size + 2]).fetchall()
    return [
        {name: Int64(value) if types[name] == BIGINT and value is not None else _bson(value) for name, value in row.items()} for row in rows
    ]


BIGINT = 20


def _bson(value: Any) -> Any:
    match value:
        case Decimal():
            return Decimal128(value)
        case UUID():
            return Binary.from_uuid(value)
        case datetime():
            aware = value.astimezone(UTC)
            return aware.replace(microsecond=aware.microsecond // 1000 * 1000)
        case date():
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        case dict():
            return {name: _bson(inner) for name, inner in value.items()}
        case list():
            return [_bson(inner) for inner in value]
        case _:
            return value


def _same(wanted: Any, found: Any) -> bool:
    return found is not ... and _encoded(wanted) == _encoded(found)


def _encoded(value: Any) -> bytes:
    """BSON, so that types count: 1 is not 1.0, nor is an int32 an int64."""
    return bson.encode({"value": value}, codec_options=CODEC)


def _told(value: Any) -> str:
    return "nothing" if value is ... else f"{type(value).__name__} {str(value)[:40]}"
