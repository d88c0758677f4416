"""Worker processes beside the service."""

import asyncio
import contextlib
import os
import sys
import time

import structlog

from pipeline.lifeline import PARENT
from pipeline.settings import Settings

log = structlog.get_logger()

LONGEST_PAUSE_SECONDS = 5.0
HEALTHY_SECONDS = 5.0
FAREWELL_SECONDS = 30.0


class WorkerPool:
    """Keeps `size` worker processes running; one that dies is started again at once, one that keeps dying more slowly."""

    def __init__(self, settings: Settings, size: int) -> None:
        self._settings = settings
        self._size = size

    async def run(self) -> None:
        """Keep the workers running until cancelled; then they finish their batches and end."""
        async with asyncio.TaskGroup() as keepers:
            for number in range(self._size):
                keepers.create_task(self._keep(number))

    async def _keep(self, number: int) -> None:
        pause = 0.0
        while True:
            started = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "pipeline.worker", env=os.environ | {PARENT: str(os.getpid())}, start_new_session=True
            )
            log.info("worker started", worker=number, pid=process.pid)
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                await _end(process)
                raise
            log.warning("a worker ended; starting another", worker=number, exit_code=code)
            lived = time.monotonic() - started
            pause = 0.0 if lived > HEALTHY_SECONDS else min(max(pause * 2, 0.1), LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(pause)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), FAREWELL_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
