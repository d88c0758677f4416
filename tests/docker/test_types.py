"""Every type of SQL Server, Oracle and Db2 keeps its edge values, whichever way they take into a document."""

from collections.abc import Iterator

import pytest
from tests.contract.types.moving import STREAMED, Moved, wrong_keys, wrong_large, wrong_values
from tests.docker.contract import moved, types_of
from tests.docker.vendor import Vendor
from tests.docker.vendors import EACH_VENDOR
from tests.e2e.harness.service import Service

from stack.stack import Stack

pytestmark = EACH_VENDOR


@pytest.fixture(scope="module")
def types(vendor: Vendor, stack: Stack, shared_service: Service) -> Iterator[Moved]:
    """The documents of one job."""
    with moved(vendor, shared_service, stack.connections.control_url, types_of(vendor), ()) as documents:
        yield documents


def told(wrong: list[str]) -> str:
    return "\n".join(wrong)


def test_values_arrive_by_snapshot_insert_update_and_beside_a_change(vendor: Vendor, types: Moved) -> None:
    wrong = [each for logical in types_of(vendor) if logical.values for each in wrong_values(types, STREAMED, logical)]
    assert not wrong, told(wrong)


def test_values_arrive_again_when_their_rows_are_read_again(vendor: Vendor, types: Moved) -> None:
    wrong = [each for logical in types_of(vendor) if logical.values for each in wrong_values(types, "body", logical)]
    assert not wrong, told(wrong)


def test_keys_meet_themselves_and_nothing_else(vendor: Vendor, types: Moved) -> None:
    wrong = [each for logical in types_of(vendor) if logical.keys for each in wrong_keys(types, logical)]
    assert not wrong, told(wrong)


def test_large_values_stay_when_an_update_leaves_them_out(vendor: Vendor, types: Moved) -> None:
    if not any(logical.large for logical in types_of(vendor)):
        pytest.skip(f"NOT TESTED: no column of {vendor.source_type} that is followed holds values that an update leaves out")
    wrong = [each for logical in types_of(vendor) if logical.large for each in wrong_large(types, logical)]
    assert not wrong, told(wrong)
