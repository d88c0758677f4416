"""Debezium's notifications of a snapshot."""

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from pipeline.errors import DecodeError

INITIAL_SNAPSHOT = "Initial Snapshot"
"""Debezium calls every snapshot so that holds up the stream, one that a signal asked for too."""
SUCCEEDED = "SUCCEEDED"


@dataclass(frozen=True, slots=True)
class ScannedTable:
    """A table whose rows have been read; `name` is schema.table."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Notification:
    """
    One notification of a snapshot.

    `type`: STARTED, IN_PROGRESS (of the table `scanning`, schema.table), TABLE_SCAN_COMPLETED
    (of the tables `scanned`), COMPLETED, ABORTED or SKIPPED (a task that starts reads no snapshot).
    """

    type: str
    scanning: str | None = None
    scanned: tuple[ScannedTable, ...] = ()


class _Payload(msgspec.Struct):
    aggregate_type: str
    type: str
    additional_data: dict[str, str] | None = None


class _Value(msgspec.Struct):
    payload: _Payload


_decode = msgspec.json.Decoder(_Value).decode


def decode_notification(value: bytes | None, tables: Collection[str] = ()) -> Notification | None:
    """
    Decode a record of the notification topic (JsonConverter with schemas); None for one of another kind.

    `tables` are the names, schema.table, by which a notification's tables are known.

    Raises:
        DecodeError: The record is no notification.
    """
    if value is None:
        return None
    try:
        payload = _decode(value).payload
    except msgspec.MsgspecError as error:
        raise DecodeError(f"a record of the notification topic is no notification: {error}") from error
    if payload.aggregate_type != INITIAL_SNAPSHOT:
        return None
    data = payload.additional_data or {}
    scanned: tuple[ScannedTable, ...] = ()
    if payload.type == "TABLE_SCAN_COMPLETED" and data.get("status", SUCCEEDED) == SUCCEEDED:
        scanned = (ScannedTable(_known(data.get("scanned_collection", ""), tables), int(data.get("total_rows_scanned", "0"))),)
    scanning = data.get("current_collection_in_progress")
    return Notification(payload.type, scanning and _known(scanning, tables), scanned)


def _known(name: str, tables: Collection[str]) -> str:
    """The name without the database's, which Debezium puts before it with SQL Server and Oracle."""
    if name in tables:
        return name
    return next((table for table in tables if name.endswith(f".{table}")), name)
