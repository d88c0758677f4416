"""
From a column's type to the function that turns its JSON values into BSON.

The type is what travels with the events: Connect's type, the logical name, and the source's
type name where a text alone does not say enough (a `numeric` is a string, too).
"""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from bson.binary import UUID_SUBTYPE, Binary
from bson.int64 import Int64

from pipeline.change.schema import FieldSchema
from pipeline.mapping import geometry, times
from pipeline.mapping.decimals import decimal128, decimal128_from_unscaled
from pipeline.mapping.json_values import bson_from_json

Converter: TypeAlias = Callable[[Any], Any] | None
"""Makes a BSON value of a JSON value that is not null, or is None where they are the same. Raises ValueError with the reason."""

DECIMAL_TYPES = frozenset({"NUMERIC", "DECIMAL", "MONEY", "DEC", "NUMBER"})
"""Source types that `decimal.handling.mode=string` makes strings of."""

UNLIMITED_BITS = 2**31 - 1


class UnknownTypeError(Exception):
    """There is no BSON for the type of this field."""

    reason = "which cannot be mapped"
    suggestion: str | None = None

    def __init__(self, field: FieldSchema) -> None:
        names = (field.source_type, field.logical, field.type)
        super().__init__(" / ".join(name for name in names if name is not None))
        self.column = field.name


class NewTypeError(UnknownTypeError):
    """The type was made after the job had begun, so that nobody knows what it stands for."""

    reason = "which was not there when the job began"
    suggestion = "Post the job again."


def known_as(field: FieldSchema, types: Mapping[str, str]) -> FieldSchema:
    """
    Return the field with the type that its own stands for, which is another one for a domain.

    `types` maps the names of types that the events give to those that say how values are
    read; where it is empty, every name is taken for what it is.

    Raises:
        NewTypeError: Only the name tells the type, and it is not known.
    """
    described = field if field.element is None else field.element
    if not types or field.source_type is None or described.logical is not None:
        return field
    if field.source_type not in types:
        raise NewTypeError(field)
    return field.with_source_type(types[field.source_type])


def converter(field: FieldSchema) -> Converter:
    """
    Return what turns the field's values into BSON.

    Raises:
        UnknownTypeError: No value of this type can be mapped.
    """
    return _converter(field, field.source_type)


def is_decimal(field: FieldSchema) -> bool:
    """Whether the field is a text that holds a decimal number."""
    return field.type == "string" and field.logical is None and _element_type(field.source_type) in DECIMAL_TYPES


def _converter(field: FieldSchema, source_type: str | None) -> Converter:
    if field.logical in _PARAMETRIC:
        return _PARAMETRIC[field.logical](field)
    if (field.logical, source_type) in _OF_SOURCE_TYPE:
        return _OF_SOURCE_TYPE[field.logical, source_type]
    if field.logical in _LOGICAL:
        return _LOGICAL[field.logical]
    if field.logical is not None and field.logical not in _VECTORS:
        raise UnknownTypeError(field)
    if field.element is not None:
        element = _IN_ARRAYS.get(field.element.logical) or _converter(field.element, field.element.source_type or source_type)
        return array_converter(field, element) if field.type == "array" else _map_converter(element)
    if field.type == "string":
        return _TEXTS.get(_element_type(source_type))
    if field.type == "bytes":
        return b64decode if source_type in _BINARY_TYPES else _text_from_bytes
    if field.type not in _PLAIN:
        raise UnknownTypeError(field)
    return _PLAIN[field.type]


def _element_type(source_type: str | None) -> str | None:
    """The type's bare name: PostgreSQL writes `_NUMERIC` for an array of `NUMERIC`, MySQL `DECIMAL UNSIGNED`."""
    return _ATTRIBUTES.sub("", source_type.lstrip("_")) if source_type else None


def array_converter(field: FieldSchema, convert: Converter) -> Converter:
    """
    Return what turns an array's values into BSON, given what does so with an element.

    It refuses arrays of arrays, of whose inner ones Debezium's PostgreSQL connector makes
    nulls, or the texts that Java has for arrays (`[Ljava.lang.String;@1f`).
    """
    if field.logical in _VECTORS:
        return None if convert is None else lambda values: list(map(convert, values))
    texts = field.element is not None and _is_text(field.element, field.source_type)
    check = _refuse_arrays_as_texts if texts else _refuse_nulls_alone

    def converted(values: list[Any]) -> list[Any]:
        if values:
            check(values)
        return values if convert is None else [None if value is None else convert(value) for value in values]

    return converted


def _is_text(element: FieldSchema, source_type: str | None) -> bool:
    if element.type != "string" or element.logical in ("io.debezium.time.ZonedTimestamp", "io.debezium.time.ZonedTime"):
        return False
    return _element_type(source_type) not in DECIMAL_TYPES


def _refuse_arrays_as_texts(values: list[Any]) -> None:
    if type(values[0]) is str and _JAVA_ARRAY.fullmatch(values[0]):
        raise ValueError("it is an array of arrays, whose inner ones Debezium does not carry")


def _refuse_nulls_alone(values: list[Any]) -> None:
    if values[0] is None and values.count(None) == len(values):
        raise ValueError("it is an array of arrays, whose inner ones Debezium does not carry, or one of NULLs alone: nothing tells which")


def _map_converter(convert: Converter) -> Converter:
    if convert is None:
        return None
    return lambda values: {name: None if value is None else convert(value) for name, value in values.items()}


