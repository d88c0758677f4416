"""What the integration tests of several parts share."""

import secrets
from collections.abc import Iterator

import pytest
from tests.integration.sources.binlog_database import BinlogDatabase

from stack.mysql import BinlogServer


@pytest.fixture
def binlog_database(binlog_server: BinlogServer) -> Iterator[BinlogDatabase]:
    """An empty database of MySQL, then of MariaDB, removed at the end."""
    made = BinlogDatabase(binlog_server, f"source_{secrets.token_hex(4)}")
    made.create()
    yield made
    made.drop()
