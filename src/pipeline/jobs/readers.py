"""The processes of rowstream's own reader: one for each job whose source no connector reads."""

import asyncio
import contextlib
import os
import sys

import structlog

from pipeline.connect.trace import Reason
from pipeline.lifeline import PARENT
from pipeline.reader.complaint import understand
from pipeline.reader.task import ReadTask, encode_task

log = structlog.get_logger()


class ReaderProcesses:
    """
    The readers that this supervisor has started, by the names of what would be their connectors.

    One that ended before its end is to be started again: it goes on where it stopped.
    """

    def __init__(self) -> None:
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, name: str, task: ReadTask) -> None:
        """Start the reader; one of the same name that still runs is ended before."""
        await self.end(name)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "pipeline.reader",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {PARENT: str(os.getpid())},
            start_new_session=True,
        )
        self._processes[name] = process
        log.info("reader started", reader=name, pid=process.pid)
        if process.stdin is not None:
            with contextlib.suppress(ConnectionError):  # it has ended already, and its exit code tells
                process.stdin.write(encode_task(task))
                await process.stdin.drain()
            process.stdin.close()

    def is_known(self, name: str) -> bool:
        """Whether this supervisor has started the reader."""
        return name in self._processes

    async def trouble(self, name: str) -> Reason | None:
        """Why the reader ended before its end; None while it runs, and when it has read everything."""
        process = self._processes.get(name)
        if process is None or not process.returncode:
            return None
        said = await process.stdout.read() if process.stdout is not None else b""
        return understand(said.decode(), process.returncode)

    async def end(self, name: str) -> None:
        """End the reader at once, if it runs: what it has not committed does not count."""
        process = self._processes.pop(name, None)
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
