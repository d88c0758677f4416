"""A job in the hands of the supervisor that holds its lease."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import structlog
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.connect.client import ConnectClient
from pipeline.connect.secrets import ConnectSecretStore
from pipeline.errors import PipelineError
from pipeline.jobs.job import Ask, Failure, Job, Outcome, Phase
from pipeline.jobs.names import ownership
from pipeline.jobs.store import JobStore
from pipeline.jobs.updates import EventType, JobUpdates, Stage
from pipeline.jobs.vault import Vault
from pipeline.kafka.topics import KafkaTopics
from pipeline.settings import Settings
from pipeline.sink.targets import open_target
from pipeline.sources.registry import open_source
from pipeline.sources.source import Mode, Ownership, Source, Table

log = structlog.get_logger()


class CancelAskedError(PipelineError):
    """The user asked to end the job now: stop what is under way and clean up."""

    code = "CANCEL_ASKED"


class JobFailedError(PipelineError):
    """The job cannot go on: record the failure and end it."""

    code = "JOB_FAILED"

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message, suggestion=failure.suggestion)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Services:
    """What every drive of a supervisor shares."""

    settings: Settings
    store: JobStore
    updates: JobUpdates
    vault: Vault
    connect: ConnectClient
    connect_secrets: ConnectSecretStore
    topics: KafkaTopics


class Drive:
    """
    One job, driven by the holder of its lease.

    `job` is the state as last read or saved; every save checks the lease, so a supervisor
    that lost it changes nothing. Nothing is kept here that a restart could not make again.
    `absent_since`: since when Connect has not known the connector; `restarted_at`: when its
    task was restarted last; both in monotonic seconds.
    """

    def __init__(self, job: Job, services: Services, owner: str) -> None:
        self.job = job
        self.services = services
        self.owner = owner
        self.absent_since: float | None = None
        self.restarted_at = float("-inf")
        self._away: set[str] = set()
        self._client: AsyncMongoClient[dict[str, Any]] | None = None

    @property
    def owned(self) -> Ownership:
        """The names of what the job's present generation owns."""
        return ownership(self.job.id, self.job.generation)

    @property
    def stage(self) -> Stage:
        """The stage that updates of this moment belong to."""
        return Stage.STREAMING if self.job.streaming_started_at else Stage.SNAPSHOTTING

    @cached_property
    def secrets(self) -> dict[str, str]:
        """The job's credentials, decrypted."""
        return self.services.vault.open(self.job.id, self.job.secrets or b"")

    @cached_property
    def source(self) -> Source:
        """The source database."""
        secrets = self.secrets
        timeout = self.services.settings.slot_timeout_seconds
        return open_source(
            self.job.source_type, secrets["jdbcUrl"], secrets.get("user"), secrets.get("password"), slot_timeout_seconds=timeout
        )

    @property
    def target(self) -> AsyncDatabase[dict[str, Any]]:
        """The target database, with majority write concern and primary reads whatever the URI says."""
        if self._client is None:
            self._client = open_target(self.secrets["mongodbUrl"])
        return self._client[self.job.target_database]

    async def close(self) -> None:
        """Close what this drive opened."""
        if self._client is not None:
            await self._client.close()

    async def save(self, **fields: Any) -> None:
        """Persist changes of the job, under the lease."""
        self.job = await self.services.store.change(self.job.id, self.owner, **fields)

    async def reload(self) -> None:
        """
        Read the job again.

        Raises:
            CancelledError: The drive is to end. (`asyncio.wait_for`, which pymongo uses, may swallow
                that before Python 3.12: python/cpython#86296.)
        """
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        self.job = await self.services.store.get(self.job.id) or self.job

    async def heed(self) -> None:
        """Read the job again and `obey`."""
        await self.reload()
        self.obey()

    def obey(self) -> None:
        """
        Act on what users and workers wrote into the job.

        Raises:
            CancelAskedError: The user asked to cancel.
            JobFailedError: A worker met a record that it could not apply.
        """
        if self.job.ask is Ask.CANCEL:
            raise CancelAskedError("cancelled by the user")
        if self.job.worker_failure is not None:
            raise JobFailedError(self.job.worker_failure)

    async def tell(self, event_type: EventType, message: str, **details: Any) -> None:
        """Add an entry to the job's story."""
        details.setdefault("stage", self.stage)
        await self.services.updates.append(self.job.id, event_type, message, **details)

    async def tell_once(self, step: str, event_type: EventType, message: str, **details: Any) -> None:
        """Add an entry that stands once in the story however often the step is repeated in this generation."""
        await self.tell(event_type, message, step=f"g{self.job.generation}:{step}", **details)

    async def away(self, error: PipelineError) -> None:
        """Say that something does not answer, once until `back` is called."""
        if error.code not in self._away:
            self._away.add(error.code)
            log.warning("waiting", job=self.job.id, reason=error.message)
            await self.tell(EventType.WARNING, f"Waiting: {error.message}", error_code=error.code, suggestion=error.suggestion)

    async def back(self) -> None:
        """Say that all a step needs answers again: after a whole look at it, not after the first that does."""
        if self._away:
            self._away.clear()
            await self.tell(EventType.INFO, "Everything answers again; going on")

    async def planned(self, catalogue: Sequence[Table]) -> list[Table]:
        """The catalogue's tables that the job took, in plan order, with the key and the identity they were taken with."""
        known = {(table.schema, table.name): table for table in catalogue}
        return [
            replace(known[name], key=plan.key, identity=plan.identity)
            for plan in self.job.tables
            if (name := (plan.schema_name, plan.table)) in known
        ]

    async def fail(self, failure: Failure) -> None:
        """
        Record why the job failed.

        A failure of the set-up is cleaned up at once; after any other, what the job owns is
        kept for a while so that it can go on.
        """
        log.warning("job failed", job=self.job.id, error=failure.error_type, reason=failure.message)
        await self.tell(
            EventType.ERROR,
            failure.message,
            error_code=failure.error_type,
            suggestion=failure.suggestion,
            table=failure.table,
            field_name=failure.field_name,
            key=failure.key,
            details=failure.details,
            step="failed",
        )
        phase = Phase.CLEANING_UP if failure.setup_error else Phase.RETAINED
        await self.save(failure=failure, outcome=Outcome.FAILED, phase=phase, live=False, active=False)

    async def end(self, outcome: Outcome) -> None:
        """Begin the clean-up that ends in `outcome`; workers leave."""
        await self.save(outcome=outcome, phase=Phase.CLEANING_UP, live=False)

    def failure(self, error: PipelineError) -> Failure:
        """The failure that an error of the supervisor's own steps makes; before the job is live it is one of the set-up."""
        return Failure(
            error_type=error.code,
            message=error.message,
            failure_at=datetime.now(UTC),
            setup_error=self.job.phase is Phase.SETTING_UP and self.job.generation == 1,
            suggestion=error.suggestion,
        )

    @property
    def mode(self) -> Mode:
        """What the job does."""
        return self.job.mode

    async def pause_between_looks(self) -> None:
        """Let a moment pass between two looks at a state that others change."""
        await asyncio.sleep(0.25)
