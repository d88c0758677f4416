"""Copies of whole MongoDB databases: the state from which each drain begins."""

from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.collection import Collection

BATCH = 1_000


def copy_database(client: MongoClient[dict[str, Any]], source: str, target: str) -> None:
    """Make `target` anew with the collections, options, indexes and documents of `source`."""
    client.drop_database(target)
    for information in client[source].list_collections():
        name = information["name"]
        made = client[target].create_collection(name, **information.get("options", {}))
        _copy_documents(client[source][name], made)
        for index, definition in client[source][name].index_information().items():
            if index != "_id_":
                options = {key: value for key, value in definition.items() if key not in ("v", "key", "ns")}
                made.create_index(definition["key"], name=index, **options)


def _copy_documents(source: Collection[dict[str, Any]], target: Collection[dict[str, Any]]) -> None:
    raw = source.with_options(source.codec_options.with_options(document_class=RawBSONDocument))
    batch: list[Any] = []
    for document in raw.find():
        batch.append(document)
        if len(batch) == BATCH:
            target.insert_many(batch)
            batch = []
    if batch:
        target.insert_many(batch)
