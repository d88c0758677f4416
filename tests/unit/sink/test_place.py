"""Which `_id`s are one."""

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64
from bson.datetime_ms import DatetimeMS

from pipeline.sink.place import canonical

GROUPS: list[list[Any]] = [
    [1, Int64(1), 1.0, Decimal128("1"), Decimal128("1.00")],
    [True],
    ["1"],
    [float("nan"), Decimal128("NaN")],
    [float("inf"), Decimal128("Infinity")],
    [{"a": 1, "b": "x"}, {"a": Int64(1), "b": "x"}],
    [{"b": "x", "a": 1}],
    [{"a": [1, 2]}, {"a": [1.0, 2]}],
    [Binary(b"0123456789abcdef", 4)],
    [Binary(b"0123456789abcdef", 0), b"0123456789abcdef"],
    [datetime(2026, 1, 1, tzinfo=UTC), DatetimeMS(1_767_225_600_000), datetime(2026, 1, 1)],  # noqa: DTZ001 - as the driver reads by default
    [DatetimeMS(10**17)],
]


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_ids_that_mongodb_holds_equal_are_one_place(group: list[Any]) -> None:
    assert len({canonical(identity) for identity in group}) == 1


def test_ids_that_mongodb_tells_apart_are_different_places() -> None:
    for one, other in itertools.combinations([group[0] for group in GROUPS], 2):
        assert canonical(one) != canonical(other), (one, other)
