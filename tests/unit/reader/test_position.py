"""A position comes back from Kafka as it was kept."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reader.position import ReadPosition, decode_position, encode_position, restored_key, stored_key

VALUES = st.one_of(
    st.integers(),
    st.booleans(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.decimals(allow_nan=False),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.uuids(),
)


@given(st.lists(VALUES, min_size=1, max_size=4), st.integers(0, 2**60), st.text(), st.text())
def test_the_values_of_a_key_are_the_same_again_and_of_the_same_classes(key: list[Any], rows: int, schema: str, name: str) -> None:
    position = ReadPosition(rows, stored_key(key))
    place, kept = decode_position(*encode_position(schema, name, position))
    assert (place, kept) == ((schema, name), position)
    restored = restored_key(kept.key or ())
    assert [(type(value), value, str(value)) for value in restored] == [(type(value), value, str(value)) for value in key]


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, object()])
def test_a_value_that_may_come_back_as_another_is_not_kept(value: Any) -> None:
    with pytest.raises(ValueError, match="cannot be kept as a position"):
        stored_key([value])


def test_a_moment_keeps_its_offset() -> None:
    moment = datetime.fromisoformat("2024-03-31T02:30:00.000001+02:00")
    assert restored_key(stored_key([moment]))[0].isoformat() == moment.isoformat()
