"""The HTTP service on a real control database."""

import base64
import os
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from api.app import make_app
from pipeline.connections.store import ConnectionStore
from pipeline.jobs.job import Job, Statistics
from pipeline.jobs.store import JobStore
from pipeline.jobs.updates import JobUpdates
from pipeline.projects.store import ProjectStore
from pipeline.settings import Settings
from pipeline.stores import Stores
from stack.stack import Stack

MAX_RUNNING_JOBS = 5


@pytest.fixture(scope="session")
def settings(stack: Stack) -> Settings:
    """Settings of a service on the test stack; it waits only a moment for a slot, since no supervisor makes one."""
    return Settings(
        control_url=SecretStr(stack.connections.control_url),
        kafka_bootstrap_servers=stack.connections.kafka_bootstrap_servers,
        connect_url=stack.connections.connect_url,
        secret_key=SecretStr(base64.urlsafe_b64encode(os.urandom(32)).decode()),
        slot_timeout_seconds=0.1,
        max_running_jobs=MAX_RUNNING_JOBS,
    )


@pytest_asyncio.fixture
async def control(settings: Settings) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """An empty control database, dropped afterwards."""
    async with AsyncMongoClient[dict[str, Any]](settings.control_url.get_secret_value()) as client:
        name = f"api_{uuid4().hex}"
        yield client[name]
        await client.drop_database(name)


@pytest_asyncio.fixture
async def stores(settings: Settings, control: AsyncDatabase[dict[str, Any]]) -> Stores:
    """What the control database keeps."""
    stores = Stores.of(control, settings.model_copy(update={"max_running_jobs": MAX_RUNNING_JOBS}))
    await stores.ensure_indexes()
    return stores


@pytest.fixture
def store(stores: Stores) -> JobStore:
    """The jobs of the control database."""
    return stores.jobs


@pytest.fixture
def updates(stores: Stores) -> JobUpdates:
    """The updates of the control database."""
    return stores.updates


@pytest.fixture
def connections(stores: Stores) -> ConnectionStore:
    """The saved connections of the control database."""
    return stores.connections


@pytest.fixture
def projects(control: AsyncDatabase[dict[str, Any]]) -> ProjectStore:
    """The projects of the control database."""
    return ProjectStore(control)


async def no_counts(job: Job) -> Statistics | None:
    """Nothing has been counted yet."""
    return job.final_statistics or Statistics()


Service = TestClient[Any, Any]


@pytest_asyncio.fixture
async def service(settings: Settings, control: AsyncDatabase[dict[str, Any]], stores: Stores) -> AsyncIterator[Service]:
    """A client of the service."""
    app = make_app(settings, stores, statistics=no_counts, ping_control=lambda: control.command("ping"))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield client


@pytest.fixture(scope="session")
def request_body() -> Callable[..., dict[str, Any]]:
    """Makes the body of a valid request of a project."""

    def make(project: str = "shop", mode: str = "SNAPSHOT") -> dict[str, Any]:
        return {
            "projectId": project,
            "jdbcConnectionDetails": {"type": "POSTGRESQL", "url": "jdbc:postgresql://127.0.0.1:5432/shop", "user": "app"},
            "mongodbConnectionDetails": {"connectionString": "mongodb://127.0.0.1:27017/shop"},
            "options": {"mode": mode},
            "verification": {"enabled": False},
        }

    return make
