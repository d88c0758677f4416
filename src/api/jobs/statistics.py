"""Live counts of jobs, read from the checkpoints in their target databases."""

import asyncio

import structlog
from pymongo.errors import PyMongoError

from api.jobs.targets import JobTargets
from pipeline.errors import PipelineError
from pipeline.jobs.job import Job, Statistics
from pipeline.jobs.statistics import live_statistics

log = structlog.get_logger()

PATIENCE_SECONDS = 3.0


class LiveStatistics:
    """
    Reads the counts of any job; its target is forgotten once it has ended.

    A target that does not answer must not make the job unreadable: then the counts are those
    last read, or None when there are none.
    """

    def __init__(self, targets: JobTargets) -> None:
        self._targets = targets
        self._last: dict[str, Statistics] = {}

    async def __call__(self, job: Job) -> Statistics | None:
        """The job's counts, final ones once it has ended."""
        if job.secrets is None:
            self._last.pop(job.id, None)
            await self._targets.forget(job.id)
        if job.final_statistics is not None or job.secrets is None:
            return job.final_statistics
        if not job.tables:
            return Statistics()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                self._last[job.id] = await live_statistics(self._targets.database(job), job)
        except (PipelineError, PyMongoError, TimeoutError) as error:
            log.warning("counts cannot be read", job=job.id, error=type(error).__name__)
        return self._last.get(job.id)
