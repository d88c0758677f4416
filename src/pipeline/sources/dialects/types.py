"""From a column's type, as SQLAlchemy has it, to the type that travels with the events, and how its values are read."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.sql.sqltypes import _Binary
from sqlalchemy.types import TypeEngine

from pipeline.change.schema import SOURCE_TYPE
from pipeline.sources.dialects import values
from pipeline.sources.dialects.mysql import ToldAsText
from pipeline.sources.dialects.values import Convert


@dataclass(frozen=True, slots=True)
class WireType:
    """
    What travels for a column: Connect's type, the logical name, and what makes the JSON of a driver's value.

    `source_type` is told where these do not say enough. `as_text`: the database is to turn the
    value into a text, by `text_function` or else a CAST. `compares`: a value that was read may be given back to be compared with
    the column, and is equal to itself then.
    """

    type: str
    convert: Convert
    logical: str | None = None
    source_type: str | None = None
    as_text: bool = False
    text_function: str | None = None
    compares: bool = True
    element: "WireType | None" = None

    @property
    def is_only_text(self) -> bool:
        """Whether nothing is known of the values but the text that the database makes of them."""
        return self.as_text and self.logical is None

    def schema(self) -> dict[str, Any]:
        """The Connect schema, as JsonConverter writes it, of values that may be null."""
        described: dict[str, Any] = {"type": self.type, "optional": True}
        if self.element is not None:
            described["items"] = self.element.schema()
        if self.logical is not None:
            described |= {"name": self.logical, "version": 1}
        if self.source_type is not None:
            described["parameters"] = {SOURCE_TYPE: self.source_type}
        return described


BOOLEAN = WireType("boolean", values.boolean)
INT16 = WireType("int16", values.integer)
INT32 = WireType("int32", values.integer)
INT64 = WireType("int64", values.integer)
NUMERIC = WireType("string", values.decimal, source_type="NUMERIC")
DOUBLE = WireType("double", values.double)
SINGLE = replace(DOUBLE, compares=False)
TEXT = WireType("string", values.text)
CAST = WireType("string", values.text, as_text=True, compares=False)
ENUM = WireType("string", values.text, "io.debezium.data.Enum", compares=False)
SET = WireType("string", values.text, "io.debezium.data.EnumSet", compares=False)
BINARY = WireType("bytes", values.binary)
BITS = replace(BINARY, compares=False)
DATE = WireType("int32", values.days, "io.debezium.time.Date")
TIMESTAMP = WireType("int64", values.micros, "io.debezium.time.MicroTimestamp")
ZONED = WireType("string", values.zoned, "io.debezium.time.ZonedTimestamp")
INSTANT = WireType("string", values.zoned_in_utc, "io.debezium.time.ZonedTimestamp")
TIME = WireType("int64", values.time_micros, "io.debezium.time.MicroTime")
ZONED_TIME = WireType("string", values.zoned_time, "io.debezium.time.ZonedTime", compares=False)
INTERVAL = WireType("string", values.duration, "io.debezium.time.Interval", compares=False)
UUID = WireType("string", values.uuid, "io.debezium.data.Uuid")
JSON = WireType("string", values.text, "io.debezium.data.Json", as_text=True, compares=False)

_ORDERED: tuple[tuple[type[TypeEngine[Any]], WireType], ...] = (
    (types.Boolean, BOOLEAN),
    (types.SmallInteger, INT16),
    (types.BigInteger, INT64),
    (types.Integer, INT32),
    (types.Double, DOUBLE),
    (types.Float, SINGLE),
    (types.Numeric, NUMERIC),
    (types.Enum, ENUM),
    (types.Uuid, UUID),
    (types.JSON, JSON),
    (mysql.SET, SET),
    (types.String, TEXT),
    (_Binary, BINARY),
    (types.Date, DATE),
    (mysql.YEAR, INT32),
    (mysql.TIMESTAMP, INSTANT),
    (types.Interval, INTERVAL),
    (postgresql.INTERVAL, replace(INTERVAL, as_text=True)),
)
"""By the class; those that are subclasses of others stand before them."""

_UNSIGNED = {INT16: INT32, INT32: INT64, INT64: NUMERIC}
"""What holds the numbers without a sign of as many bytes."""

_ROUNDED = frozenset({"sybase"})
"""Dialects whose times are counted in parts of a second that no driver's value hits exactly."""


def wire_type(column_type: TypeEngine[Any], dialect: str) -> WireType:
    """Return what travels for columns of this type; of a type that is not known, the text that the database makes of it."""
    if isinstance(column_type, postgresql.DOMAIN):
        return wire_type(column_type.data_type, dialect)
    if isinstance(column_type, types.ARRAY):
        return _array(column_type, dialect)
    if isinstance(column_type, ToldAsText):
        return replace(CAST, text_function=column_type.function)
    if isinstance(column_type, mysql.BIT):
        return BOOLEAN if column_type.length == 1 else BITS
    wire = next((wire for kind, wire in _ORDERED if isinstance(column_type, kind)), None) or _time(column_type)
    if getattr(column_type, "unsigned", False):
        return _UNSIGNED.get(wire, wire)
    return replace(wire, compares=False) if wire in (TIMESTAMP, TIME) and dialect in _ROUNDED else wire


def _time(column_type: TypeEngine[Any]) -> WireType:
    if isinstance(column_type, types.DateTime):
        return ZONED if column_type.timezone else TIMESTAMP
    if isinstance(column_type, types.Time):
        return ZONED_TIME if column_type.timezone else TIME
    return CAST


def _array(column_type: "types.ARRAY[Any]", dialect: str) -> WireType:
    element = wire_type(column_type.item_type, dialect)
    if element.as_text or (column_type.dimensions or 1) > 1:
        return CAST
    return WireType("array", values.array(element.convert), source_type=element.source_type, compares=False, element=element)
