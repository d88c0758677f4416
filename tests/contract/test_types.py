"""Every logical type keeps its edge values, whichever way they take into a document."""

import pytest
from tests.contract.types.logical import LogicalType
from tests.contract.types.moving import STREAMED, Moved, wrong_keys, wrong_large, wrong_values
from tests.contract.types.table import IN_EVERY_SERVER, TYPES


@pytest.fixture
def moved(moved_types: dict[str, Moved], logical: LogicalType) -> Moved:
    """The documents among which are those of the type."""
    needed = "" if logical.needs in IN_EVERY_SERVER else logical.needs
    if needed not in moved_types:
        pytest.skip(f"NOT TESTED: there is no PostgreSQL with {needed} (Debian: apt install postgresql)")
    return moved_types[needed]


def having(part: str) -> pytest.MarkDecorator:
    """Run the test for each type that has values of this kind."""
    types = [logical for logical in TYPES if getattr(logical, part)]
    return pytest.mark.parametrize("logical", types, ids=[logical.name for logical in types])


@having("values")
def test_values_arrive_by_snapshot_insert_update_and_beside_a_change(moved: Moved, logical: LogicalType) -> None:
    assert not wrong_values(moved, STREAMED, logical)


@having("values")
def test_values_arrive_again_when_their_rows_are_read_again(moved: Moved, logical: LogicalType) -> None:
    assert not wrong_values(moved, "body", logical)


@having("keys")
def test_keys_meet_themselves_and_nothing_else(moved: Moved, logical: LogicalType) -> None:
    assert not wrong_keys(moved, logical)


@having("large")
def test_large_values_stay_when_an_update_leaves_them_out(moved: Moved, logical: LogicalType) -> None:
    assert not wrong_large(moved, logical)
