"""Markers: messages in the write-ahead log that prove, once read, that everything before was read."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import DictRow

PREFIX = "rowstream"
HEARTBEAT = "heartbeat"
HEARTBEAT_QUERY = f"SELECT pg_logical_emit_message(true, '{PREFIX}', '{HEARTBEAT}')"
"""Run by the connector every heartbeat, so that its position moves while only other tables are written."""


class _Message(msgspec.Struct):
    prefix: str
    content: str | None = None


class _Source(msgspec.Struct):
    lsn: int = 0


class _Payload(msgspec.Struct):
    message: _Message
    source: _Source


class _Value(msgspec.Struct):
    payload: _Payload


_decode = msgspec.json.Decoder(_Value).decode


async def emit_marker(connection: AsyncConnection[DictRow], token: str) -> None:
    """Write the token into the log, in a transaction of its own."""
    await connection.execute("SELECT pg_logical_emit_message(true, %s, %s)", [PREFIX, token])


def marker_token(value: bytes) -> str | None:
    """The token in a record of the message topic; None for a heartbeat or a message of somebody else."""
    try:
        message = _decode(value).payload.message
        content = base64.b64decode(message.content or "", validate=True).decode()
    except (msgspec.MsgspecError, binascii.Error, UnicodeDecodeError):
        return None
    return content if message.prefix == PREFIX and content != HEARTBEAT else None


def is_noted(offset: Mapping[str, Any], marker: bytes | None) -> bool:
    """Whether the connector's offset stands behind the initial read, and behind the marker if one is given (PostgresOffsetContext)."""
    if offset.get("snapshot") is not None and not (offset.get("last_snapshot_record") or offset.get("snapshot_completed")):
        return False
    return marker is None or offset.get("lsn", 0) >= _decode(marker).payload.source.lsn
