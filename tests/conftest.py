"""What all tests share: a private embedded stack."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.proofs.kinds import Kind
from tests.proofs.noting import pytest_runtest_makereport, pytest_sessionfinish  # noqa: F401 - hooks

from stack import ports
from stack.config import StackConfig, read_config, remembered
from stack.errors import StackError
from stack.layout import Layout
from stack.mysql import BinlogServer
from stack.ports import PortPlan
from stack.programs import java, mongod, postgres
from stack.stack import Stack

settings.register_profile("rowstream", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines may be busy
settings.load_profile("rowstream")


def pytest_configure() -> None:
    """
    Have interrupts do what they do elsewhere: the processes of pytest-xdist ignore them, and so would all that they start.

    Each of these processes chooses among ports of its own: one that is free now is to be so still when a server listens on it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        count = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        own = ports.candidates()[int(worker.removeprefix("gw")) % count :: count]
        ports.candidates = lambda: own


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """
    A whole embedded stack of its own, in a temporary home on free ports, removed at the end.

    `stack.connections` says how its servers are reached, `stack.connect` and the others
    are the servers themselves. With ROWSTREAM_TEST_HOME=<folder> the stack there is used,
    started if need be and left running, which saves time while developing; each process of
    pytest-xdist has one of its own in it.
    """
    with embedded_stack() as embedded:
        yield embedded


@contextmanager
def embedded_stack() -> Iterator[Stack]:
    """The same for programs that are no test."""
    _require_servers()
    with _home() as (home, kept):
        ports = remembered(Layout(home)).ports or PortPlan.free()
        stack = Stack(StackConfig(home, read_config().cache, ports))
        try:
            stack.up()
            yield stack
        finally:
            if not kept:
                stack.down(wipe=True)


@contextmanager
def _home() -> Iterator[tuple[Path, bool]]:
    named = os.environ.get("ROWSTREAM_TEST_HOME")
    if named:
        yield Path(named).resolve() / os.environ.get("PYTEST_XDIST_WORKER", ""), True
        return
    with tempfile.TemporaryDirectory(prefix="rowstream-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "home", False


BINLOG_SERVERS = [pytest.param(name, marks=pytest.mark.proves(Kind.RUN, name.upper()), id=name) for name in ("mysql", "mariadb")]


@pytest.fixture(scope="session", params=BINLOG_SERVERS)
def binlog_server(stack: Stack, request: pytest.FixtureRequest) -> BinlogServer:
    """The stack's MySQL, then its MariaDB, each started when it is first asked for; they end with the stack."""
    server: BinlogServer = getattr(stack, request.param)
    with _loudly_skipped():
        server.start()
    return server


def _require_servers() -> None:
    with _loudly_skipped():
        for program in (java, mongod, postgres):
            program()


@contextmanager
def _loudly_skipped() -> Iterator[None]:
    try:
        yield
    except StackError as missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing}: on CI every test runs")
        pytest.skip(f"NOT TESTED: {missing}; {missing.suggestion}")
