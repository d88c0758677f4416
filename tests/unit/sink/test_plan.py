"""What a batch comes to."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.fakes.memory_sink import NaiveCollection
from tests.fakes.rows import COLLECTION, KEYS, TRANSACTIONS, TRANSACTIONS_OF_DIFFERENT_ROWS, Table, history, part, position, step

from pipeline.errors import WriteRefusedError
from pipeline.sink.batch import Step, split_at_clears
from pipeline.sink.carry import Carry, Held
from pipeline.sink.document import Document
from pipeline.sink.half_changes import completed
from pipeline.sink.place import Place, canonical
from pipeline.sink.plan import Plan
from pipeline.sink.reads import Reads, reads
from pipeline.sink.write import Clear, Delete, Insert, Move, Replace, Set, Write

Documents = dict[Any, Document]


def read(documents: Documents, wanted: dict[str, Reads]) -> dict[Place, Document]:
    """Read as the sink does: only what is asked for."""
    found: dict[Place, Document] = {}
    for collection, of_collection in wanted.items():
        for identity in of_collection.ids:
            if identity in documents:
                names = documents[identity] if of_collection.fields is None else {"_id"} | of_collection.fields
                row = {name: value for name, value in documents[identity].items() if name in names}
                found[Place(collection, canonical(identity))] = row
    return found


def apply(documents: Documents, steps: list[Step], carry: Carry | None = None) -> Carry | None:
    """Apply the steps as one batch, cut where it has to be."""
    for (batch,) in split_at_clears([part(steps)]):
        match batch.steps:
            case [Step(write=Clear())]:
                documents.clear()
                carry = None
            case _:
                carry = transact(documents, batch.steps, carry)
    return carry


def apply_in_batches(documents: Documents, steps: list[Step], sizes: Sequence[int]) -> None:
    """Apply the steps in batches of these sizes, in turns."""
    carry, cut = None, 0
    while steps:
        size = sizes[cut % len(sizes)]
        carry = apply(documents, steps[:size], carry)
        steps, cut = steps[size:], cut + 1


def transact(documents: Documents, steps: Sequence[Step], carry: Carry | None) -> Carry | None:
    """Plan the steps as one transaction and carry the plan out, as MongoDB would."""
    steps = completed(steps, carry)
    plan = Plan(read(documents, reads(steps, carry)), carry)
    plan.fold(steps)
    carried = plan.carry(read(documents, plan.carried_reads()))
    seen: set[Any] = set()
    for write in plan.writes().get(COLLECTION, []):
        assert not isinstance(write, Clear)
        assert write.id not in seen, "a document is written twice"
        seen.add(write.id)
        carry_out(documents, write)
    return Carry.from_stored(carried.stored()) if carried else None


def left_over(key: Any) -> Document:
    """A document that no row of the source stands for."""
    return {"_id": key, "big": "left over"}


def carry_out(documents: Documents, write: Write) -> None:
    match write:
        case Insert():
            assert write.id not in documents or documents[write.id] == left_over(write.id), "an insert of a document that exists"
            documents[write.id] = write.document
        case Replace():
            documents[write.id] = write.document
        case Set():
            kept = {name: documents[write.id][name] for name in write.unavailable}
            documents[write.id] = write.document | kept
        case Delete():
            documents.pop(write.id, None)
        case Move() | Clear():
            raise AssertionError("planned as something else")


def writes(*writes: Write) -> list[Write]:
    plan = Plan({}, None)
    plan.fold([step(write) for write in writes])
    return plan.writes()[COLLECTION]


def insert(key: int, offset: int = 0, **fields: Any) -> Insert:
    return Insert(COLLECTION, key, {"_id": key, **fields}, position(offset))


def replaced(key: int, **fields: Any) -> Replace:
    return Replace(COLLECTION, key, {"_id": key, **fields}, position(1))


def test_changes_to_one_document_become_one_write() -> None:
    assert writes(insert(1, a=1), replaced(1, a=2), replaced(1, a=3)) == [Insert(COLLECTION, 1, {"_id": 1, "a": 3}, position(1))]


def test_an_insert_and_its_delete_come_to_a_delete() -> None:
    assert writes(insert(1), Delete(COLLECTION, 1, position(1))) == [Delete(COLLECTION, 1, position(1))]


def test_a_row_inserted_after_its_key_was_deleted_replaces_what_is_stored() -> None:
    assert writes(Delete(COLLECTION, 1, position(0)), insert(1, 1, a=1)) == [Replace(COLLECTION, 1, {"_id": 1, "a": 1}, position(1))]


def test_a_partial_change_keeps_the_values_that_the_batch_wrote_before() -> None:
    partial = Set(COLLECTION, 1, {"_id": 1, "a": 2}, ("big",), position(1))
    assert writes(insert(1, a=1, big="x", dropped=1), partial) == [Insert(COLLECTION, 1, {"_id": 1, "a": 2, "big": "x"}, position(1))]


def test_a_partial_change_of_a_stored_document_stays_partial() -> None:
    first = Set(COLLECTION, 1, {"_id": 1, "a": 1, "b": 1}, ("big",), position(0))
    second = Set(COLLECTION, 1, {"_id": 1, "a": 2}, ("b", "big"), position(1))
    assert writes(first, second) == [Set(COLLECTION, 1, {"_id": 1, "a": 2, "b": 1}, ("big",), position(1))]


def test_a_partial_change_of_a_deleted_row_asks_for_a_full_identity() -> None:
    with pytest.raises(WriteRefusedError, match="big") as refused:
        writes(Delete(COLLECTION, 1, position(0)), Set(COLLECTION, 1, {"_id": 1}, ("big",), position(1)))
    assert "REPLICA IDENTITY FULL" in (refused.value.suggestion or "")


@pytest.mark.parametrize("before", [insert(1, a=1), replaced(1, a=1), Set(COLLECTION, 1, {"_id": 1}, ("a",), position(0))])
def test_a_partial_change_of_a_row_that_has_no_such_field_is_refused(before: Write) -> None:
    with pytest.raises(WriteRefusedError, match="renamed"):
        writes(before, Set(COLLECTION, 1, {"_id": 1}, ("a", "renamed"), position(1)))


@pytest.mark.parametrize("stored", [{"_id": 1}, {"_id": 1, "was": "x"}])
def test_a_moved_row_whose_document_has_no_such_field_is_refused(stored: Document) -> None:
    move = [step(Delete(COLLECTION, 1, position(1), 2)), step(Move(COLLECTION, 2, 1, {"_id": 2}, ("renamed",), position(2)))]
    for changed_before in ([], [step(replaced(1, was="x"))]):
        with pytest.raises(WriteRefusedError, match="renamed"):
            apply({1: dict(stored)}, [*changed_before, *move])


def test_a_moved_row_whose_document_is_unknown_asks_for_a_full_identity() -> None:
    steps = [step(Delete(COLLECTION, 1, position(0), 2)), step(Move(COLLECTION, 2, 1, {"_id": 2}, ("big",), position(1)))]
    with pytest.raises(WriteRefusedError, match="big"):
        apply({}, steps)


def test_two_rows_that_exchange_deferrable_keys_both_stay() -> None:
    documents: Documents = {2: {"_id": 2, "v": "two"}, 3: {"_id": 3, "v": "three"}}
    apply(
        documents,
        [
            step(Delete(COLLECTION, 2, position(0), 3, documents[2])),
            step(Move(COLLECTION, 3, 2, {"_id": 3, "v": "two"}, (), position(1), deferrable=True)),
            step(Delete(COLLECTION, 3, position(2), 2, documents[3])),
            step(Move(COLLECTION, 2, 3, {"_id": 2}, ("v",), position(3), deferrable=True)),
        ],
    )
    assert documents == {2: {"_id": 2, "v": "three"}, 3: {"_id": 3, "v": "two"}}


def test_nothing_is_carried_from_a_transaction_unless_keys_are_deferrable() -> None:
    steps = [step(insert(1)), step(Delete(COLLECTION, 1, position(1), 2)), step(Move(COLLECTION, 2, 1, {"_id": 2}, (), position(2)))]
    carry, documents = apply({}, steps[:2]), dict[Any, Document]()
    assert carry is not None
    assert apply(documents, steps[2:], carry) is None


def test_only_keys_that_several_rows_hold_are_carried() -> None:
    new = [Insert(COLLECTION, key, {"_id": key, "v": "new"}, position(key), deferrable=True) for key in (1, 2, 3)]
    documents: Documents = {1: {"_id": 1, "v": "one"}, 2: {"_id": 2, "v": "two"}}
    gone = Delete(COLLECTION, 2, position(4), gone=documents[2])
    carry = apply(documents, [step(each) for each in (*new, gone)])
    assert carry == Carry("1", (Held(COLLECTION, 1, {"_id": 1, "v": "one"}, False, ()),))


def test_a_later_transaction_may_delete_a_row_that_moved_onto_a_left_over_document() -> None:
    documents: Documents = {1: {"_id": 1}, 2: {"_id": 2, "v": "left over"}}
    moved = Move(COLLECTION, 2, 1, {"_id": 2, "v": "moved"}, (), position(1), deferrable=True)
    move = [step(Delete(COLLECTION, 1, position(0), 2, {"_id": 1, "v": "moved"})), step(moved)]
    carry = apply(documents, move)
    assert documents == {2: {"_id": 2, "v": "moved"}}
    apply(documents, [step(Delete(COLLECTION, 2, position(2), gone=moved.document), transaction="2")], carry)
    assert documents == {}


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_row_that_moves_over_a_left_over_document_replaces_it_where_a_key_holds_one_row(size: int) -> None:
    gone = [
        step(Delete(COLLECTION, 1, position(0), 2)),
        step(Move(COLLECTION, 2, 1, {"_id": 2}, ("big",), position(1))),
        step(Delete(COLLECTION, 2, position(2))),
    ]
    on = [*gone[:2], step(Delete(COLLECTION, 2, position(2), 3)), step(Move(COLLECTION, 3, 2, {"_id": 3}, ("big",), position(3)))]
    for steps, expected in ((gone, {}), (on, {3: {"_id": 3, "big": "one"}})):
        documents, carry = {1: {"_id": 1, "big": "one"}, 2: left_over(2)}, None
        for first in range(0, len(steps), size):
            carry = apply(documents, steps[first : first + size], carry)
        assert documents == expected


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_row_whose_second_half_never_came_keeps_its_values(size: int) -> None:
    steps = [
        step(insert(1, big="one")),
        step(Delete(COLLECTION, 1, position(1), 2)),
        step(Set(COLLECTION, 2, {"_id": 2, "a": 1}, ("big",), position(3)), transaction="2"),
    ]
    documents, carry = {2: left_over(2)}, None
    for first in range(0, len(steps), size):
        carry = apply(documents, steps[first : first + size], carry)
    assert documents == {2: {"_id": 2, "a": 1, "big": "one"}}


def test_a_row_without_a_document_whose_second_half_never_came_has_none_either() -> None:
    documents: Documents = {}
    apply(documents, [step(Delete(COLLECTION, 1, position(1), 2)), step(insert(3, 2))])
    assert documents == {3: {"_id": 3}}


def test_a_clear_is_never_planned_with_others() -> None:
    with pytest.raises(TypeError, match="of its own"):
        writes(insert(1), Clear(COLLECTION, position(1)))


def test_nothing_is_read_unless_keys_change() -> None:
    assert reads([step(insert(1)), step(replaced(1)), step(Delete(COLLECTION, 1, position(2)))]) == {}


@given(TRANSACTIONS, st.lists(st.integers(1, 6), min_size=1), st.booleans())
def test_any_history_cut_into_any_batches_leaves_the_rows_of_the_source(transactions: list[Any], sizes: list[int], sparse: bool) -> None:
    table = Table(sparse=sparse)
    steps = history(table, transactions)
    documents: Documents = {}
    apply_in_batches(documents, steps, sizes)
    assert documents == table.documents()


@settings(max_examples=300)
@given(TRANSACTIONS_OF_DIFFERENT_ROWS, st.lists(st.integers(1, 6), min_size=1))
@example([[("insert", 1), ("insert beside", 2, False), ("renumber", [1, 0, 2, 3, 4], [2, 1, 0, 3, 4], False)]], [4])
def test_rows_without_documents_have_none_until_they_change(transactions: list[Any], sizes: list[int]) -> None:
    table = Table(untold=KEYS[1:])
    steps = history(table, transactions)
    documents: Documents = {}
    apply_in_batches(documents, steps, sizes)
    assert documents == table.documents()


@given(TRANSACTIONS, st.lists(st.integers(1, 6), min_size=1))
def test_left_over_documents_stay_only_where_no_row_has_ever_been(transactions: list[Any], sizes: list[int]) -> None:
    table = Table(deferrable=False)
    steps = history(table, transactions)
    writes = [each.write for each in steps]
    cleared = any(isinstance(write, Clear) for write in writes)
    untouched = set() if cleared else set(KEYS) - {write.id for write in writes if not isinstance(write, Clear)}
    documents: Documents = {key: left_over(key) for key in KEYS}
    apply_in_batches(documents, steps, sizes)
    assert documents == table.documents() | {key: left_over(key) for key in untouched}


@given(TRANSACTIONS, st.booleans(), st.randoms(use_true_random=False))
def test_halves_that_never_come_are_made_the_same_however_the_history_is_cut(
    transactions: list[Any], deferrable: bool, chance: random.Random
) -> None:
    steps = [each for each in history(Table(deferrable=deferrable), transactions) if type(each.write) is not Move or chance.random() < 0.5]
    steps = [each for each in steps if type(each.write) is not Set]  # a row that was not moved may lack what it leaves out
    naive = NaiveCollection()
    for each in completed(steps, None):
        naive.apply(each.write, each.transaction)
    documents: Documents = {}
    carry, rest = None, steps
    while rest:
        size = chance.randint(1, 6)
        carry = apply(documents, rest[:size], carry)
        rest = rest[size:]
    assert documents == {document["_id"]: document for document in naive.documents()}


@given(TRANSACTIONS, st.booleans())
def test_the_naive_model_agrees(transactions: list[Any], deferrable: bool) -> None:
    table, naive = Table(deferrable=deferrable), NaiveCollection()
    for each in history(table, transactions):
        naive.apply(each.write, each.transaction)
    assert {document["_id"]: document for document in naive.documents()} == table.documents()
