"""Splitting a record into its schema, which rarely changes, and its payload."""

from typing import Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from pipeline.change.schema import FieldSchema, RowSchema
from pipeline.errors import DecodeError

KNOWN_PREFIXES = 8
KNOWN_TOPICS = 4_096

NO_SCHEMA = 'the connector must write with JsonConverter and "schemas.enable": "true"'

T = TypeVar("T")


class _Wrapped(Struct):
    schema: Raw
    payload: Raw


class _Field(Struct):
    """A Connect schema as JsonConverter writes it."""

    type: str
    field: str = ""
    name: str | None = None
    optional: bool = False
    parameters: dict[str, str] | None = None
    items: "_Field | None" = None
    values: "_Field | None" = None
    fields: tuple["_Field", ...] = ()


_decode_wrapped = msgspec.json.Decoder(_Wrapped).decode
_decode_schema = msgspec.json.Decoder(_Field | None).decode


class EnvelopeSplitter(Generic[T]):
    """
    Splits the values of records, and decodes their payloads as `payload_type`.

    Everything before the payload is the same in all records of a table until its schema
    changes, so it is parsed once and afterwards compared, byte by byte. The border is found
    by a parser: a text may hold anything that looks like it. Per topic the last
    `KNOWN_PREFIXES` are kept (tables may share a topic, and a replay may go back and forth
    over a schema change).
    """

    def __init__(self, payload_type: type[T]) -> None:
        self._decode_payload = msgspec.json.Decoder(payload_type).decode
        self._known: dict[str, list[tuple[bytes, int, RowSchema | None]]] = {}

    def split(self, topic: str, value: bytes) -> tuple[T, RowSchema | None]:
        """
        Return the payload and the schema of its row, which is None where the payload has no row (a logical message).

        Raises:
            DecodeError: The value is not JSON of the form {"schema": ..., "payload": ...}, or the payload is not of the type.
        """
        known = self._known.get(topic)
        if known is not None:
            for prefix, length, row in known:
                if value.startswith(prefix) and value.endswith(b"}"):
                    return self._payload(value[length:-1], topic), row
        return self._split_unknown(topic, value)

    def _split_unknown(self, topic: str, value: bytes) -> tuple[T, RowSchema | None]:
        try:
            wrapped = _decode_wrapped(value)
            schema = _decode_schema(wrapped.schema)
        except msgspec.MsgspecError as error:
            raise DecodeError(
                f"the value of a record in {topic} is not an envelope with a schema: {error}", suggestion=NO_SCHEMA
            ) from error
        if schema is None:
            raise DecodeError(f"a record in {topic} carries no schema", suggestion=NO_SCHEMA)
        row = _row_schema(schema)
        payload = self._payload(wrapped.payload, topic)
        prefix = b'{"schema":%b,"payload":' % bytes(wrapped.schema)
        if value == b"%b%b}" % (prefix, bytes(wrapped.payload)):
            self._remember(topic, prefix, row)
        return payload, row

    def _remember(self, topic: str, prefix: bytes, row: RowSchema | None) -> None:
        if topic not in self._known and len(self._known) >= KNOWN_TOPICS:
            del self._known[next(iter(self._known))]
        known = self._known.setdefault(topic, [])
        known.insert(0, (prefix, len(prefix), row))
        del known[KNOWN_PREFIXES:]

    def _payload(self, payload: bytes | Raw, topic: str) -> T:
        try:
            return self._decode_payload(payload)
        except msgspec.MsgspecError as error:
            raise DecodeError(f"the payload of a record in {topic} is not a change: {error}") from error


def row_schema(schema: Raw) -> RowSchema:
    """The columns of a struct, from its schema as JSON has it; raises msgspec's error where it is none."""
    struct = _decode_schema(schema)
    return RowSchema(tuple(_field_schema(column, column.field) for column in (struct.fields if struct else ())))


def _row_schema(envelope: _Field) -> RowSchema | None:
    """The schema of the row images (`before` and `after` have the same), or None where there are none."""
    for field in envelope.fields:
        if field.field in ("after", "before") and field.type == "struct":
            return RowSchema(tuple(_field_schema(column, column.field) for column in field.fields))
    return None


def _field_schema(field: _Field, name: str) -> FieldSchema:
    element = field.items or field.values
    return FieldSchema(
        name=name,
        type=field.type,
        logical=field.name,
        optional=field.optional,
        parameters=field.parameters or {},
        element=_field_schema(element, name) if element else None,
        fields=tuple(_field_schema(inner, inner.field) for inner in field.fields),
    )
