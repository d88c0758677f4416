"""From a row image's JSON values to those that conditions compare."""

from collections.abc import Callable
from datetime import datetime, timedelta
from struct import pack, unpack
from typing import Any, TypeAlias

from pipeline.change.schema import FieldSchema
from pipeline.filters.faults import POST_AGAIN, SchemaChangedError
from pipeline.filters.kinds import Evaluate, Image, Kind, Type
from pipeline.filters.literals import EPOCH, MICROS
from pipeline.filters.numbers import NAN, decimal, double, unscaled
from pipeline.mapping import times
from pipeline.mapping.types import is_decimal
from pipeline.mapping.unavailable import placeholders

Decode: TypeAlias = Callable[[Any], Any] | None

DECIMAL = "org.apache.kafka.connect.data.Decimal"

MICROSECOND = timedelta(microseconds=1)

_INTEGERS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
_INFINITIES = {"infinity": float("inf"), "-infinity": float("-inf")}


class UnavailableError(Exception):
    """The change leaves out the unchanged value of a column."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def reader(column: str, type_: Type, field: FieldSchema | None, table: str) -> Evaluate:
    """
    Return what reads the column's value in a row image; it raises `UnavailableError` where the change leaves that out.

    Raises:
        SchemaChangedError: The column is gone, or not of this type any more.
    """
    if field is None:
        raise _changed(column, table, "is gone")
    decode = _decoder(type_, field, column, table)
    marks = placeholders(field)
    if marks:
        return _read_available(column, decode, marks)
    if decode is None:
        return lambda image: image[column]
    return lambda image: None if (value := image[column]) is None else decode(value)


def nullness(column: str, field: FieldSchema | None, table: str) -> Evaluate:
    """Return what says whether the column is NULL: a value that a change leaves out is not."""
    if field is None:
        raise _changed(column, table, "is gone")
    return lambda image: image[column] is None


def _read_available(column: str, decode: Decode, marks: tuple[Any, ...]) -> Evaluate:
    def read(image: Image) -> Any:
        value = image[column]
        if value in marks:
            raise UnavailableError(column)
        return value if value is None or decode is None else decode(value)

    return read


def _decoder(type_: Type, field: FieldSchema, column: str, table: str) -> Decode:
    finder = _DECODERS.get(type_.kind)
    try:
        return None if finder is None else finder(type_, field)
    except LookupError:
        raise _changed(column, table, f"is not {type_.name} any more") from None


def _changed(column: str, table: str, what: str) -> SchemaChangedError:
    return SchemaChangedError(
        f'the filter of {table} uses the column "{column}", which {what}',
        suggestion=POST_AGAIN,
    )


def _integer(type_: Type, field: FieldSchema) -> Decode:
    if field.logical == "io.debezium.time.Year":
        return times.year
    if field.type == "boolean" and field.logical is None:
        return int
    if field.type in _INTEGERS and field.logical is None and _INTEGERS[field.type] >= min(type_.bits, 16):
        return None
    if is_decimal(field):
        return int
    if field.logical == DECIMAL and field.parameters.get("scale") == "0":
        return lambda value: int(unscaled(value, 0))
    raise LookupError(field.type)


def _decimal(_type: Type, field: FieldSchema) -> Decode:
    if is_decimal(field):
        return decimal
    if field.logical == DECIMAL:
        scale = int(field.parameters["scale"])
        return lambda value: unscaled(value, scale)
    if field.logical == "io.debezium.data.VariableScaleDecimal":
        return lambda value: unscaled(value["value"], value["scale"])
    raise LookupError(field.type)


def _double(type_: Type, field: FieldSchema) -> Decode:
    if field.type not in ("float", "double") or field.logical is not None:
        raise LookupError(field.type)
    return _single if type_.single else double


def _single(value: Any) -> Any:
    """A number of single precision, of which Debezium writes the shortest text, in double precision."""
    number = double(value)
    return number if number is NAN else unpack("f", pack("f", number))[0]


def _boolean(_type: Type, field: FieldSchema) -> Decode:
    if field.type != "boolean":
        raise LookupError(field.type)
    return None


def _text(type_: Type, field: FieldSchema) -> Decode:
    if field.type != "string" or field.logical not in (None, "io.debezium.data.Enum") or is_decimal(field):
        raise LookupError(field.type)
    if type_.padded:
        return lambda value: value.rstrip(" ")
    return (lambda value: value.replace("\\,", ",")) if "\\," in field.parameters.get("allowed", "") else None


def _date(_type: Type, field: FieldSchema) -> Decode:
    if field.logical not in ("io.debezium.time.Date", "org.apache.kafka.connect.data.Date"):
        raise LookupError(field.type)
    return _day


def _day(days: int) -> Any:
    return _INFINITIES[times.INFINITE_DAYS[days]] if days in times.INFINITE_DAYS else days


def _timestamp(_type: Type, field: FieldSchema) -> Decode:
    return {
        "io.debezium.time.Timestamp": _of_millis,
        "org.apache.kafka.connect.data.Timestamp": _of_millis,
        "io.debezium.time.MicroTimestamp": _of_micros,
    }[field.logical or ""]


def _of_millis(millis: int) -> Any:
    return _INFINITIES[times.INFINITE_MILLIS[millis]] if millis in times.INFINITE_MILLIS else millis * 1_000


def _of_micros(micros: int) -> Any:
    return _INFINITIES[times.INFINITE_MICROS[micros]] if micros in times.INFINITE_MICROS else micros


def _instant(type_: Type, field: FieldSchema) -> Decode:
    if field.logical != "io.debezium.time.ZonedTimestamp":
        raise LookupError(field.type)
    return _mysql_instant if type_.name == "timestamp" else _instant_micros


def _instant_micros(text: str) -> Any:
    try:
        since = datetime.fromisoformat(text[:-1]) - EPOCH if text.endswith("Z") else None
    except ValueError:
        since = None  # a year outside of datetime's range
    if since is not None:
        return since // MICROSECOND
    if text in _INFINITIES:
        return _INFINITIES[text]
    seconds, nanos = times.parse_zoned(text)
    return float("-inf") if seconds > times.LATEST_SECONDS else seconds * MICROS + nanos // 1_000


def _mysql_instant(text: str) -> Any:
    """A zero timestamp is told as the first moment of 1970."""
    return None if times.date_from_mysql_timestamp(text) is None else _instant_micros(text)


def _uuid(_type: Type, field: FieldSchema) -> Decode:
    if field.logical != "io.debezium.data.Uuid":
        raise LookupError(field.type)
    return None


_DECODERS: dict[Kind, Callable[[Type, FieldSchema], Decode]] = {
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.DOUBLE: _double,
    Kind.BOOLEAN: _boolean,
    Kind.TEXT: _text,
    Kind.ENUM: _text,
    Kind.DATE: _date,
    Kind.TIMESTAMP: _timestamp,
    Kind.INSTANT: _instant,
    Kind.UUID: _uuid,
}
