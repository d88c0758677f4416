"""A row that leaves its filter loses its document, also where values that a change left out decide it."""

from collections.abc import Callable

import pytest
from tests.contract.sinks.steps import deleted, partial
from tests.contract.sinks.subject import Subject, bodies
from tests.fakes.keyless import swap
from tests.fakes.rows import COLLECTION, insert, position, step

from pipeline.errors import WriteRefusedError
from pipeline.sink.batch import Step
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.write import Delete, Move, Set, Stays

KEEPS = Stays(("big",), lambda document: document["big"] == "keep")


def judged(key: int, offset: int, **fields: object) -> Step:
    """An update that leaves `big` out, on which the filter hangs."""
    return step(Set(COLLECTION, key, {"_id": key, **fields}, ("big",), position(offset), KEEPS), "u")


def moved(old: int, new: int, offset: int, **fields: object) -> list[Step]:
    """The same of a change of the key."""
    move = Move(COLLECTION, new, old, {"_id": new, **fields}, ("big",), position(offset + 1), stays=KEEPS)
    return [deleted(old, offset, moved_to=new), step(move, "u")]


@pytest.mark.parametrize("size", [1, 2, 9])
def test_a_value_that_was_left_out_is_taken_from_the_document(subject: Subject, run: Callable[..., Checkpoint], size: int) -> None:
    steps = [
        insert(1, 0, big="keep", a=0),
        insert(2, 1, big="drop", a=0),
        insert(3, 2, big="keep", a=0),
        insert(4, 3, big="drop", a=0),
        judged(1, 4, a=1),
        judged(2, 5, a=1),
        partial(1, 6, "big", a=2),
        judged(1, 7, a=3),
        *moved(3, 30, 8, a=1),
        *moved(4, 40, 10, a=1),
    ]
    for first in range(0, len(steps), size):
        checkpoint = run(*steps[first : first + size])
    assert subject.documents() == {1: {"_id": 1, "a": 3, "big": "keep"}, 30: {"_id": 30, "a": 1, "big": "keep"}}
    assert checkpoint.counts == {"c": 4, "u": 6}


def test_a_value_that_no_document_has_is_refused(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0, a=0))
    for number in (1, 2):
        with pytest.raises(WriteRefusedError) as refused:
            run(judged(number, 1, a=1))
        assert refused.value.code == "VALUES_UNAVAILABLE"
    assert subject.documents() == {1: {"_id": 1, "a": 0}}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_row_that_leaves_its_filter_by_a_change_of_its_key_has_come_to_its_new_one(
    subject: Subject, run: Callable[..., Checkpoint], size: int
) -> None:
    steps = [
        insert(1, 0, a=0),
        deleted(1, 1, moved_to=2),
        step(Delete(COLLECTION, 2, position(2), moved_from=1), "u"),
        insert(3, 3, a=0),
    ]
    for first in range(0, len(steps), size):
        checkpoint = run(*steps[first : first + size])
    assert subject.documents() == {3: {"_id": 3, "a": 0}}
    assert subject.half_changes() == []
    assert checkpoint.counts == {"c": 2, "u": 1}


def test_a_row_without_a_key_that_stays_outside_counts_and_changes_nothing(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    checkpoint = run(swap(0, None, None), swap(1, None, {"a": 1}), swap(2, None, None), swap(3, {"a": 1}, None), swap(4, None, {"a": 1}))
    assert bodies(subject) == [{"a": 1}]
    assert checkpoint.position == 5
