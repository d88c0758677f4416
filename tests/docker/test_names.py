"""Names of every kind that SQL Server, Oracle and Db2 permit become collections and fields."""

from collections.abc import Iterator

import pytest
from tests.contract.types.moving import Moved
from tests.docker.contract import moved, odd_tables
from tests.docker.vendor import Vendor
from tests.docker.vendors import EACH_VENDOR
from tests.e2e.harness.service import Service

from stack.stack import Stack

pytestmark = EACH_VENDOR


@pytest.fixture(scope="module")
def documents(vendor: Vendor, stack: Stack, shared_service: Service) -> Iterator[Moved]:
    """The documents of one job."""
    with moved(vendor, shared_service, stack.connections.control_url, (), odd_tables(vendor)) as made:
        yield made


def test_rows_of_odd_names_are_read_changed_moved_and_born(vendor: Vendor, documents: Moved) -> None:
    for table in odd_tables(vendor):
        table.check(documents.target)
