"""Live counts of jobs, read from the checkpoints in their target databases."""

import asyncio
from typing import Any

import structlog
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from pipeline.errors import PipelineError
from pipeline.jobs.job import Job, Statistics
from pipeline.jobs.statistics import live_statistics
from pipeline.jobs.vault import Vault
from pipeline.sink.targets import open_target

log = structlog.get_logger()

PATIENCE_SECONDS = 3.0


class LiveStatistics:
    """
    Reads the counts of any job; a client for each target is kept while its job has not ended.

    A target that does not answer must not make the job unreadable: then the counts are those
    last read, or None when there are none.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._clients: dict[str, AsyncMongoClient[dict[str, Any]]] = {}
        self._last: dict[str, Statistics] = {}

    async def __call__(self, job: Job) -> Statistics | None:
        """The job's counts, final ones once it has ended."""
        if job.final_statistics is not None or job.secrets is None:
            await self._forget(job.id)
            return job.final_statistics
        if not job.tables:
            return Statistics()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                self._last[job.id] = await live_statistics(self._client(job)[job.target_database], job)
        except (PipelineError, PyMongoError, TimeoutError) as error:
            log.warning("counts cannot be read", job=job.id, error=type(error).__name__)
        return self._last.get(job.id)

    async def close(self) -> None:
        """Close every client."""
        for job_id in list(self._clients):
            await self._forget(job_id)

    def _client(self, job: Job) -> AsyncMongoClient[dict[str, Any]]:
        if job.id not in self._clients:
            self._clients[job.id] = open_target(self._vault.open(job.id, job.secrets or b"")["mongodbUrl"])
        return self._clients[job.id]

    async def _forget(self, job_id: str) -> None:
        self._last.pop(job_id, None)
        client = self._clients.pop(job_id, None)
        if client is not None:
            await client.close()
