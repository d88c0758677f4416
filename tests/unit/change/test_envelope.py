"""The border between schema and payload is found whatever the texts in a row look like."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.change.envelopes import Table, column

from pipeline.change.envelope import KNOWN_PREFIXES, EnvelopeSplitter
from pipeline.errors import DecodeError

TOPIC = "shop.public.customer"


class Anything(msgspec.Struct):
    op: str
    after: dict[str, Any] | None = None


treacherous = st.lists(
    st.sampled_from(["{", "}", '"', ",", ":", "\\", "payload", '},"payload":{', '"schema":', "null", "\n", "é", "\u2028", "𝄞"]), max_size=12
).map("".join)
names = treacherous.filter(bool)


def splitter() -> EnvelopeSplitter[Anything]:
    return EnvelopeSplitter(Anything)


@given(st.lists(st.tuples(treacherous, names), min_size=1, max_size=4))
def test_texts_and_names_that_look_like_the_border_do_not_move_it(rows: list[tuple[str, str]]) -> None:
    split = splitter()
    for text, name in rows * 2:
        table = Table(columns=[column("id", "int32"), column(name)])
        payload, row = split.split(TOPIC, table.value("c", None, {"id": 1, name: text}))
        assert payload.after == {"id": 1, name: text}
        assert row is not None
        assert [field.name for field in row.fields] == ["id", name]


def test_a_schema_is_one_object_for_all_records_that_carry_it() -> None:
    split, table = splitter(), Table()
    rows = [split.split(TOPIC, table.value("c", None, {"id": number, "name": "x"}))[1] for number in range(3)]
    assert rows[0] is rows[1] is rows[2]


def test_after_a_schema_change_old_and_new_records_keep_their_schemas() -> None:
    split, old, new = splitter(), Table(), Table(columns=[column("id", "int32"), column("name"), column("added")])
    first = split.split(TOPIC, old.value("c", None, {"id": 1, "name": "x"}))[1]
    changed = split.split(TOPIC, new.value("c", None, {"id": 1, "name": "x", "added": "y"}))[1]
    again = split.split(TOPIC, old.value("c", None, {"id": 1, "name": "x"}))[1]
    assert changed is not None
    assert [field.name for field in changed.fields] == ["id", "name", "added"]
    assert again is first is not changed


def test_what_is_remembered_is_bounded() -> None:
    split = splitter()
    for number in range(3 * KNOWN_PREFIXES):
        split.split(TOPIC, Table(columns=[column(f"c{number}")]).value("c", None, {f"c{number}": "x"}))
    assert len(split._known[TOPIC]) == KNOWN_PREFIXES


@pytest.mark.parametrize("order", [("payload", "schema"), ("schema", "payload")])
def test_any_layout_of_the_same_json_is_read(order: tuple[str, str]) -> None:
    table, split = Table(), splitter()
    whole = json.loads(table.value("c", None, {"id": 1, "name": "x"}))
    value = json.dumps({name: whole[name] for name in order}, indent=1).encode()
    for _ in range(2):
        payload, row = split.split(TOPIC, value)
        assert payload.after == {"id": 1, "name": "x"}
        assert row is not None


def test_the_schema_says_type_logical_name_source_type_and_elements() -> None:
    columns = [
        column("amount", source_type="numeric"),
        column("days", "array", items={"type": "int32", "name": "io.debezium.time.Date", "optional": True}),
        column("spot", "struct", "io.debezium.data.geometry.Point", fields=[column("x", "double"), column("y", "double")]),
    ]
    row = splitter().split(TOPIC, Table(columns=columns).value("c", None, {}))[1]
    assert row is not None
    amount, days, spot = row.fields
    assert (amount.type, amount.logical, amount.source_type, amount.optional) == ("string", None, "NUMERIC", True)
    assert days.element is not None
    assert (days.element.type, days.element.logical) == ("int32", "io.debezium.time.Date")
    assert [inner.name for inner in spot.fields] == ["x", "y"]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"null",
        b"{}",
        b"[1]",
        b"not json",
        b'{"payload":{"op":"c"}}',
        b'{"schema":null,"payload":{"op":"c"}}',
        b'{"schema":{"type":"struct","fields":[]}}',
        b'{"schema":{"type":"struct","fields":[]},"payload":null}',
        b'{"schema":{"type":"struct","fields":[]},"payload":{"ts_ms":1}}',
    ],
)
def test_what_is_no_envelope_is_refused(value: bytes) -> None:
    with pytest.raises(DecodeError):
        splitter().split(TOPIC, value)


@given(st.integers(min_value=1, max_value=200))
def test_a_value_that_was_cut_is_refused_also_where_its_schema_is_known(missing: int) -> None:
    split, value = splitter(), Table().value("c", None, {"id": 1, "name": "x"})
    split.split(TOPIC, value)
    with pytest.raises(DecodeError):
        split.split(TOPIC, value[:-missing])
    with pytest.raises(DecodeError):
        split.split(TOPIC, value + b"}")
