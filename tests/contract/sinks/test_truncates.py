"""A truncate takes every document of its table, and no other."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.contract.sinks.steps import THREE, TWO, born, clear, left, moved
from tests.contract.sinks.subject import Subject
from tests.fakes.rows import COLLECTION, PARTITION, insert, position, step

from pipeline.errors import FencedError
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.write import Insert


def test_a_truncate_leaves_no_document_and_what_follows_stays(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0), insert({"a": 1}, 1), insert("x", 2))
    cleared = run(clear(3), end=5)
    assert (subject.count(), cleared.position, cleared.counts) == (0, 5, {"c": 3, "t": 1})
    assert subject.another().claim(PARTITION) == replace(cleared, epoch=cleared.epoch + 1)


def test_a_truncate_of_an_empty_table_is_counted(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    assert run(clear(0)).counts == {"t": 1}
    run(insert(1, 1))
    assert subject.documents() == {1: {"_id": 1}}


def test_a_truncate_takes_the_rows_between_two_keys_with_it(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(*(step(Insert(COLLECTION, row["_id"], row, position(number)), "r", None) for number, row in enumerate([TWO, THREE])))
    run(*moved(TWO, 2, 3))
    run(clear(4))
    run(born(3, 5))
    run(left({"_id": 3}, 6))
    assert subject.documents() == {}


def test_a_truncate_leaves_other_collections_alone(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0), step(Insert("other", 1, {"_id": 1}, position(1))))
    run(clear(2))
    assert (subject.documents(), subject.documents("other")) == ({}, {1: {"_id": 1}})


def test_a_worker_whose_partition_was_claimed_by_another_truncates_nothing(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0))
    subject.another().claim(PARTITION)
    with pytest.raises(FencedError):
        run(clear(1))
    assert subject.documents() == {1: {"_id": 1}}
