"""The compiled functions do what a loop over the columns would do, whatever the names and values."""

import json
from base64 import b64encode
from typing import Any

import pytest
from bson import encode
from bson.int64 import Int64
from hypothesis import given
from hypothesis import strategies as st

from pipeline.change.schema import FieldSchema
from pipeline.mapping.compiled import Column, encoding_function, unavailable_test
from pipeline.mapping.elements import element
from pipeline.mapping.types import converter

NASTY = ["'", '"', "{", "}", "\\", "\n", "'] or 1 or image['", "key", "image", "value", "convert_0", "write_0", "__import__"]
NAMES = st.one_of(st.text(max_size=12), st.sampled_from(NASTY))
TEXTS = st.text(max_size=40)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
NUMBERS = st.one_of(
    st.decimals(places=2).map(lambda number: f"{number:f}"),
    st.from_regex(r"-?[0-9]{0,40}(\.[0-9]{0,40})?", fullmatch=True),
    st.sampled_from(["NAN", "POSITIVE_INFINITY", "NEGATIVE_INFINITY", "1e5", "", "-", ".", "1_0", " 1", "٣", "-0", "+1", "0x1"]),
)
SPECIAL = st.sampled_from(["NaN", "Infinity", "-Infinity", 3])
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
).map(json.dumps)
EXTREMES = [0, -1, 2**31, 2**63 - 1, -(2**63), 9_223_372_036_825_200_000, -9_223_372_036_832_400_000, 2_146_033_979, -2_147_472_691]
TIME = "io.debezium.time."
VALUES: dict[tuple[str, str | None, str | None], st.SearchStrategy[Any]] = {
    ("boolean", None, None): st.booleans(),
    ("int16", None, None): st.integers(-(2**15), 2**15 - 1),
    ("int32", None, None): st.integers(-(2**31), 2**31 - 1),
    ("int32", TIME + "Year", None): st.integers(-(2**31), 2**31 - 1),
    ("int64", None, None): INTEGERS,
    ("float", None, None): st.floats(width=32, allow_nan=False, allow_infinity=False)
    | st.sampled_from(["NaN", "Infinity", "-Infinity", 3]),
    ("double", None, None): st.floats(allow_nan=False, allow_infinity=False) | SPECIAL,
    ("string", None, "TEXT"): TEXTS,
    ("string", None, "NUMERIC"): NUMBERS,
    ("string", "io.debezium.data.Enum", None): TEXTS,
    ("string", "io.debezium.data.Json", None): JSON | st.sampled_from(['{"a": 1, "a": 2}', "-0", "-0.0", "0.10", "1E5", "[1"]),
    ("string", "io.debezium.data.Uuid", None): st.uuids().map(str) | TEXTS,
    ("bytes", None, "BYTEA"): st.binary(max_size=20).map(lambda raw: b64encode(raw).decode()),
    ("int32", TIME + "Date", None): st.integers(-(2**31), 2**31 - 1) | st.sampled_from(EXTREMES),
    ("int64", TIME + "MicroTimestamp", None): INTEGERS | st.sampled_from(EXTREMES) | st.integers(-(10**15), 10**15),
    ("int64", TIME + "Timestamp", None): INTEGERS | st.sampled_from(EXTREMES) | st.integers(-(10**12), 10**12),
    ("int64", TIME + "MicroTime", None): st.integers(0, 86_399_999_999),
    ("string", TIME + "ZonedTimestamp", None): st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
}
NO_NULLS = TEXTS.filter(lambda name: "\0" not in name)
KEYS = st.one_of(INTEGERS, INTEGERS.map(Int64), TEXTS, st.none(), st.floats(), st.dictionaries(NO_NULLS, INTEGERS))
UNKNOWN = ("?", [1])


def column(field: str, name: str, kind: tuple[str, str | None, str | None]) -> Column:
    parameters = {"__debezium.source.column.type": kind[2]} if kind[2] else {}
    schema = FieldSchema(name, kind[0], kind[1], True, parameters, None, ())
    convert = converter(schema)
    return Column(field, name, convert, (), element(schema, convert))


def by_loop(columns: list[Column], key: Any, image: dict[str, Any]) -> bytes:
    document: dict[str, Any] = {"_id": key}
    for each in columns:
        value = image[each.name]
        document[each.field] = value if each.convert is None or value is None else each.convert(value)
    return encode(document)


@given(st.data(), KEYS)
def test_the_bytes_are_those_of_a_loop_over_the_columns(data: st.DataObject, key: Any) -> None:
    names = data.draw(st.lists(NAMES, unique=True, max_size=6))
    fields = data.draw(st.lists(NAMES.filter(lambda name: name != "_id"), unique=True, min_size=len(names), max_size=len(names)))
    kinds = [data.draw(st.sampled_from(list(VALUES))) for _ in names]
    body = [column(field, name, kind) for field, name, kind in zip(fields, names, kinds, strict=True)]
    image = {name: data.draw(st.none() | VALUES[kind]) for name, kind in zip(names, kinds, strict=True)}
    try:
        expected = by_loop(body, key, image)
    except Exception:  # noqa: BLE001 - whatever it was
        with pytest.raises(Exception):  # noqa: B017, PT011 - so does the fast way: it must not make something of what cannot be mapped
            encoding_function(body)(key, image)
        return
    try:
        found = encoding_function(body)(key, image)
    except Exception:  # noqa: BLE001 - it gives up on what is unusual
        return
    assert found == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (("string", None, "NUMERIC"), "-1234.50"),
        (("string", None, "TEXT"), "äöü\0 and more"),
        (("string", "io.debezium.data.Uuid", None), "c81e728d-9d4c-2f63-6f06-7f89cc14862c"),
        (("int32", TIME + "Date", None), -5),
        (("int64", TIME + "MicroTimestamp", None), -1),
        (("int64", TIME + "Timestamp", None), 1_704_067_202_034),
        (("boolean", None, None), False),
        (("double", None, None), "NaN"),
        (("bytes", None, "BYTEA"), "AAE="),
        (("string", "io.debezium.data.Json", None), '{"a": [1, 0.5, null, {"ä": -2147483649}, {}, []], "b": {"": "\\u0000"}}'),
        (("string", TIME + "ZonedTimestamp", None), "1969-12-31T23:59:59.9996Z"),
        (("string", TIME + "ZonedTimestamp", None), "2024-02-29T12:00:00Z"),
        (("int64", None, None), None),
    ],
)
def test_usual_values_take_the_fast_way(kind: tuple[str, str | None, str | None], value: Any) -> None:
    body = [column("field", "column", kind)]
    assert encoding_function(body)(Int64(1), {"column": value}) == by_loop(body, Int64(1), {"column": value})


@given(st.lists(NAMES, unique=True, max_size=6), st.data())
def test_an_unavailable_value_is_seen_in_any_column_that_may_have_one(names: list[str], data: st.DataObject) -> None:
    body = [Column(name, name, None, data.draw(st.sampled_from([(), ("?",), UNKNOWN]))) for name in names]
    image = {name: data.draw(st.none() | INTEGERS | TEXTS | st.sampled_from(UNKNOWN)) for name in names}
    assert unavailable_test(body)(image) is any(image[each.name] in each.placeholders for each in body)


def test_a_name_that_bson_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="null character"):
        encoding_function([Column("a\0b", "a", None, ())])(1, {"a": 1})
