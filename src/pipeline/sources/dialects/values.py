"""
Values as database drivers have them, into JSON as Debezium writes it.

A driver may have one of several classes for a type, and SQLite any. Each function takes those
that are exact; of anything else it raises ValueError with the reason.
"""

import math
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias
from uuid import UUID

Convert: TypeAlias = Callable[[Any], Any]

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - in UTC, as what is compared with it
EPOCH_DAY = EPOCH.toordinal()
MICROSECOND = timedelta(microseconds=1)

_FINER = re.compile(r"\.\d{6}\d*[1-9]")
"""A fraction of a second with more digits than a microsecond."""


def integer(value: Any) -> int:
    """A whole number."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    raise _unlike(value, "a whole number")


def decimal(value: Any) -> str:
    """A decimal number's plain text; NaN and the infinities as Debezium calls them (decimal.handling.mode=string)."""
    if isinstance(value, float):
        value = repr(value)
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise _unlike(value, "a decimal number") from None
    if number.is_nan():
        return "NAN"
    if number.is_infinite():
        return "NEGATIVE_INFINITY" if number < 0 else "POSITIVE_INFINITY"
    return format(number, "f")


def double(value: Any) -> float | str:
    """A binary floating point number; what JSON has no number for is a text."""
    if isinstance(value, str) or not isinstance(value, (int, float, Decimal)):
        raise _unlike(value, "a number")
    number = float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def boolean(value: Any) -> bool:
    """True or false, also as 1 or 0."""
    if value in (0, 1) and not isinstance(value, float):
        return bool(value)
    if value in (b"\0", b"\1"):
        return bool(value == b"\1")
    raise _unlike(value, "true or false")


def text(value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise _unlike(value, "a text")
    return value


def binary(value: Any) -> str:
    """Bytes, in base64."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise _unlike(value, "binary")
    return b64encode(value).decode()


def days(value: Any) -> int:
    """Days since 1970-01-01."""
    if isinstance(value, str):
        value = _parsed(value, date.fromisoformat, "a date")
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _unlike(value, "a date")
    return value.toordinal() - EPOCH_DAY


def micros(value: Any) -> int:
    """Microseconds since 1970-01-01 00:00:00, without a zone; a text may have one, and counts in UTC then."""
    if isinstance(value, str):
        value = _parsed(value, datetime.fromisoformat, "a timestamp")
    if not isinstance(value, datetime):
        raise _unlike(value, "a timestamp")
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return int((value - EPOCH) // MICROSECOND)


def zoned(value: Any) -> str:
    """An instant, as ISO 8601 in UTC."""
    if isinstance(value, str):
        value = _parsed(value, datetime.fromisoformat, "a timestamp")
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _unlike(value, "a timestamp with a zone")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def zoned_in_utc(value: Any) -> str:
    """An instant that the driver gives without its zone, which is UTC (MySQL's TIMESTAMP in a session of UTC)."""
    return zoned(value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value)


def time_micros(value: Any) -> int:
    """Microseconds since midnight; MySQL's times are durations."""
    if isinstance(value, str):
        value = _parsed(value, time.fromisoformat, "a time of day")
    if isinstance(value, time) and value.tzinfo is None:
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    if not isinstance(value, timedelta):
        raise _unlike(value, "a time of day")
    return value // MICROSECOND


def zoned_time(value: Any) -> str:
    """A time of day with a zone, as ISO 8601 in UTC."""
    if not isinstance(value, time) or value.tzinfo is None:
        raise _unlike(value, "a time of day with a zone")
    instant = datetime.combine(date(2000, 1, 1), value).astimezone(UTC)
    return instant.time().isoformat() + "Z"


def duration(value: Any) -> str:
    """An ISO 8601 duration; a text is one already."""
    if isinstance(value, str):
        return value
    if not isinstance(value, timedelta):
        raise _unlike(value, "a duration")
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06d}" if value.microseconds else ""
    return f"P{sign}{value.days}DT{sign}{hours}H{sign}{minutes}M{sign}{seconds}{fraction}S"


def uuid(value: Any) -> str:
    """A UUID's text."""
    if isinstance(value, str):
        value = _parsed(value, UUID, "a UUID")
    if isinstance(value, (bytes, bytearray)) and len(value) == 16:
        value = UUID(bytes=bytes(value))
    if not isinstance(value, UUID):
        raise _unlike(value, "a UUID")
    return str(value)


def array(element: Convert) -> Convert:
    """Make what converts a list whose elements `element` converts."""

    def converted(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)):
            raise _unlike(value, "an array")
        return [None if each is None else element(each) for each in value]

    return converted


def _parsed(value: str, parse: Callable[[str], Any], what: str) -> Any:
    if _FINER.search(value):
        raise ValueError("it is finer than a microsecond")
    try:
        return parse(value)
    except ValueError:
        raise ValueError(f"it is a text, but not {what} in ISO 8601") from None


def _unlike(value: object, what: str) -> ValueError:
    return ValueError(f"it is {type(value).__name__}, not {what}")
