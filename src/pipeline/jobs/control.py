"""The control database: where jobs, their updates and their leases are kept."""

from datetime import UTC
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from pipeline.errors import ConfigError
from pipeline.settings import Settings

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC)
"""Times are read as aware datetimes."""

_SELECTION_TIMEOUT_MS = 5_000


def open_control(settings: Settings) -> AsyncMongoClient[dict[str, Any]]:
    """
    Make a client of the control MongoDB; nothing is connected to yet.

    Raises:
        ConfigError: ROWSTREAM_CONTROL_URL is not a MongoDB connection string.
    """
    try:
        return AsyncMongoClient(
            settings.control_url.get_secret_value(), serverSelectionTimeoutMS=_SELECTION_TIMEOUT_MS, appname="rowstream"
        )
    except (PyMongoError, ValueError):
        raise ConfigError("ROWSTREAM_CONTROL_URL is not a MongoDB connection string") from None
