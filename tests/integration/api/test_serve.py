"""The whole service in one process."""

import asyncio
import threading
from collections.abc import AsyncIterator
from uuid import uuid4

import aiohttp
import pytest
from pymongo import MongoClient

from api.serve import serve
from pipeline.settings import Settings
from stack.ports import LOOPBACK, free_ports

BLOCKED = 60
"""More threads than asyncio's own executor ever has."""

REQUESTS = 30
"""More than a client of MongoDB has connections for that has answered one request at a time: it makes new ones."""


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[str]:
    """A service without workers; the URL of its API."""
    port, database = free_ports(1)[0], f"serve_{uuid4().hex}"
    serving = asyncio.create_task(serve(settings.model_copy(update={"port": port, "control_database": database}), workers=0))
    url = f"http://{LOOPBACK}:{port}/api/v1"
    async with asyncio.timeout(30):
        while not await _answers(f"{url}/jobs"):
            assert not serving.done(), serving.exception()
            await asyncio.sleep(0.05)
    yield url
    serving.cancel()
    await asyncio.wait({serving})
    with MongoClient(settings.control_url.get_secret_value()) as client:
        client.drop_database(database)


async def test_what_waits_in_threads_for_a_server_keeps_no_request_waiting(service: str) -> None:
    answered = threading.Event()
    waiting = [asyncio.create_task(asyncio.to_thread(answered.wait)) for _ in range(BLOCKED)]
    try:
        async with asyncio.timeout(30):
            assert await asyncio.gather(*(_answers(f"{service}/jobs") for _ in range(REQUESTS))) == [True] * REQUESTS
        assert not any(task.done() for task in waiting)
    finally:
        answered.set()
        await asyncio.wait(waiting)


async def _answers(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False
