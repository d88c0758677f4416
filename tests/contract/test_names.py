"""Names of every kind become collections and fields, and values that look like pieces of an envelope stay what they are."""

import pytest
from tests.contract.types.moving import Moved
from tests.contract.types.names import TABLES, OddTable


@pytest.mark.parametrize("table", TABLES, ids=[str(number) for number in range(len(TABLES))])
def test_rows_of_odd_names_are_read_changed_moved_and_born(moved_types: dict[str, Moved], table: OddTable) -> None:
    table.check(moved_types[""].target)
