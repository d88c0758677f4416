"""Whatever is sent, the service answers as its own OpenAPI document says."""

import asyncio
import threading
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pymongo import AsyncMongoClient
from schemathesis.checks import CHECKS

from api.app import make_app
from api.openapi import openapi
from pipeline.jobs.job import Job, Statistics
from pipeline.settings import Settings
from pipeline.stores import Stores
from stack.ports import PortPlan


class ServiceThread(threading.Thread):
    """The service in a thread of its own, since what sends the requests blocks."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(daemon=True)
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self.ready = threading.Event()

    def run(self) -> None:
        """Serve until stopped."""
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    def stop(self) -> None:
        """End the service and wait for it."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self.join()

    async def _serve(self) -> None:
        async with AsyncMongoClient[dict[str, Any]](self._settings.control_url.get_secret_value()) as client:
            database = client[self._settings.control_database]
            stores = Stores.of(database, self._settings.model_copy(update={"max_running_jobs": 1}))
            await stores.ensure_indexes()
            app = make_app(self._settings, stores, statistics=_no_counts, ping_control=lambda: database.command("ping"))
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, self._settings.host, self._settings.port).start()
            self.ready.set()
            await self._stopped.wait()
            await runner.cleanup()
            await client.drop_database(database.name)


async def _no_counts(_job: Job) -> Statistics | None:
    return Statistics()


@pytest.fixture(scope="module")
def running(settings: Settings) -> Iterator[Settings]:
    """The settings of a running service."""
    port = PortPlan.free().kafka
    mine = settings.model_copy(update={"port": port, "control_database": f"api_{uuid4().hex}"})
    service = ServiceThread(mine)
    service.start()
    assert service.ready.wait(30)
    yield mine
    service.stop()


def promised() -> dict[str, Any]:
    """What the service promises below its base path."""
    document = openapi("127.0.0.1", 8278)
    document["paths"] = {path: item for path, item in document["paths"].items() if "servers" not in item}
    return document


pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # pymongo's, of a target that does not answer

schema = schemathesis.openapi.from_dict(promised())
TOO_STRICT = [check for check in CHECKS.get_all() if check.__name__ == "positive_data_acceptance"]
"""A schema cannot say which JDBC URLs and connection strings can be read."""

SERVER_ERROR = [check for check in CHECKS.get_all() if check.__name__ == "not_a_server_error"]


@schema.parametrize()
@hypothesis_settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_every_answer_is_promised(case: Any, running: Settings) -> None:
    answer = case.call(base_url=f"http://{running.host}:{running.port}/api/v1")
    away = SERVER_ERROR if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE else []  # the source of a preview is; it is promised
    case.validate_response(answer, excluded_checks=[*TOO_STRICT, *away])
