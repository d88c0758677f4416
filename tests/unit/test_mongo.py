"""A client of MongoDB whose callers are cancelled while there is no server."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pymongo
import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import ServerSelectionTimeoutError

from pipeline.mongo import async_client

CALLERS = 5


@pytest.fixture
async def client() -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    nobody_listens = "mongodb://127.0.0.1:1/?replicaSet=none"
    async with async_client(nobody_listens, serverSelectionTimeoutMS=60_000) as made:
        yield made


async def ask(client: AsyncMongoClient[dict[str, Any]], seconds: float) -> None:
    """Ask for so long."""
    with pymongo.timeout(seconds):
        await client.admin.command("ping")


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_callers_who_are_cancelled_keep_no_later_one_waiting(client: AsyncMongoClient[dict[str, Any]]) -> None:
    with pytest.raises(ServerSelectionTimeoutError):
        await ask(client, 0.5)
    lock, condition = client._topology._lock, client._topology._condition
    callers = [asyncio.create_task(client.admin.command("ping")) for _ in range(CALLERS)]
    await until(lambda: len(condition._waiters) == CALLERS)
    async with lock:
        await until(lambda: len(lock._waiters or ()) >= CALLERS)  # PyMongo looks again twice a second, and needs the lock for it
        for caller in callers:
            caller.cancel()
        for _ in range(CALLERS):
            await asyncio.sleep(0)
    ended = await asyncio.gather(*callers, return_exceptions=True)

    assert {type(each) for each in ended} == {asyncio.CancelledError}
    with pytest.raises(ServerSelectionTimeoutError):
        async with asyncio.timeout(30):
            await ask(client, 0.5)
