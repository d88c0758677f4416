"""Changes that a connector tells twice come to the same documents and counts, and fail no job."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import decode, encode
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.keyless import swap
from tests.fakes.rows import COLLECTION, TRANSACTIONS, Table, history, part, position, step
from tests.unit.sink.test_plan import Documents, carry_out, read

from pipeline.sink.batch import Step, split_at_clears
from pipeline.sink.carry import Carry
from pipeline.sink.checkpoint import Checkpoint, advance
from pipeline.sink.document import Document
from pipeline.sink.plan import Plan
from pipeline.sink.reads import reads
from pipeline.sink.repeats import without_repeats
from pipeline.sink.write import Clear, Delete, Insert, Move

START = Checkpoint("job", 1, "changes", 0)


def ordered(steps: list[Step]) -> list[Step]:
    """The steps with the source's order; both halves of a key change have one."""
    told: list[Step] = []
    for place, each in enumerate(steps):
        order = told[-1].order if isinstance(each.write, Move) else (int(each.transaction or 0), place)
        told.append(each._replace(order=order, log_position=order[1]))
    return told


def apply(documents: Documents, steps: list[Step], checkpoint: Checkpoint) -> Checkpoint:
    """Apply the steps as one batch, cut where it has to be, as the worker and the sink do."""
    for (batch,) in split_at_clears([part(steps)]):
        new = list(without_repeats(batch.steps, checkpoint))
        if any(isinstance(each.write, Clear) for each in new):
            documents.clear()
            carry = None
        else:
            carry = transact(documents, new, checkpoint.carry)
        checkpoint = Checkpoint.from_stored(advance(checkpoint, part(new, batch.end), carry, datetime.now(UTC)).stored())
    return checkpoint


def transact(documents: Documents, steps: list[Step], carry: Carry | None) -> Carry | None:
    """Plan the steps as one transaction and carry the plan out; an insert of what is there replaces it."""
    plan = Plan(read(documents, reads(steps, carry)), carry)
    plan.fold(steps)
    carried = plan.carry(read(documents, plan.carried_reads()))
    for write in plan.writes().get(COLLECTION, []):
        if isinstance(write, Insert):
            documents[write.id] = write.document
        else:
            carry_out(documents, write)
    return carried


@given(TRANSACTIONS, st.lists(st.tuples(st.integers(1, 8), st.integers(0, 12)), min_size=1))
def test_any_history_of_which_any_parts_are_told_again_leaves_the_rows_of_the_source(
    transactions: list[Any], jumps: list[tuple[int, int]]
) -> None:
    table = Table(deferrable=False)
    steps = ordered(history(table, transactions))
    documents, checkpoint, at, turn = Documents(), START, 0, 0
    while at < len(steps):
        size, back = jumps[turn] if turn < len(jumps) else (len(steps), 0)
        checkpoint = apply(documents, steps[at : at + size], checkpoint)
        at, turn = min(at + size, len(steps)), turn + 1
        if turn < len(jumps):
            at = max(at - back, 0)
            while isinstance(steps[at].write, Move) if at < len(steps) else False:
                at -= 1  # a restarted connector tells both halves of a key change, or none
    assert documents == table.documents()


def test_what_is_told_again_is_not_counted_again() -> None:
    steps = ordered(history(Table(), [[("insert", key)] for key in range(5)]))
    checkpoint = apply({}, steps, START)
    assert checkpoint.counts == {"c": 5}
    assert apply({}, steps[:4], checkpoint).counts == {"c": 5}


def test_rows_that_are_read_are_never_taken_for_repeats() -> None:
    steps = ordered(history(Table(), [[("insert", key)] for key in range(3)]))
    checkpoint = apply({}, steps, START)
    read_again = [each._replace(order=None, log_position=None) for each in steps]
    assert without_repeats(read_again, checkpoint) == read_again


