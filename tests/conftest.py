"""What all tests share: a private embedded stack."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from stack.config import StackConfig, read_config, remembered
from stack.errors import StackError
from stack.layout import Layout
from stack.ports import PortPlan
from stack.programs import java, mongod, postgres
from stack.stack import Stack

settings.register_profile("rowstream", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines may be busy
settings.load_profile("rowstream")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """
    A whole embedded stack of its own, in a temporary home on free ports, removed at the end.

    `stack.connections` says how its servers are reached, `stack.connect` and the others
    are the servers themselves. With ROWSTREAM_TEST_HOME=<folder> the stack there is used,
    started if need be and left running, which saves time while developing.
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
        yield Path(named).resolve(), True
        return
    with tempfile.TemporaryDirectory(prefix="rowstream-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "home", False


def _require_servers() -> None:
    try:
        for program in (java, mongod, postgres):
            program()
    except StackError as missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing}: on CI every test runs")
        pytest.skip(f"NOT TESTED: {missing}; {missing.suggestion}")
