"""Literals, read as what they are compared with."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from pipeline.filters.dialect import Family
from pipeline.filters.kinds import Kind
from pipeline.filters.numbers import NAN, NotANumber
from pipeline.mapping.times import DAY_SECONDS

MICROS = 1_000_000
DAY_MICROS = DAY_SECONDS * MICROS
EPOCH_DAY = date(1970, 1, 1).toordinal()
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - in UTC, as what is compared with it

_INTEGER = re.compile(r"[+-]?\d+")
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIMESTAMP = re.compile(r"(?P<moment>\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?) ?(?P<offset>Z|[+-]\d\d(:?\d\d)?)?")
_INFINITE = {"infinity": float("inf"), "-infinity": float("-inf")}
_NOT_FINITE = {"nan": NAN, "inf": float("inf"), "-inf": float("-inf"), "+inf": float("inf"), "+infinity": float("inf"), **_INFINITE}
_BOOLEANS = {"t": True, "true": True, "y": True, "yes": True, "on": True, "1": True} | {
    "f": False,
    "false": False,
    "n": False,
    "no": False,
    "off": False,
    "0": False,
}

DATE_LENGTH = len("2024-12-31")
DATE_FORM = "as '2024-12-31'"
TIMESTAMP_FORM = "as '2024-12-31 23:59:59.123456'"


def integer(text: str) -> int:
    """A whole number."""
    return int(_matched(_INTEGER, text.strip(), "a whole number"))


def decimal_number(text: str) -> Any:
    """A number; PostgreSQL also reads NaN and infinities."""
    name = text.strip().lower()
    if name in _NOT_FINITE:
        return _NOT_FINITE[name]
    try:
        return Decimal(_matched(_DECIMAL, text.strip(), "a number"))
    except InvalidOperation:
        raise ValueError("is not a number") from None


def double_number(text: str) -> Any:
    """The same in double precision."""
    value = decimal_number(text)
    return value if isinstance(value, NotANumber) else float(value)


def boolean(text: str) -> bool:
    """A boolean, as PostgreSQL reads it."""
    if text.strip().lower() not in _BOOLEANS:
        raise ValueError("is not a boolean: write true or false")
    return _BOOLEANS[text.strip().lower()]


def day(text: str) -> Any:
    """The days since 1970."""
    if text in _INFINITE:
        return _INFINITE[text]
    return date.fromisoformat(_matched(_DATE, text, f"a date, {DATE_FORM}")).toordinal() - EPOCH_DAY


def moment(text: str) -> Any:
    """The microseconds since 1970 of a timestamp without a zone, or of a day's beginning."""
    if text in _INFINITE:
        return _INFINITE[text]
    if _DATE.fullmatch(text):
        return day(text) * DAY_MICROS
    match = _TIMESTAMP.fullmatch(text)
    if match is None or match["offset"]:
        raise ValueError(f"is not a timestamp without a zone, {TIMESTAMP_FORM}")
    return _micros(match["moment"])


def instant(text: str) -> Any:
    """The microseconds since 1970 of a timestamp with a zone; one without counts in UTC."""
    if text in _INFINITE or _DATE.fullmatch(text):
        return moment(text)
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(f"is not a timestamp, {TIMESTAMP_FORM} or with an offset behind it (+01:00)")
    return _micros(match["moment"]) - _offset_micros(match["offset"] or "Z")


def has_zone(text: str) -> bool:
    """Whether the literal of an instant says itself where it is meant."""
    match = _TIMESTAMP.fullmatch(text)
    return text in _INFINITE or (match is not None and match["offset"] is not None)


def uuid(text: str) -> str:
    """A UUID, as Debezium writes it."""
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("is not a UUID") from None


READERS: dict[Kind, Callable[[str], Any]] = {
    Kind.INTEGER: integer,
    Kind.DECIMAL: decimal_number,
    Kind.DOUBLE: double_number,
    Kind.BOOLEAN: boolean,
    Kind.DATE: day,
    Kind.TIMESTAMP: moment,
    Kind.INSTANT: instant,
    Kind.UUID: uuid,
    Kind.TEXT: str,
    Kind.ENUM: str,
}

TEXTS = frozenset({Kind.TEXT, Kind.ENUM})
TIMES = frozenset({Kind.DATE, Kind.TIMESTAMP, Kind.INSTANT})


def readable(kind: Kind, family: Family) -> bool:
    """Whether a literal in quotes is read as this kind: MySQL compares numbers with texts by rounding both."""
    return kind in READERS if family is Family.POSTGRESQL else kind in TEXTS | TIMES


def _matched(pattern: "re.Pattern[str]", text: str, what: str) -> str:
    if pattern.fullmatch(text) is None:
        raise ValueError(f"is not {what}")
    return text


def _micros(text: str) -> int:
    whole = datetime.fromisoformat(text.replace("T", " ")) - EPOCH
    return (whole.days * DAY_SECONDS + whole.seconds) * MICROS + whole.microseconds


def _offset_micros(offset: str) -> int:
    if offset == "Z":
        return 0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return (-seconds if offset[0] == "-" else seconds) * MICROS
