"""A checkpoint moves with its batch, and only for the worker that holds the partition."""

from collections.abc import Callable

import pytest
from tests.contract.sinks.subject import OTHER, Subject
from tests.fakes.rows import PARTITION, insert, part

from pipeline.errors import FencedError
from pipeline.sink.batch import Slice
from pipeline.sink.checkpoint import Checkpoint


def test_several_partitions_move_together_or_not_at_all(subject: Subject) -> None:
    held = {each: subject.sink.claim(each) for each in (PARTITION, OTHER)}
    subject.another().claim(OTHER)
    slices = [part([insert(1, 0)]), Slice(OTHER, [insert(2, 0)], 1)]
    with pytest.raises(FencedError):
        subject.sink.apply(slices, held)
    assert subject.documents() == {}
    assert subject.sink.renew(held[PARTITION]).position == 0


def test_a_worker_whose_partition_was_claimed_by_another_writes_nothing_more(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    known = run(insert(1, 0))
    claimed = subject.another().claim(PARTITION)
    assert claimed.position == 1
    with pytest.raises(FencedError):
        run(insert(2, 1))
    with pytest.raises(FencedError):
        subject.sink.renew(known)
    assert subject.documents() == {1: {"_id": 1}}


def test_a_closed_generation_takes_no_writes_and_no_claims(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0))
    subject.close()
    with pytest.raises(FencedError):
        subject.another().claim(PARTITION)
    with pytest.raises(FencedError):
        run(insert(2, 1))
    assert subject.documents() == {1: {"_id": 1}}


def test_a_checkpoint_moves_past_markers_without_any_write(run: Callable[..., Checkpoint]) -> None:
    assert run(end=7).position == 7
    assert run(insert(1, 7)).position == 8
