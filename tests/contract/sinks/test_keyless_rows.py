"""Of rows without a key each change meets one document."""

from collections.abc import Callable

import pytest
from bson import Decimal128, Int64
from tests.contract.sinks.steps import clear
from tests.contract.sinks.subject import Subject, bodies
from tests.fakes.keyless import swap
from tests.fakes.rows import PARTITION

from pipeline.errors import FencedError, WriteRefusedError
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.document import Document


def test_of_equal_rows_without_a_key_each_change_meets_one(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(swap(0, None, {"a": 1}), swap(1, None, {"a": 1}), swap(2, None, {"a": 1}))
    run(swap(3, {"a": 1}, {"a": 2}))
    checkpoint = run(swap(4, {"a": 1}, None))
    assert bodies(subject) == [{"a": 1}, {"a": 2}]
    assert (checkpoint.position, checkpoint.counts) == (5, {"c": 3, "u": 1, "d": 1})


def test_a_row_without_a_key_is_followed_within_a_batch(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(swap(0, None, {"a": 1}))
    run(swap(1, {"a": 1}, {"a": 2}), swap(2, None, {"a": 2}), swap(3, {"a": 2}, {"a": 3}), swap(4, {"a": 3}, {"a": 4}))
    assert bodies(subject) == [{"a": 2}, {"a": 4}]


def test_an_update_of_a_row_without_a_key_to_what_it_was_changes_nothing(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(swap(0, None, {"a": 1}), swap(1, None, {"a": 1}))
    run(swap(2, {"a": 1}, {"a": 1}))
    assert bodies(subject) == [{"a": 1}, {"a": 1}]


@pytest.mark.parametrize(
    ("stored", "row"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": 0.0}, {"a": -0.0}),
        ({"a": Decimal128("1.0")}, {"a": Decimal128("1.00")}),
        ({"a": 1}, {"a": Int64(1)}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 2, "b": 1}}),
    ],
    ids=str,
)
def test_a_row_without_a_key_that_no_document_equals_is_refused_with_all_of_its_batch(
    subject: Subject, run: Callable[..., Checkpoint], stored: Document, row: Document
) -> None:
    run(swap(0, None, stored))
    with pytest.raises(WriteRefusedError) as refused:
        run(swap(1, None, {"a": 9}), swap(2, row, None))
    assert refused.value.code == "ROW_NOT_FOUND"
    assert bodies(subject) == [stored]
    assert subject.another().claim(PARTITION).position == 1


def test_a_row_without_a_key_that_need_not_have_a_document_comes_all_the_same(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(swap(0, {"a": 1}, {"a": 2}, required=False), swap(1, {"a": 3}, None, required=False))
    assert bodies(subject) == [{"a": 2}]


def test_a_truncate_takes_the_rows_without_a_key(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(swap(0, None, {"a": 1}), swap(1, None, {"a": 1}))
    run(clear(2))
    run(swap(3, None, {"a": 1}), swap(4, None, {"a": 5}), swap(5, {"a": 1}, None))
    assert bodies(subject) == [{"a": 5}]


def test_a_worker_whose_partition_was_claimed_by_another_changes_no_row_without_a_key(
    subject: Subject, run: Callable[..., Checkpoint]
) -> None:
    run(swap(0, None, {"a": 1}), swap(1, None, {"a": 1}))
    subject.another().claim(PARTITION)
    with pytest.raises(FencedError):
        run(swap(2, {"a": 1}, None))
    assert bodies(subject) == [{"a": 1}, {"a": 1}]
