"""
PyMongo's asynchronous clients, mended for Python 3.11.

PyMongo waits for its conditions by `asyncio.wait_for`, which before Python 3.12 waits in a task of its own: a caller that is
cancelled when its time has just run out, or a second time, while that task takes the condition's lock again, leaves without it,
releases a lock that somebody else holds, and whoever then gets the lock last keeps it for ever. The client answers nobody from
then on, not even with an error (met with PyMongo 4.20.0, when jobs were cancelled while MongoDB was away). `asyncio.timeout`
waits in the caller's own task.
"""

import asyncio
import sys
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous import pool, topology


def async_client(url: str, **options: Any) -> AsyncMongoClient[dict[str, Any]]:
    """Make a client; nothing is connected to yet. Raises as `AsyncMongoClient`."""
    return AsyncMongoClient(url, **options)


async def _wait(condition: asyncio.Condition, seconds: float | None) -> bool:
    """Wait until the condition is notified; False when it is not within the time. Its lock is held again in both cases."""
    try:
        async with asyncio.timeout(seconds):
            return bool(await condition.wait())
    except TimeoutError:
        return False


if sys.version_info < (3, 12):
    topology._async_cond_wait = pool._async_cond_wait = _wait  # type: ignore[attr-defined,assignment]  # noqa: SLF001
