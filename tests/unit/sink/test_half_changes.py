"""Key changes whose second half never comes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.rows import COLLECTION, TRANSACTIONS, Table, history, part, position, step

from pipeline.sink.carry import Carry, Departed
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.half_changes import completed, half_changes
from pipeline.sink.write import Clear, Delete, Insert, Move, Set

FIRST = step(Delete(COLLECTION, 1, position(1), 2), "")
SECOND = step(Move(COLLECTION, 2, 1, {"_id": 2}, (), position(2)), "u")
OTHER = step(Insert(COLLECTION, 7, {"_id": 7}, position(3)))
MADE = Move(COLLECTION, 2, 1, {"_id": 2}, None, position(3))
CARRY = Carry("1", (), Departed(COLLECTION, 1, {"_id": 1}, 2))


@given(TRANSACTIONS, st.booleans())
def test_whole_histories_stay_as_they_are(transactions: list[Any], deferrable: bool) -> None:
    steps = history(Table(deferrable=deferrable), transactions)
    assert list(completed(steps, None)) == steps


def test_a_half_that_never_came_is_made_before_what_came_instead_and_counts() -> None:
    made = list(completed([FIRST, OTHER], None))
    assert [each.write for each in made] == [FIRST.write, MADE, OTHER.write]
    assert [each.counted for each in made] == ["", "u", "c"]


def test_the_half_that_is_made_may_meet_another_row_where_the_key_is_deferrable() -> None:
    first = step(Delete(COLLECTION, 1, position(1), 2, {"_id": 1}), "")
    expected = Move(COLLECTION, 2, 1, {"_id": 2}, None, position(3), deferrable=True)
    assert [each.write for each in completed([first, OTHER], None)] == [first.write, expected, OTHER.write]
    carry = Carry("1", (), Departed(COLLECTION, 1, {"_id": 1}, 2, deferrable=True))
    assert [each.write for each in completed([OTHER], carry)] == [expected, OTHER.write]


def test_the_half_may_lack_at_the_beginning_of_a_batch() -> None:
    assert [each.write for each in completed([OTHER], CARRY)] == [MADE, OTHER.write]
    assert list(completed([SECOND], CARRY)) == [SECOND]


def test_at_the_end_of_a_batch_it_may_still_come() -> None:
    assert list(completed([OTHER, FIRST], None)) == [OTHER, FIRST]
    assert list(completed([], CARRY)) == []


def test_a_first_half_that_is_told_twice_lacks_nothing() -> None:
    assert list(completed([FIRST, FIRST, SECOND], None)) == [FIRST, FIRST, SECOND]
    assert list(completed([FIRST, SECOND], CARRY)) == [FIRST, SECOND]


def test_a_second_half_of_another_row_is_not_the_one_that_lacks() -> None:
    other = step(Move(COLLECTION, 2, 3, {"_id": 2}, (), position(3)), "u")
    assert [each.write for each in completed([FIRST, other], None)] == [FIRST.write, MADE, other.write]


def test_one_that_lacks_before_a_truncate_is_made_too() -> None:
    clear = step(Clear(COLLECTION, position(3)), "t")
    assert [each.write for each in completed([clear], CARRY)] == [MADE, clear.write]


def test_what_was_made_is_kept_for_whoever_reads_the_rows_again() -> None:
    batch = part([OTHER, step(Set(COLLECTION, 2, {"_id": 2}, ("a",), position(4)), "u")])
    steps = completed(batch.steps, CARRY)
    (kept,) = half_changes(batch, steps, Checkpoint("job", 4, "changes", 0))
    assert kept == {"_id": "job/4/changes[0]/3", "job": "job", "generation": 4, "collection": COLLECTION, "id": 2}
    assert half_changes(batch, batch.steps, Checkpoint("job", 4, "changes", 0)) == []
