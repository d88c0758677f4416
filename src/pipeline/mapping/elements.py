"""
Values of the commonest types as the bytes that BSON has for them (bsonspec.org).

These functions say the same as the converters of `pipeline.mapping.types`, of values of which
nothing is unusual. For anything else they raise, whatever it is, and the long way is taken: it
finds the right bytes, or says what is wrong.
"""

from base64 import b64decode
from collections.abc import Callable
from datetime import datetime, timedelta
from struct import Struct
from typing import Any, NamedTuple

from bson import encode
from bson.int64 import Int64

from pipeline.change.schema import FieldSchema
from pipeline.mapping import times
from pipeline.mapping.decimals import decimal128, decimal_halves
from pipeline.mapping.json_values import bson_from_json, parse_usual
from pipeline.mapping.types import Converter, uuid_binary

int32 = Struct("<i").pack
int64 = Struct("<q").pack
double = Struct("<d").pack
two_int64 = Struct("<QQ").pack

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - in UTC, as what is compared with it
MILLISECOND = timedelta(milliseconds=1)


class Element(NamedTuple):
    """
    How BSON writes the values of a type: the byte that names it, and what makes the bytes of a JSON value.

    `kind` is None where it differs from value to value: then `write` makes no bytes, but what `bson.encode` takes.
    """

    kind: bytes | None
    write: Callable[[Any], Any]


def element(field: FieldSchema, convert: Converter) -> Element | None:
    """Return how to write the values that `convert` converts, or None where only `bson.encode` can."""
    return _PLAIN.get(field.type) if convert is None else _CONVERTED.get(convert)


def encoded(name: str, value: Any) -> bytes:
    """The element of any value, with its kind and its name."""
    return encode({name: value})[4:-1]


def key_element(key: Any) -> bytes:
    """The same of an `_id`."""
    kind = type(key)
    if kind is Int64:
        return b"\x12_id\0" + int64(key)
    if kind is str:
        return b"\x02_id\0" + _string(key)
    return encoded("_id", key)


def _string(value: str) -> bytes:
    text = value.encode()
    return int32(len(text) + 1) + text + b"\0"


def _binary(value: str) -> bytes:
    content = b64decode(value)
    return int32(len(content)) + b"\0" + content


def _uuid(value: str) -> bytes:
    content = bytes.fromhex(value.replace("-", ""))
    return int32(len(content)) + b"\x04" + content


def _decimal(value: str) -> bytes:
    high, low = decimal_halves(value)
    return two_int64(low, high)


def _date_from_days(days: int) -> bytes:
    if not times.EARLIEST_DAY < days < times.LATEST_DAY:
        raise ValueError("it is infinite")
    return int64(days * times.DAY_MS)


def _date_from_micros(micros: int) -> bytes:
    if not times.EARLIEST_MICROS < micros < times.LATEST_MICROS:
        raise ValueError("it is infinite")
    return int64(micros // 1_000)


def _date_from_millis(millis: int) -> bytes:
    if millis in times.INFINITE_MILLIS:
        raise ValueError("it is infinite")
    return int64(millis)


def _date_from_zoned(text: str) -> bytes:
    if not text.endswith("Z"):
        raise ValueError("it is infinite, or not in UTC")
    return int64((datetime.fromisoformat(text[:-1]) - EPOCH) // MILLISECOND)


def _date_from_mysql_timestamp(text: str) -> bytes:
    if text.startswith(times.MYSQL_ZERO):
        raise ValueError("it may be a zero timestamp")
    return _date_from_zoned(text)


_PLAIN = {
    "boolean": Element(b"\x08", {True: b"\x01", False: b"\0"}.__getitem__),
    "int8": Element(b"\x10", int32),
    "int16": Element(b"\x10", int32),
    "int32": Element(b"\x10", int32),
    "string": Element(b"\x02", _string),
}
"""By Connect's type, where the converter leaves values as they are."""

_CONVERTED: dict[Callable[[Any], Any], Element] = {
    Int64: Element(b"\x12", int64),
    float: Element(b"\x01", lambda value: double(float(value))),
    b64decode: Element(b"\x05", _binary),
    decimal128: Element(b"\x13", _decimal),
    times.date_from_days: Element(b"\x09", _date_from_days),
    times.date_from_micros: Element(b"\x09", _date_from_micros),
    times.date_from_millis: Element(b"\x09", _date_from_millis),
    times.date_from_zoned: Element(b"\x09", _date_from_zoned),
    times.date_from_mysql_timestamp: Element(b"\x09", _date_from_mysql_timestamp),
    times.year: Element(b"\x10", lambda number: int32(times.year(number))),
    bson_from_json: Element(None, parse_usual),
    uuid_binary: Element(b"\x05", _uuid),
}
"""By converter."""
