"""The end of asyncio's tasks."""

import asyncio
from typing import Any


async def end(*tasks: asyncio.Task[Any], again_seconds: float) -> None:
    """
    Cancel the tasks, and return when all of them have ended, in whatever way.

    Those that have not ended in time are cancelled again: `asyncio.wait_for` before Python 3.12, which PyMongo uses, keeps a
    cancellation to itself that comes together with what it waits for.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        ended, running = await asyncio.wait(running, timeout=again_seconds)
        for task in ended:
            _ = task.cancelled() or task.exception()  # asyncio logs one that nobody has asked for
