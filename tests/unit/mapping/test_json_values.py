"""JSON columns become BSON without losing a digit."""

import json
from decimal import Decimal
from typing import Any

import bson
import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mapping.json_values import bson_from_json, canonical_json

names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_what_bson_can_hold_comes_back_from_mongodb_as_it_was(value: Any) -> None:
    stored = bson.decode(bson.encode({"value": bson_from_json(json.dumps(value))}))
    assert stored == {"value": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.50", Decimal128("1.50")),
        ("0.1", Decimal128("0.1")),
        ("1e400", Decimal128("1E+400")),
        ("-2.5E-3", Decimal128("-0.0025")),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", Decimal128("9223372036854775808")),
        ("18446744073709551616", Decimal128("18446744073709551616")),
        ("-9223372036854775809", Decimal128("-9223372036854775809")),
        pytest.param("1" * 5_000, "1" * 5_000, id="5,000 digits"),
        pytest.param(
            '[{"a": %s, "b": [1, -9223372036854775808, 1.50]}]' % ("-" + "7" * 4_301),
            [{"a": "-" + "7" * 4_301, "b": [1, -(2**63), Decimal128("1.50")]}],
            id="4,301 digits",
        ),
        ("1" * 40, "1" * 40),
        ("0." + "1" * 40, "0." + "1" * 40),
        ("1e9999", "1e9999"),
        ("null", None),
        ('"text"', "text"),
        ("[]", []),
        ('{"a":1,"b":2,"a":3}', {"a": 3, "b": 2}),
        ('{"$x":{"a.b":[1.5,{"":null}]}}', {"$x": {"a.b": [Decimal128("1.5"), {"": None}]}}),
    ],
)
def test_numbers_are_exact_or_their_text_and_names_are_kept(text: str, value: Any) -> None:
    assert bson_from_json(text) == value
    assert bson_from_json(f"[{text}]") == [value]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**20), max_value=10**20))
def test_fractions_are_exact(number: Decimal) -> None:
    stored = bson_from_json(json.dumps({"n": 0}).replace("0", str(number)))["n"]
    assert stored.to_decimal() == number


@pytest.mark.parametrize("text", ["", "{", "{'a':1}", "[1,]", "NaN", '"\\ud800"', '{"a\\u0000b":1}', "[" * 100_000])
def test_what_is_no_json_or_has_no_bson_is_refused(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        bson_from_json(text)


@given(values)
def test_spaces_make_no_difference_in_keys(value: Any) -> None:
    texts_of_it = {canonical_json(json.dumps(value, indent=indent, ensure_ascii=False)) for indent in (None, 0, 2)}
    assert len(texts_of_it) == 1
    assert json.loads(texts_of_it.pop()) == value
