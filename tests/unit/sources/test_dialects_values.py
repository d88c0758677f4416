"""What drivers have for values becomes what Debezium writes for them, exactly or not at all."""

from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mapping.decimals import decimal128
from pipeline.mapping.times import date_from_days, date_from_micros, date_from_zoned
from pipeline.sources.dialects import values

EAST = timezone(timedelta(hours=2))
NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("convert", "value", "json"),
    [
        (values.integer, 5, 5),
        (values.integer, True, 1),
        (values.integer, Decimal("5.00"), 5),
        (values.decimal, Decimal("1E+3"), "1000"),
        (values.decimal, Decimal("1.50"), "1.50"),
        (values.decimal, Decimal("NaN"), "NAN"),
        (values.decimal, Decimal("-Infinity"), "NEGATIVE_INFINITY"),
        (values.decimal, INFINITY, "POSITIVE_INFINITY"),
        (values.decimal, 0.1, "0.1"),
        (values.decimal, 2**70, str(2**70)),
        (values.decimal, "12.50", "12.50"),
        (values.double, 1, 1.0),
        (values.double, NAN, "NaN"),
        (values.double, INFINITY, "Infinity"),
        (values.double, -INFINITY, "-Infinity"),
        (values.boolean, 0, False),
        (values.boolean, b"\1", True),
        (values.binary, memoryview(b"\0\xff"), "AP8="),
        (values.days, date(1970, 1, 2), 1),
        (values.days, datetime(1970, 1, 2), 1),  # noqa: DTZ001 - as ASE's drivers have dates
        (values.days, "0001-01-01", -719162),
        (values.micros, datetime(1970, 1, 1, 0, 0, 0, 1), 1),  # noqa: DTZ001 - without a zone
        (values.micros, "1969-12-31 23:59:59.999999", -1),
        (values.micros, "1970-01-01T02:00:00+02:00", 0),
        (values.zoned, datetime(2024, 1, 1, 2, tzinfo=EAST), "2024-01-01T00:00:00.000000Z"),
        (values.zoned_in_utc, datetime(2024, 1, 1), "2024-01-01T00:00:00.000000Z"),  # noqa: DTZ001 - without a zone
        (values.time_micros, time(0, 0, 1), 1_000_000),
        (values.time_micros, timedelta(hours=-1), -3_600_000_000),
        (values.zoned_time, time(1, tzinfo=EAST), "23:00:00Z"),
        (values.duration, timedelta(days=1, seconds=3661, microseconds=5), "P1DT1H1M1.000005S"),
        (values.duration, -timedelta(hours=1), "P-0DT-1H-0M-0S"),
        (values.uuid, UUID(int=1), str(UUID(int=1))),
        (values.uuid, UUID(int=1).bytes, str(UUID(int=1))),
        (values.array(values.integer), [1, None], [1, None]),
    ],
)
def test_a_value_is_written_as_debezium_would(convert: Callable[[Any], Any], value: Any, json: Any) -> None:
    written = convert(value)
    assert (type(written), written) == (type(json), json)


@pytest.mark.parametrize(
    ("convert", "value"),
    [
        (values.integer, 1.0),
        (values.integer, "1"),
        (values.integer, Decimal("1.5")),
        (values.decimal, "twelve"),
        (values.decimal, b"1"),
        (values.double, "1.0"),
        (values.boolean, 2),
        (values.boolean, 1.0),
        (values.text, 1),
        (values.text, b"a"),
        (values.binary, "a"),
        (values.days, 20_000),
        (values.days, "29.02.2024"),
        (values.days, datetime(2024, 1, 1, 1)),  # noqa: DTZ001 - a time that would be lost
        (values.micros, 1_700_000_000),
        (values.micros, "2024-01-01 00:00:00.1234567"),
        (values.zoned, datetime(2024, 1, 1)),  # noqa: DTZ001 - whose instant nobody knows
        (values.time_micros, 5),
        (values.zoned_time, time(1)),
        (values.duration, 5),
        (values.uuid, "one"),
        (values.array(values.integer), "{1,2}"),
    ],
)
def test_a_value_that_would_lose_something_is_refused(convert: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(ValueError, match=r"^it is "):
        convert(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_decimals_come_back_from_the_worker(value: Decimal) -> None:
    assert decimal128(values.decimal(value)) == Decimal128(value)


@given(st.datetimes(), st.dates())
def test_dates_and_timestamps_come_back_from_the_worker_to_the_millisecond(moment: datetime, day: date) -> None:
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001 - without a zone, as the moment
    millis = (moment - epoch) // timedelta(milliseconds=1)
    assert int(date_from_micros(values.micros(moment))) == millis
    assert int(date_from_days(values.days(day))) == (day.toordinal() - epoch.toordinal()) * 86_400_000
    assert date_from_zoned(values.zoned(moment.replace(tzinfo=UTC))) == moment


@given(st.binary())
def test_bytes_come_back_from_the_worker(content: bytes) -> None:
    assert b64decode(values.binary(content)) == content
