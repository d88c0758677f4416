"""The control database: where jobs, their updates and their leases, and saved connections are kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from pipeline.errors import ConfigError
from pipeline.mongo import async_client
from pipeline.settings import Settings

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC)
"""Times are read as aware datetimes."""

_SELECTION_TIMEOUT_MS = 5_000
_ANSWER_TIMEOUT_MS = 20_000
"""A server that is starting, or starved, takes connections and answers nothing; every request for jobs would wait for it without end."""


def open_control(settings: Settings) -> AsyncMongoClient[dict[str, Any]]:
    """
    Make a client of the control MongoDB; nothing is connected to yet.

    Raises:
        ConfigError: ROWSTREAM_CONTROL_URL is not a MongoDB connection string.
    """
    try:
        return async_client(
            settings.control_url.get_secret_value(),
            serverSelectionTimeoutMS=_SELECTION_TIMEOUT_MS,
            connectTimeoutMS=_SELECTION_TIMEOUT_MS,
            socketTimeoutMS=_ANSWER_TIMEOUT_MS,
            appname="rowstream",
        )
    except (PyMongoError, ValueError):
        raise ConfigError("ROWSTREAM_CONTROL_URL is not a MongoDB connection string") from None


def now() -> datetime:
    """The time in whole milliseconds, as BSON keeps it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@contextmanager
def needing_control() -> Iterator[None]:
    """Within, the control MongoDB must answer; raises `ConfigError` where it does not."""
    try:
        yield
    except PyMongoError as error:
        raise ConfigError(
            f"the control MongoDB cannot be used: {type(error).__name__}",
            suggestion="Start it (`rowstream up`), or name another in ROWSTREAM_CONTROL_URL.",
        ) from error
