"""What the end-to-end tests share: one service on the session's stack, and a source and a target for each test."""

import re
import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from tests.e2e.harness.binlog_source import BinlogSource, drop_binlog_source, make_binlog_source
from tests.e2e.harness.client import JobClient
from tests.e2e.harness.service import Service
from tests.e2e.harness.source import SourceDatabase, drop_source, make_source

from stack.layout import Layout
from stack.mongodb import MongoDB
from stack.mysql import BinlogServer
from stack.ports import free_ports
from stack.postgresql import PostgreSQL
from stack.stack import Stack

MakeService = Callable[..., Service]


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which services keep their logs."""
    return tmp_path_factory.mktemp("rowstream")


@pytest.fixture(scope="session")
def shared_service(stack: Stack, logs: Path) -> Iterator[Service]:
    """A service with two workers, for the tests that do not harm it."""
    service = Service(stack, logs, f"shared_{secrets.token_hex(3)}", workers=2)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def jobs(shared_service: Service) -> Iterator[JobClient]:
    """A client of the shared service."""
    client = JobClient(shared_service)
    yield client
    client.end_all()


@pytest.fixture
def make_service(stack: Stack, tmp_path: Path) -> Iterator[MakeService]:
    """Makes (and does not start) services of the test's own; those that still run at its end are killed."""
    made: list[Service] = []

    def make(workers: int = 1, **settings: str) -> Service:
        service = Service(stack, tmp_path, f"own_{secrets.token_hex(3)}", workers, settings)
        made.append(service)
        return service

    yield make
    for service in made:
        service.kill()
    with MongoClient[Any](stack.connections.control_url) as client:
        for service in made:
            client.drop_database(service.control_database)


@pytest.fixture
def source(stack: Stack, request: pytest.FixtureRequest) -> Iterator[SourceDatabase]:
    """An empty source database of the test's own."""
    server = stack.connections.admin_dsn
    made = make_source(server, request.node.originalname.removeprefix("test_"))
    yield made
    drop_source(server, made)


@pytest.fixture
def binlog_source(binlog_server: BinlogServer, request: pytest.FixtureRequest) -> Iterator[BinlogSource]:
    """An empty database of MySQL, then of MariaDB, of the test's own."""
    made = make_binlog_source(binlog_server, request.node.originalname.removeprefix("test_"))
    yield made
    drop_binlog_source(made)


@pytest.fixture
def target_name(request: pytest.FixtureRequest) -> str:
    """A name for the test's target database."""
    return re.sub("[^a-z0-9]+", "_", request.node.originalname.removeprefix("test_"))[:30] + "_" + secrets.token_hex(3)


@pytest.fixture
def target(stack: Stack, target_name: str) -> Iterator[Database[Any]]:
    """The test's target database, in the stack's MongoDB; read with aware times."""
    with MongoClient[Any](stack.connections.control_url, tz_aware=True) as client:
        yield client[target_name]
        client.drop_database(target_name)


@pytest.fixture
def target_url(stack: Stack, target_name: str) -> str:
    """The connection string of the test's target database."""
    server, _, options = stack.connections.control_url.partition("?")
    return f"{server}{target_name}?{options}"


@pytest.fixture(scope="session")
def annex() -> Iterator[Layout]:
    """A home for further servers, which are stopped by who started them. Not in pytest's own folder, which it closes to other users."""
    with tempfile.TemporaryDirectory(prefix="rowstream-annex-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        layout = Layout(Path(folder) / "home")
        yield layout
        layout.wipe()


@pytest.fixture(scope="session")
def replica_level_postgresql(annex: Layout) -> Iterator[PostgreSQL]:
    """A PostgreSQL with `wal_level=replica`."""
    server = PostgreSQL(free_ports(1)[0], annex, settings={"wal_level": "replica"})
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def second_mongodb(annex: Layout) -> Iterator[MongoDB]:
    """Another replica set."""
    server = MongoDB(free_ports(1)[0], annex, name="second", replica_set="second")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def standalone_mongodb(annex: Layout) -> Iterator[MongoDB]:
    """A MongoDB that is no replica set, and so has no transactions."""
    server = MongoDB(free_ports(1)[0], annex, name="standalone", replica_set=None)
    server.start()
    yield server
    server.stop()
