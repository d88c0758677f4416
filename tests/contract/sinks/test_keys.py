"""A key may be of any type."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64
from bson.datetime_ms import DatetimeMS
from tests.contract.sinks.steps import deleted, replaced
from tests.contract.sinks.subject import Subject
from tests.fakes.rows import COLLECTION, insert, position, step

from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.write import Move


@pytest.mark.parametrize("key", [{"b": 1, "a": "x"}, "", "text", 2**62, 1.5, True])
def test_any_key_can_be_written_and_deleted(subject: Subject, run: Callable[..., Checkpoint], key: Any) -> None:
    run(insert(key, 0))
    run(replaced(key, 1, a=1))
    assert subject.count() == 1
    run(deleted(key, 2))
    assert subject.count() == 0


KEYS_READ_BACK = [
    [1, Int64(2**40)],
    [Decimal128("1.10"), Decimal128("2.20")],
    [DatetimeMS(1_767_225_600_000), DatetimeMS(10**17)],
    [Binary(b"0123456789abcdef", 4), Binary(b"fedcba9876543210", 4)],
    [Binary(b"one", 0), b"two"],
    [{"a": DatetimeMS(5), "b": Int64(1)}, {"a": DatetimeMS(6), "b": Int64(1)}],
    [1.5, float("nan")],
    ["one", "two"],
    [True, False],
]


@pytest.mark.parametrize("keys", KEYS_READ_BACK, ids=str)
def test_keys_of_any_type_are_told_apart_when_some_documents_are_missing(
    subject: Subject, run: Callable[..., Checkpoint], keys: list[Any]
) -> None:
    run(insert(keys[0], 0, version=1))
    run(*(replaced(key, 1 + number, version=2) for number, key in enumerate(keys)))
    run(deleted(keys[0], 3, moved_to=keys[1]), step(Move(COLLECTION, keys[1], keys[0], {"_id": keys[1]}, ("version",), position(4)), "u"))
    assert subject.count() == 1
