"""Dates and times keep their instant in all years that a database has."""

from datetime import UTC, date, datetime, timedelta, timezone

import bson
import pytest
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mapping import times

EPOCH = date(1970, 1, 1)
EPOCH_NAIVE = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
AS_MILLIS: CodecOptions[dict[str, object]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)


def stored_millis(value: datetime | DatetimeMS) -> int:
    """What MongoDB would hold."""
    decoded = bson.decode(bson.encode({"at": value}), codec_options=AS_MILLIS)["at"]
    assert isinstance(decoded, DatetimeMS)
    return int(decoded)


@given(st.dates())
def test_days_are_those_of_pythons_calendar(day: date) -> None:
    assert times.days_from_civil(day.year, day.month, day.day) == (day - EPOCH).days
    assert times.civil_from_days((day - EPOCH).days) == (day.year, day.month, day.day)


@given(st.integers(-2_000_000_000, 2_200_000_000))
def test_days_and_dates_are_inverse_in_any_year_and_repeat_after_400_years(days: int) -> None:
    year, month, day = times.civil_from_days(days)
    assert times.days_from_civil(year, month, day) == days
    assert times.civil_from_days(days + 146_097) == (year + 400, month, day)


@given(st.integers(-2_440_588, 2_145_031_948))
def test_a_date_is_its_midnight(days: int) -> None:
    assert stored_millis(times.date_from_days(days)) == days * 86_400_000


@given(st.integers(-210_000_000_000_000_000, 9_223_371_331_200_000_000))
def test_a_timestamp_is_cut_to_the_millisecond_before(micros: int) -> None:
    millis = stored_millis(times.date_from_micros(micros))
    assert 0 <= micros - millis * 1_000 < 1_000
    assert stored_millis(times.date_from_millis(millis)) == millis


@given(st.integers(-(2**63) + 1, 2**63 - 2))
def test_so_is_one_in_nanoseconds(nanos: int) -> None:
    assert 0 <= nanos - stored_millis(times.date_from_nanos(nanos)) * 1_000_000 < 1_000_000


@given(st.datetimes(timezones=st.builds(lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-1_080, 1_080))))
def test_a_zoned_timestamp_is_its_instant_whatever_its_offset(at: datetime) -> None:
    micros = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert stored_millis(times.date_from_zoned(at.isoformat())) == micros // 1_000


@given(st.datetimes())
def test_a_zoned_timestamp_in_utc_is_its_instant(at: datetime) -> None:
    micros = (at - EPOCH_NAIVE) // timedelta(microseconds=1)
    assert stored_millis(times.date_from_zoned(at.isoformat() + "Z")) == micros // 1_000


@pytest.mark.parametrize(
    ("text", "days", "millis"),
    [
        ("-0043-03-15T12:00:00.000000Z", -735_160, 43_200_000),
        ("0000-12-31T23:59:59.999Z", -719_163, 86_399_999),
        ("+12024-01-01T00:00:00Z", 3_672_148, 0),
        ("+294276-12-31T23:59:59.999999Z", 106_762_939, 86_399_999),
        ("-4712-01-01T00:00:00Z", -2_440_550, 0),
        ("9999-12-31T23:59:59.999999999Z", 2_932_896, 86_399_999),
        ("9999-12-31T23:59:59-18:00", 2_932_897, 64_799_000),
        ("2024-02-29T12:34Z", 19_782, 45_240_000),
    ],
)
def test_years_beyond_pythons_are_read_too(text: str, days: int, millis: int) -> None:
    assert stored_millis(times.date_from_zoned(text)) == days * 86_400_000 + millis


@pytest.mark.parametrize("text", ["", "Z", "2024-02-29", "2024-02-29T12:34:56", "yesterday", "2024-02-29 12:34:56+0", "24-01-01T00:00:00Z"])
def test_what_is_no_zoned_timestamp_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        times.date_from_zoned(text)


def test_infinities_lie_after_and_before_everything_and_are_the_same_in_snapshots_and_changes() -> None:
    later = [
        times.date_from_days(-622_191_234),
        times.date_from_days(-2_147_472_692),
        times.date_from_days(2_146_033_979),
        times.date_from_micros(9_223_372_036_825_200_000),
        times.date_from_micros(2**63 - 1),
        times.date_from_julian_micros(2**63 - 1),
        times.date_from_millis(9_223_372_036_825_200),
        times.date_from_millis(9_223_372_036_825_200_000),
        times.date_from_julian_millis(9_223_372_036_825_200_000),
        times.date_from_nanos(2**63 - 1),
        times.date_from_zoned("infinity"),
    ]
    earlier = [
        times.date_from_days(-625_821_272),
        times.date_from_days(-2_147_472_691),
        times.date_from_micros(-9_223_372_036_832_400_000),
        times.date_from_micros(-(2**63)),
        times.date_from_julian_micros(-(2**63)),
        times.date_from_millis(-9_223_372_036_832_400),
        times.date_from_millis(-9_223_372_036_832_400_000),
        times.date_from_julian_millis(-9_223_372_036_832_400_000),
        times.date_from_zoned("+292269055-12-02T16:47:04.000000Z"),
        times.date_from_nanos(-(2**63)),
        times.date_from_zoned("-infinity"),
    ]
    assert {stored_millis(value) for value in later} == {8_640_000_000_000_000}
    assert {stored_millis(value) for value in earlier} == {-8_640_000_000_000_000}