@pytest.mark.parametrize("again", [0, 1], ids=["both halves", "the second half"])
def test_a_key_change_is_whole_although_its_halves_are_in_two_batches_and_told_again(again: int) -> None:
    halves = ordered(
        [
            step(Delete(COLLECTION, 1, position(0), moved_to=2), ""),
            step(Move(COLLECTION, 2, 1, {"_id": 2}, ("big",), position(1)), "u"),
        ]
    )
    documents: Documents = {1: {"_id": 1, "big": "big"}}
    checkpoint = apply(documents, halves[:1], START)
    checkpoint = apply(documents, halves[again:], checkpoint)
    apply(documents, halves, checkpoint)
    assert documents == {2: {"_id": 2, "big": "big"}}


def copied(keys: Iterable[Any], log_position: int | None = 7, *, offset: int = 0) -> list[Step]:
    """Rows that a COPY has put into one record of the source's log, as a connector with transactions tells them."""
    inserts = (Insert(COLLECTION, key, {"_id": key}, position(offset + place)) for place, key in enumerate(keys))
    return [step(insert)._replace(log_position=log_position) for insert in inserts]


@pytest.mark.parametrize(
    "keys", [(1, 2, 3), ({"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"})], ids=["one column", "two columns"]
)
@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_a_row_of_a_copy_that_is_told_twice_counts_once_wherever_the_batch_ends(keys: tuple[Any, ...], cut: int) -> None:
    one, two, three = keys
    told = copied([one, two, two, three])
    checkpoint = START
    for batch in (told[:cut], told[cut:]):
        if batch:
            steps = without_repeats(batch, checkpoint)
            checkpoint = Checkpoint.from_stored(advance(checkpoint, part(steps, batch[-1].offset + 1), None, datetime.now(UTC)).stored())
    assert checkpoint.counts == {"c": 3}
    assert checkpoint.position == 4


def test_rows_of_a_copy_that_differ_are_all_new() -> None:
    told = copied(range(100))
    assert without_repeats(told, START) == told


def test_a_row_that_was_deleted_and_inserted_again_is_new() -> None:
    told = [*copied([1], 7), step(Delete(COLLECTION, 1, position(1)))._replace(log_position=8), *copied([1], 9, offset=2)]
    assert without_repeats(told, START) == told


def test_a_row_that_changes_to_a_key_that_only_looks_different_is_both_halves() -> None:
    halves = [
        step(Delete(COLLECTION, 1, position(0), moved_to=1), "")._replace(log_position=7),
        step(Move(COLLECTION, 1, 1, {"_id": 1}, (), position(1)), "u")._replace(log_position=7),
    ]
    assert without_repeats(halves, START) == halves


@pytest.mark.parametrize("come", [None, {"a": 2}, {"a": 1}])
def test_a_change_of_a_row_without_a_key_is_applied_once_and_its_like_elsewhere_in_the_log_too(come: Document | None) -> None:
    told = [swap(offset, {"a": 1}, come)._replace(log_position=position) for offset, position in enumerate((7, 7, 8))]
    assert without_repeats(told, START) == [told[0], told[2]]
    checkpoint = Checkpoint.from_stored(decode(encode(advance(START, part(told[:1]), None, datetime.now(UTC)).stored())))
    assert without_repeats(told[1:], checkpoint) == told[2:]


def test_rows_without_a_position_in_the_log_are_never_taken_for_repeats() -> None:
    told = copied([1, 1, 1], None)
    assert without_repeats(told, START) is told


def test_changes_that_stand_apart_in_the_log_are_not_looked_at_again() -> None:
    told = [*copied([1], 7), *copied([1], 8, offset=1)]
    assert without_repeats(told, START) is told


def test_rows_of_one_position_that_are_told_again_from_any_of_them_on_count_once() -> None:
    told = [each._replace(order=(1, 7)) for each in copied(range(4))]
    documents: Documents = {}
    checkpoint = apply(documents, told[:3], START)
    checkpoint = apply(documents, told[1:], checkpoint)
    assert set(documents) == set(range(4))
    assert checkpoint.counts == {"c": 4}


def test_where_the_connector_tells_no_order_nothing_is_passed_over() -> None:
    steps = [step(Delete(COLLECTION, 1, position(0)))]
    assert without_repeats(steps, START) is steps
