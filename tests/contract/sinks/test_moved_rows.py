"""A row whose key changes is one document, wherever the batches end."""

from collections.abc import Callable

import pytest
from tests.contract.sinks.steps import deleted, replaced
from tests.contract.sinks.subject import Subject
from tests.fakes.rows import COLLECTION, insert, position, step

from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.write import Clear, Move


def test_a_moved_row_keeps_its_unavailable_values(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0, big="x", a=1))
    run(deleted(1, 1, moved_to=2), step(Move(COLLECTION, 2, 1, {"_id": 2, "a": 2}, ("big",), position(2)), "u"))
    assert subject.documents() == {2: {"_id": 2, "a": 2, "big": "x"}}


def test_a_moved_row_keeps_its_values_when_a_batch_ends_between_its_two_halves(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0, big="x", a=1))
    run(deleted(1, 1, moved_to=2))
    assert subject.documents() == {}
    checkpoint = run(step(Move(COLLECTION, 2, 1, {"_id": 2, "a": 2}, ("big",), position(2)), "u"))
    assert subject.documents() == {2: {"_id": 2, "a": 2, "big": "x"}}
    assert checkpoint.counts == {"c": 1, "u": 1}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_row_whose_second_half_never_comes_moves_with_its_values_counts_and_is_kept_for_reading_again(
    subject: Subject, run: Callable[..., Checkpoint], size: int
) -> None:
    steps = [insert(1, 0, big="x", a=1), deleted(1, 1, moved_to=2), replaced(9, 3), deleted(9, 4, moved_to=8)]
    for first in range(0, len(steps), size):
        checkpoint = run(*steps[first : first + size])
    assert subject.documents() == {2: {"_id": 2, "big": "x", "a": 1}}
    assert checkpoint.counts == {"c": 1, "u": 2}
    assert subject.half_changes() == [(COLLECTION, 2)]
    checkpoint = run(step(Clear(COLLECTION, position(5)), "t"))
    assert subject.documents() == {}
    assert checkpoint.counts == {"c": 1, "u": 3, "t": 1}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_row_that_moves_over_a_left_over_document_takes_its_place(subject: Subject, run: Callable[..., Checkpoint], size: int) -> None:
    run(insert(1, 0, v="one"), insert(2, 1, v="left over"))
    arrived = step(Move(COLLECTION, 2, 1, {"_id": 2, "v": "one"}, (), position(3)), "u")
    steps = [deleted(1, 2, moved_to=2), arrived, deleted(2, 4)]
    for first in range(0, len(steps), size):
        run(*steps[first : first + size])
    assert subject.documents() == {}
