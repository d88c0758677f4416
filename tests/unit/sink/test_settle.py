"""Later changes of a row close its letters, and those that rest on what failed fail, too."""

from typing import Any

import pytest
from tests.fakes.rows import COLLECTION, insert, position, step

from pipeline.errors import WriteRefusedError
from pipeline.sink.batch import Step
from pipeline.sink.place import Place
from pipeline.sink.settle import settle
from pipeline.sink.write import Clear, Delete, Fail, Insert, Move, Replace, Set, Swap


def failed(key: Any, offset: int, old_id: Any = None) -> Step:
    return step(Fail(COLLECTION, key, position(offset), WriteRefusedError("no"), None, "u", old_id))


def replaced(key: int, offset: int) -> Step:
    return step(Replace(COLLECTION, key, {"_id": key}, position(offset)), "u")


def partial(key: int, offset: int) -> Step:
    return step(Set(COLLECTION, key, {"_id": key}, ("big",), position(offset)), "u")


def deleted(key: int, offset: int, moved_to: Any = None) -> Step:
    return step(Delete(COLLECTION, key, position(offset), moved_to), "d")


def moved(key: int, old_id: int, offset: int, unavailable: tuple[str, ...] = ()) -> Step:
    return step(Move(COLLECTION, key, old_id, {"_id": key}, unavailable, position(offset)), "u")


OPEN = {Place(COLLECTION, 1): ["first", "second"], Place(COLLECTION, 2): ["other"], Place("elsewhere", 1): ["far"]}


@pytest.mark.parametrize("later", [replaced(1, 5), deleted(1, 5), insert(1, 5), moved(1, 9, 5)])
def test_a_later_change_of_a_row_closes_the_letters_of_it_and_no_others(later: Step) -> None:
    settled = settle([later], OPEN)
    assert settled.superseded == {"first": str(position(5)), "second": str(position(5))}
    assert settled.steps == [later]


def test_a_row_that_leaves_its_filter_by_a_change_of_its_key_closes_the_letters_of_both() -> None:
    later = step(Delete(COLLECTION, 2, position(5), moved_from=1), "u")
    assert settle([later], OPEN).superseded.keys() == {"first", "second", "other"}


def test_a_truncate_closes_the_letters_of_its_collection() -> None:
    assert settle([step(Clear(COLLECTION, position(5)), "t")], OPEN).superseded.keys() == {"first", "second", "other"}


def test_rows_without_a_key_close_none() -> None:
    assert not settle([step(Swap(COLLECTION, None, {"_id": 1}, position(5)))], OPEN).superseded


def test_a_change_that_leaves_values_out_fails_after_a_failure_of_its_row_and_leaves_the_letters_open() -> None:
    settled = settle([partial(1, 5), partial(3, 6)], OPEN)
    assert [type(each.write) for each in settled.steps] == [Fail, Set]
    (failure,) = settled.failed
    assert (failure.id, failure.error.code, failure.kind) == (1, "EARLIER_FAILURE", "Set")
    assert "big" in failure.error.message
    assert not settled.superseded


def test_a_whole_image_between_the_two_lets_it_pass() -> None:
    settled = settle([failed(1, 4), replaced(1, 5), partial(1, 6)], {})
    assert [type(each.write) for each in settled.steps] == [Fail, Replace, Set]
    assert settled.outdated == {0: str(position(5))}


def test_failures_of_one_row_all_stay_open() -> None:
    settled = settle([failed(1, 4), failed(1, 5)], OPEN)
    assert [failure.position.offset for failure in settled.failed] == [4, 5]
    assert not settled.outdated
    assert not settled.superseded


def test_a_row_that_moves_takes_its_letters_along() -> None:
    settled = settle([deleted(1, 5, moved_to=7), moved(7, 1, 6)], OPEN)
    assert settled.superseded == {"first": str(position(6)), "second": str(position(6))}


def test_a_row_that_moves_without_all_its_values_fails_where_the_document_lacks_a_change() -> None:
    settled = settle([deleted(1, 5, moved_to=7), moved(7, 1, 6, ("big",))], OPEN)
    assert [type(each.write) for each in settled.steps] == [Delete, Fail]
    assert [(failure.id, failure.old_id) for failure in settled.failed] == [(7, 1)]
    assert settled.moved == {"first": 7, "second": 7}
    assert settled.first == {position(6): "first"}
    assert not settled.superseded


def test_letters_go_along_with_a_row_whose_key_change_fails_and_are_closed_where_it_is_now() -> None:
    settled = settle([failed(1, 4), failed(7, 6, old_id=1), insert(1, 7), failed(8, 9, old_id=7)], OPEN)
    assert settled.moved == {"first": 8, "second": 8, 0: 8, 1: 8}
    assert settled.first == {position(6): "first", position(9): "first"}
    assert not settled.superseded
    assert not settled.outdated, "another row has taken the old key"
    settled = settle([failed(1, 4), failed(7, 6, old_id=1), replaced(7, 8)], OPEN)
    assert settled.superseded == {"first": str(position(8)), "second": str(position(8))}
    assert settled.outdated.keys() == {0, 1}


def test_a_failure_whose_row_is_not_known_is_never_closed_by_a_row() -> None:
    settled = settle([failed(None, 4), replaced(1, 5), step(Insert(COLLECTION, 2, {"_id": 2}, position(6)))], {})
    assert not settled.outdated
