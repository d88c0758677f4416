"""Names of every kind become collections and fields, and values that look like pieces of an envelope stay what they are."""

from collections.abc import Mapping
from typing import Any

import pytest
from bson import SON
from tests.contract.types.moving import Moved
from tests.contract.types.names import TABLES, OddTable


@pytest.mark.parametrize("table", TABLES, ids=[str(number) for number in range(len(TABLES))])
def test_rows_of_odd_names_are_read_changed_moved_and_born(moved_types: dict[str, Moved], table: OddTable) -> None:
    found = {_first(document["_id"]): document for document in moved_types[""].target[table.collection].find()}
    expected = table.documents()
    assert set(found) == set(expected)
    for key, document in expected.items():
        assert SON(found[key]) == SON(document)
        assert list(found[key]) == list(document), "the fields are in the order of the columns"


def _first(key: Any) -> Any:
    return next(iter(key.values())) if isinstance(key, Mapping) else key
