"""How far the reader is in each table, as it stands in Kafka beside the records."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

Value = tuple[str, str]


class ReadPosition(Struct, frozen=True):
    """
    The place in a table up to which its rows are in its topic.

    `rows` have been read. `key` holds the last row's key as the driver had it, None before
    the first row and in tables that cannot be gone on with. `done`: there are no more.
    """

    rows: int = 0
    key: tuple[Value, ...] | None = None
    done: bool = False


class _Key(Struct, array_like=True, frozen=True):
    schema: str
    name: str


_encode = msgspec.json.Encoder().encode
_decode_key = msgspec.json.Decoder(_Key).decode
_decode_position = msgspec.json.Decoder(ReadPosition).decode

_TO_TEXT: dict[type, tuple[str, Callable[[Any], str]]] = {
    bool: ("bool", lambda value: "1" if value else ""),
    int: ("int", str),
    float: ("float", float.hex),
    str: ("str", str),
    bytes: ("bytes", bytes.hex),
    Decimal: ("decimal", str),
    datetime: ("datetime", datetime.isoformat),
    date: ("date", date.isoformat),
    time: ("time", time.isoformat),
    timedelta: ("timedelta", lambda value: str(value // timedelta(microseconds=1))),
    UUID: ("uuid", str),
}
_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "bool": bool,
    "int": int,
    "float": float.fromhex,
    "str": str,
    "bytes": bytes.fromhex,
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda text: timedelta(microseconds=int(text)),
    "uuid": UUID,
}


def stored_key(values: Sequence[Any]) -> tuple[Value, ...]:
    """
    A key's values with their classes, from which `restored_key` makes the same again.

    Raises:
        ValueError: One is of a class that is not known to survive this.
    """
    return tuple(map(_stored, values))


def restored_key(key: Sequence[Value]) -> list[Any]:
    """The values of a stored key."""
    return [_FROM_TEXT[kind](text) for kind, text in key]


def encode_position(schema: str, name: str, position: ReadPosition) -> tuple[bytes, bytes]:
    """The record, key and value, that keeps a table's position."""
    return _encode(_Key(schema, name)), _encode(position)


def decode_position(key: bytes, value: bytes) -> tuple[tuple[str, str], ReadPosition]:
    """The table and its position that a record keeps."""
    place = _decode_key(key)
    return (place.schema, place.name), _decode_position(value)


def _stored(value: Any) -> Value:
    if isinstance(value, (bytearray, memoryview)):
        value = bytes(value)
    known = _TO_TEXT.get(type(value))
    if known is None:
        raise ValueError(f"a value of the class {type(value).__name__} cannot be kept as a position")
    kind, to_text = known
    return kind, to_text(value)
