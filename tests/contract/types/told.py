"""
How the types of SQL Server, Oracle and Db2 are written down: what is inserted, what the connector tells, what the document holds.

What is told is what the connector's page of Debezium's documentation says (Data type mappings), with the properties of
`connector_configs`. So the way from there to the document is tested where no server can be had (`tests/unit/mapping/test_told_types.py`),
and all of it where Docker is (`tests/docker/test_types.py`).
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from bson import Binary
from bson.datetime_ms import DatetimeMS
from tests.contract.types.dialects import Dialect
from tests.contract.types.everyday import dec, uuid
from tests.contract.types.logical import SAME, LogicalType, Value, at, day, unchanged
from tests.fakes.envelopes import column, unscaled, variable_scale

Schema = Mapping[str, Any]
Pair = tuple[Any, Any]
"""What the document holds, and what is told."""

DAY_MICROS = 86_400_000_000


def plain(kind: str, logical: str | None = None, **parameters: str) -> Schema:
    """The schema of a column, which has a name only once it is in a table."""
    return {**column("", kind, logical), **({"parameters": parameters} if parameters else {})}


def scaled(precision: int, scale: int) -> Schema:
    """Numbers with a fixed number of digits behind the point."""
    parameters = {"scale": str(scale), "connect.decimal.precision": str(precision)}
    return column("", "bytes", "org.apache.kafka.connect.data.Decimal", parameters=parameters)


BOOLEAN, INT8, INT16, INT32, INT64 = map(plain, ("boolean", "int8", "int16", "int32", "int64"))
FLOAT32, FLOAT64, STRING, BYTES = map(plain, ("float", "double", "string", "bytes"))
XML = plain("string", "io.debezium.data.Xml")
DATE, TIME, TIMESTAMP = (
    plain(kind, f"io.debezium.time.{name}") for kind, name in (("int32", "Date"), ("int64", "MicroTime"), ("int64", "MicroTimestamp"))
)
ZONED_TIMESTAMP, INTERVAL = (plain("string", f"io.debezium.time.{name}") for name in ("ZonedTimestamp", "Interval"))
VARIABLE_SCALE = variable_scale("")


def digits(text: str) -> str:
    """What is told of a number of a `scaled` column, given with all digits of its scale."""
    return unscaled(int(text.replace(".", "")))


def decimal(text: str, stored: str | None = None) -> Pair:
    """Such a number; `stored` is how Decimal128 has it where the digits are more than it holds, but for zeros at the end."""
    return dec(stored or text), digits(text)


def varying_digits(text: str) -> dict[str, Any]:
    """What is told of a number that carries its scale."""
    return {"scale": len(text.partition(".")[2]), "value": digits(text)}


def varying(text: str, stored: str | None = None) -> Pair:
    """Such a number."""
    return dec(stored or text), varying_digits(text)


def binary(content: bytes) -> Pair:
    """Bytes."""
    return content, b64encode(content).decode()


def guid(text: str) -> tuple[Binary, str]:
    """A UUID that is told as a text."""
    return uuid(text), text


def date(year: int, month: int, day_of_month: int) -> tuple[DatetimeMS, int]:
    """A date."""
    return at(year, month, day_of_month), day(year, month, day_of_month)


def timestamp(year: int, month: int = 1, day_of_month: int = 1, *clock: int, micros: int = 0) -> tuple[DatetimeMS, int]:
    """A date and time of day (hour, minute, second), of which BSON has no microseconds."""
    hour, minute, second = (*clock, 0, 0, 0)[:3]
    told = day(year, month, day_of_month) * DAY_MICROS + ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros
    return at(year, month, day_of_month, hour, minute, second, micros // 1_000), told


def clock(hour: int, minute: int, second: int, micros: int = 0) -> tuple[str, int]:
    """A time of day."""
    text = f"{hour:02}:{minute:02}:{second:02}" + (f".{micros:06}" if micros else "")
    return text, ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros


def canonical(xml: str) -> str:
    """The text that all have in common whose XML is the same but for blanks between its elements."""
    return ET.canonicalize(xml, strip_text=True)


class Writer:
    """Writes types and values of one dialect down."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect.name

    def value(self, literal: str, stored: Any, told: Any = SAME, *, key: Any = SAME, distorted: str | None = None) -> Value:
        """A value; without `told` the connector tells it as the document has it."""
        known = stored if told is SAME else told
        return Value(stored, key=key, distorted=distorted, told=known, **{self._dialect: literal})

    def key(self, literal: str, identity: Any, told: Any) -> Value:
        """A value that is tried as a key only."""
        return self.value(literal, None, told, key=identity)

    def type(
        self,
        name: str,
        called: str,
        schema: Schema,
        *values: Value,
        keys: tuple[Value, ...] | bool = False,
        large: Value | None = None,
        like: Callable[[Any], Any] = unchanged,
    ) -> LogicalType:
        """A type; `keys=True` tries all of its values as keys."""
        tried = keys if isinstance(keys, tuple) else values if keys else ()
        return LogicalType(name, values, keys=tried, large=large, schema=schema, like=like, **{self._dialect: called})
