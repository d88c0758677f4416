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
INFINITE_MICROS = {
    2**63 - 1: "infinity",
    -(2**63): "-infinity",
    9_223_372_036_825_200_000: "infinity",
    -9_223_372_036_832_400_000: "-infinity",
}
INFINITE_MILLIS = {
    9_223_372_036_825_200_000: "infinity",
    -9_223_372_036_832_400_000: "-infinity",
    9_223_372_036_825_200: "infinity",
    -9_223_372_036_832_400: "-infinity",
}
INFINITE_NANOS = {2**63 - 1: "infinity", -(2**63): "-infinity"}
"""PostgreSQL's infinite timestamps as Debezium writes them: each two kinds where 3.7 and 3.6 differ, or arrays from the rest."""

INFINITE_DAYS = {
    2_146_033_979: "infinity",
    -2_147_472_691: "-infinity",
    -2_147_472_692: "infinity",
    -622_191_234: "infinity",
    -625_821_272: "-infinity",
}
"""PostgreSQL's infinite dates: in changes and snapshots (the first two, the third with Debezium 3.6), and what arrays have."""

EARLIEST_DAY = -5_000_000
LATEST_DAY = 2_146_000_000
"""Outside of these no database has dates (PostgreSQL's are from 4713 BC to 5874897)."""

EARLIEST_MICROS = EARLIEST_DAY * DAY_SECONDS * 1_000_000
LATEST_MICROS = 9_223_372_036_825_200_000
"""What lies outside is infinite, of the year 294247, or has gone beyond 64 bits on its way here."""

MYSQL_ZERO = "1970-01-01T00:00:00"
MYSQL_YEAR_ZERO = 1900

LATEST_SECONDS = 9_224_318_015_999
"""The end of the year 294276. A timestamp with a zone that seems later is minus infinity, which has lost its era in an array."""

JAVA_CUTOVER_MICROS = -12_219_292_800_000_000
"""1582-10-15, before which Java's `GregorianCalendar` counts by the Julian calendar."""

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
    return DatetimeMS(days * DAY_MS) if EARLIEST_DAY < days < LATEST_DAY else INFINITE_TEXTS[_infinite_day(days)]


def date_from_millis(millis: int) -> DatetimeMS:
    """Return the instant."""
    return INFINITE_TEXTS[INFINITE_MILLIS[millis]] if millis in INFINITE_MILLIS else DatetimeMS(millis)


def date_from_micros(micros: int) -> DatetimeMS:
    """
    Return the instant; what is finer than a millisecond is cut.

    Raises:
        ValueError: It has gone beyond 64 bits on its way here: a timestamp after the year 294246.
    """
    if EARLIEST_MICROS < micros < LATEST_MICROS:
        return DatetimeMS(micros // 1_000)
    return INFINITE_TEXTS[INFINITE_MICROS[micros]] if micros in INFINITE_MICROS else DatetimeMS(_whole(micros) // 1_000)


def date_from_julian_micros(micros: int) -> DatetimeMS:
    """The same for what `gregorian_micros` is for."""
    return date_from_micros(gregorian_micros(micros))


def date_from_julian_millis(millis: int) -> DatetimeMS:
    """The same for milliseconds."""
    return date_from_millis(millis if millis in INFINITE_MILLIS else gregorian_micros(millis * 1_000) // 1_000)


def gregorian_micros(micros: int) -> int:
    """
    Return the instant that has in the Gregorian calendar the date which the given one has in Java's.

    PostgreSQL counts by the Gregorian calendar at all times, Java by the Julian one until
    1582, so that a timestamp of an array, which has been a `java.sql.Timestamp`, is another instant.
    """
    if micros >= JAVA_CUTOVER_MICROS or micros in INFINITE_MICROS:
        return micros
    days, time = divmod(micros, DAY_SECONDS * 1_000_000)
    return days_from_civil(*julian_from_days(days)) * DAY_SECONDS * 1_000_000 + time


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
    seconds, nanos = parse_zoned(text)
    return MINUS_INFINITY if seconds > LATEST_SECONDS else DatetimeMS(seconds * 1_000 + nanos // 1_000_000)


def date_from_mysql_timestamp(text: str) -> datetime | DatetimeMS | None:
    """
    The same for a TIMESTAMP of MySQL or MariaDB; the first moment of 1970 is none.

    They begin a second later: where zero timestamps are told as dates, they are told as that.
    """
    return None if text.startswith(MYSQL_ZERO) and not text.rstrip("Z0").partition(".")[2] else date_from_zoned(text)


def year(number: int) -> int:
    """Return the year; those of MySQL begin with 1901, and the year 0000 is told as 1900."""
    return 0 if number == MYSQL_YEAR_ZERO else number


def key_from_days(days: int) -> DatetimeMS | str:
    """Return midnight UTC of the day; an infinite one is a text, which no other date is."""
    return DatetimeMS(days * DAY_MS) if EARLIEST_DAY < days < LATEST_DAY else _infinite_day(days)


def text_from_zoned(text: str) -> str:
    """Return the one text for an instant, whatever its offset and number of digits, in UTC."""
    if text in INFINITE_TEXTS:
        return text
    seconds, nanos = parse_zoned(text)
    return "-infinity" if seconds > LATEST_SECONDS else timestamp_text(seconds, nanos) + "Z"


def text_from_millis(millis: int) -> str:
    """Return the timestamp as ISO 8601 without a zone: the same text as a finer column has for it."""
    return INFINITE_MILLIS.get(millis) or text_from_nanos(millis * 1_000_000)


def text_from_micros(micros: int) -> str:
    """The same for microseconds."""
    return INFINITE_MICROS.get(micros) or text_from_nanos(_whole(micros) * 1_000)


def text_from_nanos(nanos: int) -> str:
    """The same for nanoseconds."""
    return INFINITE_NANOS.get(nanos) or timestamp_text(*divmod(nanos, 1_000_000_000))


def time_of_day(digits: int, shown: int | None = None) -> Callable[[int], str]:
    """
    Make a function from a time of day, counted in units of 10 to the -digits seconds, to ISO 8601.

    A fraction is written with all its digits, or as many as are to be `shown`; not at all where it is
    zero. SQL's 24:00:00 stays what it is, and so do MySQL's times, which are spans from -838:59:59
    to 838:59:59.
    """
    units = 10**digits

    def text(time: int) -> str:
        if time < 0:
            return f"-{text(-time)}"
        seconds, fraction = divmod(time, units)
        minutes, second = divmod(seconds, 60)
        clock = f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"
        return f"{clock}.{f'{fraction:0{digits}}'.ljust(shown or digits, '0')}" if fraction else clock

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


def parse_zoned(text: str) -> tuple[int, int]:
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


def _infinite_day(days: int) -> str:
    if days not in INFINITE_DAYS:
        raise ValueError(f"the day {days} is no date of the source")
    return INFINITE_DAYS[days]


def _whole(micros: int) -> int:
    if micros <= EARLIEST_MICROS:
        raise ValueError("it is after the year 294246, and has gone beyond the 64 bits in which Debezium counts its microseconds")
    return micros


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


def julian_from_days(days: int) -> tuple[int, int, int]:
    """Return year, month and day in the Julian calendar, whose leap years come every four years, of the day counted from 1970-01-01."""
    cycle, day_of_cycle = divmod(days + 719_470, 1_461)
    year_of_cycle = min(day_of_cycle // 365, 3)
    day_of_year = day_of_cycle - year_of_cycle * 365
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return cycle * 4 + year_of_cycle + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1