def _bits(field: FieldSchema) -> Converter:
    """
    The bit string, as the big-endian number it writes, in as many bytes as its length needs.

    Debezium sends the bytes little-endian and without the zeros at its end, from which the
    length of a `bit varying` cannot be told.
    """
    length = int(field.parameters.get("length", UNLIMITED_BITS))
    size = 0 if length == UNLIMITED_BITS else (length + 7) // 8
    return lambda value: b64decode(value)[::-1].rjust(size, b"\0")


def _scaled_decimal(field: FieldSchema) -> Converter:
    scale = int(field.parameters["scale"])
    return lambda value: decimal128_from_unscaled(value, scale)


def _enum(field: FieldSchema) -> Converter:
    """MySQL's connector streams a comma in a value with a backslash before it, as the schema's list of values has it."""
    return (lambda value: value.replace("\\,", ",")) if "\\," in field.parameters.get("allowed", "") else None


def uuid_binary(text: str) -> Binary:
    """Return the UUID as BSON has it."""
    return Binary(bytes.fromhex(text.replace("-", "")), UUID_SUBTYPE)


def _variable_scale_decimal(value: dict[str, Any]) -> Any:
    return decimal128_from_unscaled(value["value"], value["scale"])


def _sparse_vector(value: dict[str, Any]) -> dict[str, Any]:
    """A map whose keys are numbers comes as a list of pairs."""
    return {"dimensions": value["dimensions"], "vector": {str(place): float(number) for place, number in value["vector"]}}


def _text_from_bytes(value: str) -> str:
    """A type that Debezium does not know: the bytes of the text that the database writes for it."""
    return b64decode(value).decode()


_BINARY_TYPES = frozenset({None, "BYTEA", "_BYTEA", "BLOB", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB", "BINARY", "VARBINARY", "IMAGE", "RAW"})

_ATTRIBUTES = re.compile(r"( UNSIGNED| ZEROFILL)+$")

_JAVA_ARRAY = re.compile(r"\[+L[A-Za-z.]+;@[0-9a-f]+")

_VECTORS = frozenset({"io.debezium.data.DoubleVector", "io.debezium.data.FloatVector"})

_TEXTS: dict[str | None, Converter] = {**dict.fromkeys(DECIMAL_TYPES, decimal128), "UUID": uuid_binary, "UNIQUEIDENTIFIER": uuid_binary}
"""By the source's type: the UUIDs of MariaDB and SQL Server have no name of their own in the schema."""

_OF_SOURCE_TYPE: dict[tuple[str | None, str | None], Converter] = {
    ("io.debezium.time.ZonedTimestamp", "TIMESTAMP"): times.date_from_mysql_timestamp,
}
"""Where the source's type says more than the schema."""

_PLAIN: dict[str, Converter] = {
    "boolean": None,
    "int8": None,
    "int16": None,
    "int32": None,
    "int64": Int64,
    "float": float,
    "double": float,
}
"""Python's float reads JSON's numbers and Debezium's quoted `NaN`, `Infinity` and `-Infinity` alike."""

_PARAMETRIC: dict[str | None, Callable[[FieldSchema], Converter]] = {
    "io.debezium.data.Bits": _bits,
    "io.debezium.data.Enum": _enum,
    "org.apache.kafka.connect.data.Decimal": _scaled_decimal,
}

_IN_ARRAYS: dict[str | None, Converter] = {
    "io.debezium.time.MicroTimestamp": times.date_from_julian_micros,
    "io.debezium.time.Timestamp": times.date_from_julian_millis,
}
"""Timestamps in PostgreSQL's arrays have gone through the calendar of the JDBC driver."""

_LOGICAL: dict[str | None, Converter] = {
    "io.debezium.data.EnumSet": lambda value: value.split(",") if value else [],
    "io.debezium.data.Json": bson_from_json,
    "io.debezium.data.Ltree": None,
    "io.debezium.data.SparseDoubleVector": _sparse_vector,
    "io.debezium.data.Tsvector": None,
    "io.debezium.data.Uuid": uuid_binary,
    "io.debezium.data.VariableScaleDecimal": _variable_scale_decimal,
    "io.debezium.data.Xml": None,
    "io.debezium.data.geometry.Circle": geometry.circle,
    "io.debezium.data.geometry.Geography": geometry.geometry,
    "io.debezium.data.geometry.Geometry": geometry.geometry,
    "io.debezium.data.geometry.Line": geometry.line,
    "io.debezium.data.geometry.Point": geometry.point,
    "io.debezium.time.Date": times.date_from_days,
    "io.debezium.time.Interval": None,
    "io.debezium.time.MicroTime": times.time_of_day(6),
    "io.debezium.time.MicroTimestamp": times.date_from_micros,
    "io.debezium.time.NanoTime": times.time_of_day(9),
    "io.debezium.time.NanoTimestamp": times.date_from_nanos,
    "io.debezium.time.Time": times.time_of_day(3),
    "io.debezium.time.Timestamp": times.date_from_millis,
    "io.debezium.time.Year": times.year,
    "io.debezium.time.ZonedTime": None,
    "io.debezium.time.ZonedTimestamp": times.date_from_zoned,
    "org.apache.kafka.connect.data.Date": times.date_from_days,
    "org.apache.kafka.connect.data.Time": times.time_of_day(3),
    "org.apache.kafka.connect.data.Timestamp": times.date_from_millis,
}
