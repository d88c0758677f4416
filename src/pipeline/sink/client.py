"""Clients of the target: what a connection string may not choose is set here."""

from typing import Any

from pymongo import AsyncMongoClient, MongoClient, ReadPreference, WriteConcern
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from pipeline.mongo import async_client
from pipeline.sink.answer import unopened
from pipeline.sink.document import LOSSLESS

MAJORITY = WriteConcern("majority")
UNOPENED = (PyMongoError, OSError, ValueError)

OPTIONS: dict[str, Any] = {
    "appname": "rowstream",
    "w": "majority",
    "journal": True,
    "readPreference": "primary",
    "readPreferenceTags": "",
    "maxStalenessSeconds": -1,
    "readConcernLevel": "majority",
    "retryWrites": True,
    "retryReads": True,
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "socketTimeoutMS": 60_000,
}


def connect(url: str) -> MongoClient[dict[str, Any]]:
    """
    A client for a worker: majority writes, primary reads, bounded waits, whatever the URL says.

    Raises:
        SinkUnavailableError: The URL's name (mongodb+srv://) cannot be looked up.
        ConfigError: The URL cannot be used on this host.
    """
    try:
        return MongoClient(url, **OPTIONS)
    except UNOPENED as error:
        raise unopened(error) from None


def open_target(url: str) -> AsyncMongoClient[dict[str, Any]]:
    """
    The same for the service; names are looked up later, by the first operation.

    Raises:
        ConfigError: The URL cannot be used on this host.
    """
    try:
        return async_client(url, **OPTIONS)
    except UNOPENED as error:
        raise unopened(error) from None


def settled() -> dict[str, Any]:
    """Options of a database or collection whose reads are lossless and see only what no failover can undo."""
    return {
        "codec_options": LOSSLESS,
        "read_preference": ReadPreference.PRIMARY,
        "write_concern": MAJORITY,
        "read_concern": ReadConcern("majority"),
    }
