"""A MongoDB of its own, which tests may kill."""

import gc
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stack.layout import Layout
from stack.mongodb import MongoDB
from stack.ports import PortPlan


@pytest.fixture(scope="session")
def mongodb() -> Iterator[MongoDB]:
    """A replica set of one in a temporary folder."""
    with _server("rowstream") as server:
        yield server


@pytest.fixture
def standalone() -> Iterator[MongoDB]:
    """A server that has no transactions."""
    with _server(None) as server:
        yield server


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """The driver leaves refused sockets to the collector; it runs while the test's own filters of warnings hold."""
    yield
    gc.collect()


@contextmanager
def _server(replica_set: str | None) -> Iterator[MongoDB]:
    with tempfile.TemporaryDirectory(prefix="rowstream-mongodb-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        server = MongoDB(PortPlan.free().mongodb, Layout(Path(folder) / "home"), replica_set=replica_set)
        server.start()
        yield server
        server.stop()