@pytest.mark.parametrize("days", [-(2**31), 2**31 - 1])
def test_a_date_that_no_database_has_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match=str(days)):
        times.date_from_days(days)


def test_a_timestamp_that_has_gone_beyond_64_bits_is_refused() -> None:
    overflow = -9_223_372_036_853_775_810  # 294276-12-31 23:59:59.999999, as Debezium sends it
    for read in (times.date_from_micros, times.text_from_micros):
        with pytest.raises(ValueError, match="294246"):
            read(overflow)


@given(st.integers(-4_712, 1_582), st.integers(1, 12), st.integers(1, 28), st.integers(0, 86_399_999_999))
def test_a_timestamp_of_an_array_keeps_the_date_that_it_has_in_the_julian_calendar(year: int, month: int, day: int, time: int) -> None:
    if (year, month, day) >= (1582, 10, 5):
        return
    shifted, shift = (year, month - 2) if month > 2 else (year - 1, month + 10)
    julian = shifted * 365 + shifted // 4 + (153 * (shift - 1) + 2) // 5 + day - 719_471
    micros = times.gregorian_micros(julian * 86_400_000_000 + time)
    assert micros == times.days_from_civil(year, month, day) * 86_400_000_000 + time
    assert times.julian_from_days(julian) == (year, month, day)


def test_a_timestamp_since_1582_is_what_it_is_in_an_array_too() -> None:
    for micros in (-12_219_292_800_000_000, 0, 1_709_210_096_123_456, 2**63 - 1, -(2**63)):
        assert times.gregorian_micros(micros) == micros


@given(st.times())
def test_a_time_of_day_is_pythons_iso_format(time: object) -> None:
    text = str(time)
    hours, minutes, seconds = text.split(":")
    micros = (int(hours) * 60 + int(minutes)) * 60_000_000 + round(float(seconds) * 1_000_000)
    assert times.time_of_day(6)(micros) == text


@pytest.mark.parametrize(
    ("digits", "value", "text"),
    [
        (6, 45_296_123_456, "12:34:56.123456"),
        (3, 45_296_120, "12:34:56.120"),
        (9, 45_296_000_000_001, "12:34:56.000000001"),
        (6, 0, "00:00:00"),
        (6, 86_400_000_000, "24:00:00"),
    ],
)
def test_times_of_all_precisions_are_written_with_their_digits(digits: int, value: int, text: str) -> None:
    assert times.time_of_day(digits)(value) == text


@given(st.datetimes())
def test_timestamps_in_keys_keep_every_microsecond(at: datetime) -> None:
    micros = (at - EPOCH_NAIVE) // timedelta(microseconds=1)
    assert times.text_from_micros(micros) == at.isoformat(timespec="microseconds")
    assert times.text_from_nanos(micros * 1_000 + 7) == at.isoformat(timespec="microseconds") + "007"
    assert times.text_from_zoned(at.isoformat() + "Z") == at.isoformat(timespec="microseconds") + "Z"


def test_one_instant_has_one_text_in_keys() -> None:
    written = ["2024-01-01T00:00:00.12Z", "2024-01-01T00:00:00.120000Z", "2024-01-01T02:00:00.120+02:00"]
    assert {times.text_from_zoned(text) for text in written} == {"2024-01-01T00:00:00.120000Z"}
    assert times.text_from_zoned("2024-01-01T00:00:00.1234567Z") == "2024-01-01T00:00:00.123456700Z"


def test_keys_have_all_years_and_the_infinities() -> None:
    assert times.text_from_micros(-63_517_780_800_000_000) == "-0043-03-15T12:00:00.000000"
    assert times.text_from_micros(317_273_587_200_000_001) == "+12024-01-01T00:00:00.000001"
    assert times.text_from_zoned("-0043-03-15T12:00:00Z") == "-0043-03-15T12:00:00.000000Z"
    assert times.text_from_micros(9_223_372_036_825_200_000) == times.text_from_zoned("infinity") == "infinity"
    assert times.text_from_nanos(-(2**63)) == "-infinity"
    assert times.text_from_micros(2**63 - 1) == times.text_from_millis(9_223_372_036_825_200_000) == "infinity"
    assert times.text_from_zoned("+292269055-12-02T16:47:04.000000Z") == "-infinity"
    assert (times.key_from_days(2_146_033_979), times.key_from_days(-2_147_472_691)) == ("infinity", "-infinity")
    assert times.key_from_days(1) == DatetimeMS(86_400_000)
