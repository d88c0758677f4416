"""What the tests on containers share: a Docker engine or a loud skip, and the service and targets of the end-to-end tests."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from tests.docker.spoken import Spoken
from tests.docker.vendor import Vendor
from tests.e2e.conftest import jobs, logs, shared_service, target, target_name, target_url  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """A Docker engine that answers; on CI a missing one is a failure."""
    import docker  # it comes with testcontainers

    try:
        docker.from_env().ping()
    except docker.errors.DockerException as missing:
        if os.environ.get("CI"):
            pytest.fail(f"there is no Docker engine: {missing}; on CI every test runs")
        pytest.skip(f"NOT TESTED: there is no Docker engine: {missing}")


@pytest.fixture(scope="session")
def vendor(request: pytest.FixtureRequest, docker_engine: None) -> Iterator[Vendor | Spoken]:
    """The database that the test is parametrized with, started once."""
    made: Any = request.param
    with made() as started:
        yield started
