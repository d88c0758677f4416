"""Which of the rows that hold one key leaves it."""

from typing import Any

import pytest
from bson import Decimal128
from tests.fakes.rows import COLLECTION

from pipeline.sink.document import Document
from pipeline.sink.holders import Holders, Row
from pipeline.sink.place import Place

FIRST = Row(Place(COLLECTION, 1), 1, {}, None)


def holders(*came: Document, first: Row | None = FIRST) -> Holders:
    return Holders(1, first, None, came=list(came))


def row(**values: Any) -> Document:
    return {"_id": 1, **values}


@pytest.mark.parametrize("value", [float("nan"), -0.0, Decimal128("1.00"), None, {"b": [1], "a": 2}], ids=str)
def test_a_row_that_came_leaves_when_it_equals_the_one_that_is_told(value: Any) -> None:
    held = holders(row(a=1), row(a=value), row(a=2))
    held.leave(row(a=value), required=True)
    assert (held.came, held.stays) == ([row(a=1), row(a=2)], FIRST)


@pytest.mark.parametrize(
    ("came", "told"), [(0.0, -0.0), (Decimal128("1.0"), Decimal128("1.00")), (1, 1.0), ({"a": 1, "b": 2}, {"b": 2, "a": 1})]
)
def test_else_the_row_from_before_leaves_whatever_its_document_is(came: Any, told: Any) -> None:
    for first, required in ((FIRST, True), (None, False)):
        held = holders(row(a=came), first=first)
        held.leave(row(a=told), required=required)
        assert (held.came, held.left) == ([row(a=came)], True)


def test_a_row_is_known_though_columns_were_added_and_dropped_since_it_came() -> None:
    held = holders(row(a=1, dropped=2), row(a=2, dropped=2))
    held.leave(row(a=2, added=None), required=True)
    assert (held.came, held.left) == ([row(a=1, dropped=2)], False)


def test_where_nulls_are_left_out_a_row_is_none_that_has_a_value_where_it_has_null() -> None:
    held = holders(row(a=1, b=2), row(a=1))
    held.leave(row(a=1), required=True, sparse=True)
    assert (held.came, held.left) == ([row(a=1, b=2)], False)
    held.leave(row(a=1), required=True, sparse=True)
    assert (held.came, held.left) == ([row(a=1, b=2)], True)


def test_a_row_whose_column_was_retyped_since_it_came_leaves_when_no_other_can() -> None:
    held = holders(row(a=1), first=None)
    held.leave(row(a="1"), required=True)
    assert held.came == []
    held = holders(row(a=1), row(a=2))
    held.leave(row(a="0"), required=True)
    held.leave(row(a="1"), required=True)
    assert (held.came, held.stays) == ([row(a=2)], None)


def test_a_row_without_a_bson_equals_none() -> None:
    held = holders(row(a={"\0": 1}))
    held.leave(row(a={"\0": 1}), required=True)
    assert (len(held.came), held.left) == (1, True)
