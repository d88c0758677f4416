"""From a record to the change it carries."""

from typing import Any

import msgspec
from msgspec import Struct, field

from pipeline.change.change import Change, Operation
from pipeline.change.envelope import EnvelopeSplitter, row_schema
from pipeline.change.record import Record
from pipeline.change.schema import RowSchema
from pipeline.errors import DecodeError

OLD_KEY = "__debezium.oldkey"
NEW_KEY = "__debezium.newkey"


class _Source(Struct):
    """Debezium's `source` block, as far as it is needed; its fields differ between connectors."""

    table: str | None = None
    schema: str | None = None
    db: str | None = None
    ts_ms: int | None = None
    transaction: int | str | None = field(name="txId", default=None)
    lsn: int | None = None


class _Envelope(Struct):
    op: Operation
    source: _Source
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


class _Key(Struct):
    schema: msgspec.Raw
    payload: dict[str, Any]


_decode_key = msgspec.json.Decoder(_Key).decode


class Decoder:
    """Decodes records of any number of change topics; remembers their schemas, so keep one per consumer."""

    def __init__(self) -> None:
        self._envelopes = EnvelopeSplitter(_Envelope)

    def decode(self, record: Record) -> Change | None:
        """
        Decode a record into the change it carries.

        A tombstone (null value) only tells Kafka to compact the key; Debezium has
        already sent the delete before it, so there is no change to return. The table is
        the one that `source` names (topic names are sanitised and may be shared).

        Raises:
            DecodeError: The value is not a Debezium envelope with a schema, or a key-change header is not JSON.
        """
        position, _, value, headers = record
        if value is None:
            return None
        envelope, row = self._envelopes.split(position.topic, value)
        source, before, after = envelope.source, envelope.before, envelope.after
        transaction = source.transaction
        return Change(
            position,
            envelope.op,
            source.schema or source.db or "",
            source.table or "",
            before,
            after,
            None if after is None and before is None else row,
            len(value),
            source.ts_ms,
            None if transaction is None else str(transaction),
            source.lsn,
            _other_key(record, OLD_KEY) if headers else None,
            _other_key(record, NEW_KEY) if headers else None,
        )


def old_key(record: Record) -> bytes | None:
    """The key that the record's row had before its change, as the record has it; None where its key has not changed."""
    return next((value for header, value in record.headers if header == OLD_KEY), None)


def decode_key(key: bytes) -> tuple[RowSchema, dict[str, Any]]:
    """
    Decode a record's key: the schema of its columns, and their values.

    Raises:
        DecodeError: It is not JSON with a schema.
    """
    try:
        decoded = _decode_key(key)
        return row_schema(decoded.schema), decoded.payload
    except msgspec.MsgspecError as error:
        raise DecodeError(f"a record's key is not JSON with a schema: {error}") from error


def _other_key(record: Record, name: str) -> dict[str, Any] | None:
    for header, value in record.headers:
        if header == name and value is not None:
            try:
                return _decode_key(value).payload
            except msgspec.MsgspecError as error:
                raise DecodeError(
                    f"the header {name} of the record {record.position} is not JSON with a schema: {error}",
                    suggestion='set "header.converter": "org.apache.kafka.connect.json.JsonConverter" on the connector',
                ) from error
    return None
