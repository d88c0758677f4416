"""A MongoDB of its own, which tests may kill, and a database there that several workers write to."""

import gc
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pymongo import MongoClient
from tests.fakes.proxy import CuttingProxy
from tests.integration.sink.shared_target import Target

from pipeline.sink.client import connect
from pipeline.sink.document import Document
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


@pytest.fixture
def target(mongodb: MongoDB) -> Iterator[Target]:
    with connect(mongodb.url) as client:
        target = Target(client)
        yield target
        client.drop_database(target.name)


@pytest.fixture
def proxy(mongodb: MongoDB) -> Iterator[CuttingProxy]:
    with CuttingProxy(mongodb.port) as proxy:
        yield proxy


@pytest.fixture
def through(proxy: CuttingProxy) -> Iterator[MongoClient[Document]]:
    """A client that reaches the server through the proxy."""
    with connect(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true") as client:
        yield client


@contextmanager
def _server(replica_set: str | None) -> Iterator[MongoDB]:
    with tempfile.TemporaryDirectory(prefix="rowstream-mongodb-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        server = MongoDB(PortPlan.free().mongodb, Layout(Path(folder) / "home"), replica_set=replica_set)
        server.start()
        yield server
        server.stop()
