"""What a batch comes to in a table without a key."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
from bson import encode
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.keyless import CHANGES, OWNER, KeylessTable, keyless_history, swap
from tests.fakes.memory_sink import NaiveCollection
from tests.fakes.rows import COLLECTION, position

from pipeline.mapping.style import Nulls
from pipeline.sink.bag import Bag, Wanted, wanted_rows
from pipeline.sink.batch import Step
from pipeline.sink.document import Document
from pipeline.sink.place import Place
from pipeline.sink.plan import Plan
from pipeline.sink.row_id import digest, older_digest, reshaped, row_id
from pipeline.sink.write import Delete, Insert, Swap, Write

Documents = dict[bytes, Document]


def found(documents: Documents, wanted: Wanted) -> dict[Place, list[Any]]:
    """Find as the sink does: as many as are wanted, of those whose `_id` begins so."""
    ids: defaultdict[Place, list[Any]] = defaultdict(list)
    for collection, rows in wanted.items():
        for sought in rows.values():
            beginning = list(sought.beginning.items())
            equal = [each["_id"] for each in documents.values() if list(each["_id"].items())[: len(beginning)] == beginning]
            ids[Place(collection, sought.beginning["row"])] += equal[: sought.count]
    return ids


def apply(documents: Documents, steps: Sequence[Step]) -> list[Swap]:
    """Plan the steps as one batch and carry the plan out; returns the rows that are missing."""
    plan = Plan({}, None, found(documents, wanted_rows(steps)))
    plan.fold(steps)
    while plan.bag.missing and (wanted := plan.bag.wanted_older()):
        plan.bag.take_older(found(documents, wanted))
    for write in plan.writes().get(COLLECTION, []):
        carry_out(documents, write)
    return plan.bag.missing


def carry_out(documents: Documents, write: Write) -> None:
    match write:
        case Insert(id=identity, document=document):
            assert encode(identity) not in documents
            documents[encode(identity)] = document
        case Delete(id=identity):
            del documents[encode(identity)]
        case _:
            raise AssertionError("a table without a key has inserts and deletes only")


def planned(*steps: Step) -> list[Write]:
    plan = Plan({}, None, {})
    plan.fold(steps)
    return plan.writes().get(COLLECTION, [])


def test_a_row_that_comes_and_goes_in_one_batch_leaves_nothing() -> None:
    assert planned(swap(0, None, {"a": 1}), swap(1, {"a": 1}, {"a": 2}), swap(2, {"a": 2}, None)) == []


def test_of_equal_rows_one_goes() -> None:
    documents: Documents = {}
    apply(documents, [swap(offset, None, {"a": 1}) for offset in range(3)])
    assert apply(documents, [swap(3, {"a": 1}, None), swap(4, {"a": 1}, {"a": 2})]) == []
    assert sorted(document["a"] for document in documents.values()) == [1, 2]


def test_a_row_that_has_no_document_is_missing() -> None:
    steps = [swap(0, {"a": 1}, {"a": 2})]
    assert apply({}, steps) == [steps[0].write]


@pytest.mark.parametrize(("one", "other"), [({"a": 1.5}, {"a": None}), ({"a": 0.0}, {"a": -0.0}), ({"a": 1}, {"b": 1}), ({"a": None}, {})])
def test_rows_that_differ_have_different_digests(one: Document, other: Document) -> None:
    assert digest(one) != digest(other)
    assert digest(one) == digest({"_id": 1, **one})


def test_the_older_forms_of_a_row_lack_its_last_columns() -> None:
    row = {"_id": {}, "a": 1, "b": None, "c": 3}
    older = [older_digest(row, tuple(row), lacking) for lacking in range(4)]
    assert older == [digest(row), digest({"a": 1, "b": None}), digest({"a": 1}), None]
    omitted = [older_digest({"_id": {}, "a": 1, "c": 3}, tuple(row), lacking) for lacking in range(4)]
    assert omitted == [digest({"a": 1, "c": 3}), digest({"a": 1}), digest({"a": 1}), None]


@pytest.mark.parametrize(("required", "left"), [(True, []), (False, [{"a": 1}])])
def test_where_nulls_are_left_out_a_row_without_a_document_takes_none_of_a_row_whose_last_column_is_null(
    required: bool, left: list[Document]
) -> None:
    documents: Documents = {}
    apply(documents, [swap(0, None, {"a": 1, "b": None}, required=required, nulls=Nulls.OMIT)])
    apply(documents, [swap(1, {"a": 1, "b": 2}, None, required=required, nulls=Nulls.OMIT)])
    assert [{name: value for name, value in each.items() if name != "_id"} for each in documents.values()] == left


def test_a_document_in_the_present_shape_has_the_digest_of_its_row() -> None:
    document = {"a": 1, "dropped": 2, "b": 3}
    old = {"_id": row_id(document, OWNER, position(7)), **document}
    new = {"_id": row_id({"a": 1, "b": 3}, OWNER, position(7)), "a": 1, "b": 3}
    assert encode(reshaped(old, {"_id", "a", "b", "added"})) == encode(new)


def test_a_document_of_an_older_form_is_not_taken_twice() -> None:
    documents: Documents = {}
    apply(documents, [swap(0, None, {"a": 1}), swap(1, None, {"a": 1})])
    steps = [swap(2, {"a": 1}, None), swap(3, {"a": 1, "b": 5}, None), swap(4, {"a": 1, "b": 6}, None)]
    assert apply(documents, steps) == [steps[2].write]
    assert documents == {}


@given(st.lists(CHANGES, max_size=60), st.lists(st.integers(1, 8), min_size=1), st.sampled_from(Nulls))
def test_any_history_cut_into_any_batches_leaves_the_rows_of_the_source(statements: list[Any], sizes: list[int], nulls: Nulls) -> None:
    table = KeylessTable(nulls=nulls)
    steps = keyless_history(table, statements)
    documents: Documents = {}
    cut = 0
    while steps:
        size = sizes[cut % len(sizes)]
        assert apply(documents, steps[:size]) == []
        steps, cut = steps[size:], cut + 1
    assert table.bag_of(list(documents.values())) == table.bag()


@given(st.lists(CHANGES, max_size=60))
def test_the_naive_model_agrees(statements: list[Any]) -> None:
    table, naive = KeylessTable(), NaiveCollection()
    for each in keyless_history(table, statements):
        naive.apply(each.write, each.transaction)
    assert table.bag_of(naive.documents()) == table.bag()


def test_a_bag_is_empty_until_something_comes() -> None:
    assert Bag({}).writes() == {}
