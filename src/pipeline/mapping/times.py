"""
Dates and times as Debezium sends them (its documentation: Temporal types), into BSON.

BSON's date counts milliseconds since 1970 in 64 bits, so every date that a source can hold
fits; Python's `datetime` ends at the years 1 and 9999 and serves only where it is faster.
Calendar arithmetic is proleptic Gregorian, as SQL's and ISO 8601's is; years before 1 are
astronomical (the year 0 is 1 BC).
"""

import re
from collections.abc import Callable
from datetime import datetime

from bson.datetime_ms import DatetimeMS

DAY_SECONDS = 86_400
DAY_MS = DAY_SECONDS * 1_000

INFINITY = DatetimeMS(8_640_000_000_000_000)
MINUS_INFINITY = DatetimeMS(-8_640_000_000_000_000)
"""BSON has no infinite date: the last and the first instant that every driver can hold (ECMAScript's limits)."""

INFINITE_TEXTS = {"infinity": INFINITY, "-infinity": MINUS_INFINITY}
INFINITE_MICROS = {9_223_372_036_825_200_000: "infinity", -9_223_372_036_832_400_000: "-infinity"}
INFINITE_MILLIS = {9_223_372_036_825_200: "infinity", -9_223_372_036_832_400: "-infinity"}
INFINITE_NANOS = {2**63 - 1: "infinity", -(2**63): "-infinity"}
"""PostgreSQL's infinite timestamps as Debezium writes them (its documentation: PostgreSQL, TIMESTAMP type)."""

INFINITE_DAYS = {
    -622_191_234: INFINITY,
    -625_821_272: MINUS_INFINITY,
    -2_147_472_692: INFINITY,
    -2_147_472_691: MINUS_INFINITY,
}
"""PostgreSQL's infinite dates: what becomes of them in Debezium's snapshots (the first two) and changes."""

EARLIEST_DAY = -5_000_000
"""Before any date that a database has (PostgreSQL's first is in 4713 BC)."""

_ZONED = re.compile(
    r"(?P<year>[+-]?\d{4,})-(?P<month>\d\d)-(?P<day>\d\d)T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"(?:Z|(?P<sign>[+-])(?P<hours>\d\d):(?P<minutes>\d\d)(?::(?P<seconds>\d\d))?)"
)


def date_from_days(days: int) -> DatetimeMS:
    """
    Return midnight UTC of the day, counted from 1970-01-01.

    Raises:
        ValueError: No database has this date: it is an overflow on its way here.
    """
    if days < EARLIEST_DAY:
        if days in INFINITE_DAYS:
            return INFINITE_DAYS[days]
        raise ValueError(f"the day {days} is no date of the source")
    return DatetimeMS(days * DAY_MS)


def date_from_millis(millis: int) -> DatetimeMS:
    """Return the instant."""
    return INFINITE_TEXTS[INFINITE_MILLIS[millis]] if millis in INFINITE_MILLIS else DatetimeMS(millis)


def date_from_micros(micros: int) -> DatetimeMS:
    """Return the instant; what is finer than a millisecond is cut."""
    return INFINITE_TEXTS[INFINITE_MICROS[micros]] if micros in INFINITE_MICROS else DatetimeMS(micros // 1_000)


def date_from_nanos(nanos: int) -> DatetimeMS:
    """Return the instant; what is finer than a millisecond is cut."""
    return INFINITE_TEXTS[INFINITE_NANOS[nanos]] if nanos in INFINITE_NANOS else DatetimeMS(nanos // 1_000_000)


def date_from_zoned(text: str) -> datetime | DatetimeMS:
    """
    Return the instant of an ISO 8601 date and time with an offset; what is finer than a millisecond is cut.

    Raises:
        ValueError: The text is neither that nor `infinity` or `-infinity`.
    """
    if text.endswith("Z"):
        try:
            return datetime.fromisoformat(text[:-1])
        except ValueError:
            pass  # a year outside of datetime's range
    if text in INFINITE_TEXTS:
        return INFINITE_TEXTS[text]
    seconds, nanos = _parse_zoned(text)
    return DatetimeMS(seconds * 1_000 + nanos // 1_000_000)


def text_from_zoned(text: str) -> str:
    """Return the one text for an instant, whatever its offset and number of digits, in UTC."""
    return text if text in INFINITE_TEXTS else timestamp_text(*_parse_zoned(text)) + "Z"


def text_from_millis(millis: int) -> str:
    """Return the timestamp as ISO 8601 without a zone: the same text as a finer column has for it."""
    return INFINITE_MILLIS.get(millis) or text_from_nanos(millis * 1_000_000)


def text_from_micros(micros: int) -> str:
    """The same for microseconds."""
    return INFINITE_MICROS.get(micros) or text_from_nanos(micros * 1_000)


def text_from_nanos(nanos: int) -> str:
    """The same for nanoseconds."""
    return INFINITE_NANOS.get(nanos) or timestamp_text(*divmod(nanos, 1_000_000_000))


def time_of_day(digits: int) -> Callable[[int], str]:
    """
    Make a function from a time of day, counted in units of 10 to the -digits seconds, to ISO 8601.

    A fraction is written with all its digits, or not at all where it is zero. SQL's
    24:00:00 stays what it is.
    """
    units = 10**digits

    def text(time: int) -> str:
        seconds, fraction = divmod(time, units)
        minutes, second = divmod(seconds, 60)
        clock = f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"
        return f"{clock}.{fraction:0{digits}}" if fraction else clock

    return text


def timestamp_text(seconds: int, nanos: int) -> str:
    """
    Return ISO 8601 for seconds since 1970 and the nanoseconds beyond them: six digits, or nine where it needs them.

    Years outside 0 to 9999 carry their sign.
    """
    days, time = divmod(seconds, DAY_SECONDS)
    year, month, day = civil_from_days(days)
    written = f"{year:04}" if 0 <= year <= 9999 else f"{year:+05}"
    fraction = f"{nanos:09}" if nanos % 1_000 else f"{nanos // 1_000:06}"
    return f"{written}-{month:02}-{day:02}T{time // 3600:02}:{time // 60 % 60:02}:{time % 60:02}.{fraction}"


def _parse_zoned(text: str) -> tuple[int, int]:
    """Seconds since 1970, and the nanoseconds beyond them."""
    match = _ZONED.fullmatch(text)
    if match is None:
        raise ValueError("it is not a date and time of ISO 8601 with an offset")
    part = {name: int(value or 0) for name, value in match.groupdict().items() if name not in ("fraction", "sign")}
    offset = part["hours"] * 3600 + part["minutes"] * 60 + part["seconds"]
    clock = part["hour"] * 3600 + part["minute"] * 60 + part["second"]
    days = days_from_civil(part["year"], part["month"], part["day"])
    seconds = days * DAY_SECONDS + clock + (offset if match["sign"] == "-" else -offset)
    return seconds, int((match["fraction"] or "0").ljust(9, "0"))


def days_from_civil(year: int, month: int, day: int) -> int:
    """
    Return the days from 1970-01-01 to a date, for any year.

    The year is taken to begin in March, so that the leap day is its last (Howard Hinnant,
    chrono-Compatible Low-Level Date Algorithms).
    """
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Return year, month and day of the day counted from 1970-01-01: the inverse of `days_from_civil`."""
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return era * 400 + year_of_era + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1
