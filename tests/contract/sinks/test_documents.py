"""Every write leaves the document that its row is, or the whole batch is refused."""

from collections.abc import Callable

import pytest
from tests.contract.sinks.steps import deleted, partial, replaced
from tests.contract.sinks.subject import Subject
from tests.fakes.rows import COLLECTION, PARTITION, insert, position, step

from pipeline.errors import WriteRefusedError
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.write import Move


def test_a_batch_is_applied_and_its_checkpoint_moves(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    checkpoint = run(insert(1, 0, a=1), insert(2, 1, a=2), replaced(1, 2, a=3), deleted(2, 3), end=6)
    assert subject.documents() == {1: {"_id": 1, "a": 3}}
    assert (checkpoint.position, checkpoint.counts) == (6, {"c": 2, "u": 1, "d": 1})
    assert subject.another().claim(PARTITION).position == 6


def test_an_insert_of_a_document_that_exists_replaces_it(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0, old=True))
    run(insert(1, 1, new=True), insert(2, 2))
    assert subject.documents() == {1: {"_id": 1, "new": True}, 2: {"_id": 2}}


def test_a_replace_of_a_document_that_is_missing_inserts_it(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0))
    run(replaced(1, 1, a=1), replaced(2, 2, a=2))
    assert subject.documents() == {1: {"_id": 1, "a": 1}, 2: {"_id": 2, "a": 2}}


def test_fields_that_are_neither_known_nor_unavailable_disappear(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0, kept="big", dropped=1, known=1))
    run(partial(1, 1, "kept", known=2))
    assert subject.documents() == {1: {"_id": 1, "known": 2, "kept": "big"}}


def test_a_value_left_out_that_is_null_stays_null(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0, big=None))
    run(partial(1, 1, "big", known=2))
    assert subject.documents() == {1: {"_id": 1, "known": 2, "big": None}}


@pytest.mark.parametrize("name", ["renamed", "a.b", "$a"])
@pytest.mark.parametrize("size", [1, 3])
def test_a_value_left_out_that_the_document_lacks_is_refused_and_not_lost(
    subject: Subject, run: Callable[..., Checkpoint], name: str, size: int
) -> None:
    run(insert(1, 0, big="x"), insert(3, 1))
    moves = [deleted(1, 2, moved_to=2), step(Move(COLLECTION, 2, 1, {"_id": 2}, (name,), position(3)), "u")]
    for steps in ([partial(1, 2, "big", name)], [partial(1, 2, "big"), partial(1, 3, name)], [replaced(4, 2), partial(1, 3, name)], moves):
        with pytest.raises(WriteRefusedError, match=r"renamed|a\.b|\$a|values") as refused:
            run(*steps, *(replaced(3, 4 + number) for number in range(size)))
        assert refused.value.code == "VALUES_UNAVAILABLE"
        assert subject.documents() == {1: {"_id": 1, "big": "x"}, 3: {"_id": 3}}


def test_a_partial_change_without_a_document_is_refused_and_nothing_is_applied(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    with pytest.raises(WriteRefusedError):
        run(insert(1, 0), partial(2, 1, "big", a=1))
    assert subject.documents() == {}
    assert subject.another().claim(PARTITION).position == 0


@pytest.mark.parametrize("name", ["a.b", "$a", "a$b", "$", "."])
def test_names_with_dots_and_dollars_survive_every_write(subject: Subject, run: Callable[..., Checkpoint], name: str) -> None:
    run(insert(1, 0, **{name: 1, "big": "x", "$big": "y"}))
    run(replaced(1, 1, **{name: 2, "big": "x", "$big": "y"}))
    run(partial(1, 2, "big", "$big", **{name: 3}))
    assert subject.documents() == {1: {"_id": 1, name: 3, "big": "x", "$big": "y"}}
