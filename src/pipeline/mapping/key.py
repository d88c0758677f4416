"""
The `_id` of a row's document.

It is lossless, and one: rows whose keys are equal at the source have the same `_id`, byte
for byte, in snapshots, updates and deletes alike, whatever zeros or digits each is written with.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline.change.schema import FieldSchema
from pipeline.errors import MappingError
from pipeline.mapping import times
from pipeline.mapping.decimals import decimal128, plain_decimal, text_from_unscaled
from pipeline.mapping.json_values import canonical_json
from pipeline.mapping.names import key_names
from pipeline.mapping.style import Names
from pipeline.mapping.types import Converter, UnknownTypeError, array_converter, converter, is_decimal

Image = Mapping[str, Any]


def key_converter(field: FieldSchema) -> Converter:
    """
    Return what turns the values of a key column into BSON.

    Timestamps become ISO 8601 texts, which are the same at every precision that a column may
    be given and hold microseconds, as a date does not, and so do times; infinite dates become
    texts, decimals over 34 digits theirs, JSON its own without spaces; anything else is as in the body.

    Raises:
        UnknownTypeError: No value of this type can be part of an `_id`.
    """
    if field.logical in _LOGICAL:
        return _LOGICAL[field.logical]
    if field.logical == "io.debezium.data.VariableScaleDecimal":
        return lambda value: _decimal(text_from_unscaled(value["value"], value["scale"]))
    if field.type in ("struct", "map"):
        raise UnknownTypeError(field)
    if field.type == "array" and field.element is not None:
        element = field.element if field.element.source_type else replace(field.element, parameters=field.parameters)
        return array_converter(field, _KEYS_IN_ARRAYS.get(element.logical) or key_converter(element))
    if is_decimal(field):
        return _decimal
    if field.logical == "org.apache.kafka.connect.data.Decimal":
        scale = int(field.parameters["scale"])
        return lambda value: _decimal(text_from_unscaled(value, scale))
    if field.type in ("float", "double"):
        return lambda value: float(value) + 0.0  # minus zero is zero
    return converter(field)


def key_function(fields: Sequence[FieldSchema], table: str, style: Names = Names.CAMEL_CASE) -> Callable[[Image], Any]:
    """
    Make a function from a row image to its `_id`: the one column's value, or a document of the columns in key order.

    A single column that is an array becomes {column: array}, since MongoDB refuses an array as `_id`.

    Raises:
        UnknownTypeError: A column has a type that cannot be part of an `_id`.
        ConfigError: Two columns would have one name.
        MappingError: (from the function) A column is absent, null, or cannot be converted.
    """
    names = key_names([field.name for field in fields], table, style)
    columns = tuple((field.name, names[field.name], key_converter(field)) for field in fields)

    def value(image: Image, column: str, convert: Converter) -> Any:
        raw = image.get(column)
        if raw is None:
            raise MappingError(f'the key column "{column}" of {table} is missing in the change, or null', table=table, column=column)
        try:
            return raw if convert is None else convert(raw)
        except (ValueError, TypeError, OverflowError) as error:
            raise MappingError(
                f'the key column "{column}" of {table} cannot be mapped: {error}',
                table=table,
                column=column,
            ) from error

    if len(columns) == 1 and fields[0].type != "array":
        ((only, _, convert_only),) = columns
        return lambda image: value(image, only, convert_only)
    return lambda image: {name: value(image, column, convert) for column, name, convert in columns}


def _decimal(text: str) -> Any:
    plain = plain_decimal(text)
    try:
        return decimal128(plain)
    except ValueError:
        return plain


_LOGICAL: dict[str | None, Converter] = {
    "io.debezium.data.Json": canonical_json,
    "io.debezium.time.Date": times.key_from_days,
    "io.debezium.time.MicroTime": times.time_of_day(6),
    "io.debezium.time.MicroTimestamp": times.text_from_micros,
    "io.debezium.time.NanoTimestamp": times.text_from_nanos,
    "io.debezium.time.Time": times.time_of_day(3, shown=6),
    "io.debezium.time.Timestamp": times.text_from_millis,
    "io.debezium.time.ZonedTimestamp": times.text_from_zoned,
    "org.apache.kafka.connect.data.Date": times.key_from_days,
    "org.apache.kafka.connect.data.Time": times.time_of_day(3, shown=6),
    "org.apache.kafka.connect.data.Timestamp": times.text_from_millis,
}

_KEYS_IN_ARRAYS: dict[str | None, Converter] = {
    "io.debezium.time.MicroTimestamp": lambda micros: times.text_from_micros(times.gregorian_micros(micros)),
}
