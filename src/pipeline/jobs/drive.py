"""A job in the hands of the supervisor that holds its lease."""

import asyncio
import contextlib
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import structlog
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.errors import PipelineError, SinkUnavailableError
from pipeline.jobs.engine import Engine
from pipeline.jobs.filters import Narrowing, filtered
from pipeline.jobs.job import Ask, Failure, Job, Outcome, Phase, ReplayStage
from pipeline.jobs.letters import EndedLetters
from pipeline.jobs.names import ownership
from pipeline.jobs.readers import ReaderProcesses
from pipeline.jobs.store import JobStore
from pipeline.jobs.updates import EventType, JobUpdates, Stage
from pipeline.jobs.vault import Vault
from pipeline.projects.store import ProjectStore
from pipeline.sink.failure_counts import FailureCount
from pipeline.sink.progress import fence, reopen
from pipeline.sink.targets import open_target
from pipeline.sources.registry import open_source
from pipeline.sources.source import Mode, Ownership, Source, Table

log = structlog.get_logger()

OPEN_SECONDS = 5.0


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
class Services(Engine):
    """What every drive of a supervisor shares."""

    store: JobStore
    updates: JobUpdates
    letters: EndedLetters
    projects: ProjectStore
    vault: Vault
    readers: ReaderProcesses


class Drive:
    """
    One job, driven by the holder of its lease.

    `job` is the state as last read or saved; every save checks the lease, so a supervisor
    that lost it changes nothing. Nothing is kept here that a restart could not make again.
    `positions` are those of the checkpoints, by change topic, as they were seen last; `ages_seen_at`
    is when they were. `absent_since`: since when Connect has not known the connector; `restarted_at`: when its
    task was restarted last; these in monotonic seconds. `told_failures`: what was last told of
    them, and `failures_seen_at` when they were looked at.
    """

    def __init__(self, job: Job, services: Services, owner: str) -> None:
        self.job = job
        self.services = services
        self.owner = owner
        self.positions: dict[str, int] = {}
        self.ages_seen_at = float("-inf")
        self.absent_since: float | None = None
        self.restarted_at = float("-inf")
        self.told_failures: tuple[FailureCount, ...] = ()
        self.failures_seen_at = float("-inf")
        self._opened_at = time.monotonic()
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
            self.job.source_type,
            secrets["jdbcUrl"],
            secrets.get("user"),
            secrets.get("password"),
            pdb=secrets.get("oraclePdbName"),
            slot_timeout_seconds=timeout,
        )

    @property
    def target(self) -> AsyncDatabase[dict[str, Any]]:
        """The target database, with majority write concern and primary reads whatever the URI says."""
        if self._client is None:
            self._client = open_target(self.secrets["mongodbUrl"])
        return self._client[self.job.target_database]

    async def close(self) -> None:
        """Close what this drive opened, and end the reader that it started."""
        await self.services.readers.end(self.owned.connector)
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
        if self.job.paused is not self.job.held:
            await self._hold()
        if time.monotonic() - self._opened_at > OPEN_SECONDS:
            self._opened_at = time.monotonic()
            with contextlib.suppress(SinkUnavailableError):
                await self.let_write()

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

    async def _hold(self) -> None:
        """Let nothing be written any more while the job is paused, and again when it goes on; a target that is away takes no writes."""
        paused = self.job.paused
        try:
            if paused:
                await fence(self.target, self.job.id, self.job.generation)
            else:
                await self.let_write()
        except SinkUnavailableError:
            return
        await self.save(held=paused)
        told = "Paused: changes are read, and kept until the job goes on" if paused else "Going on with what was read since the pause"
        await self.tell(EventType.INFO, told)

    async def let_write(self) -> None:
        """
        See that checkpoints can be claimed, unless the job is paused.

        A backup of the target that was made in a pause has them closed when it is restored.
        """
        if self.job.live and not self.job.paused:
            await reopen(self.target, self.job.id, self.job.generation, besides=self._set_back())

    def _set_back(self) -> Collection[str]:
        """The topics whose checkpoints a replay is setting back: it lets them be written for when that is done."""
        replay = self.job.replay
        return () if replay is None or replay.into is not None or replay.stage is ReplayStage.APPLYING else replay.starts

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
        """The catalogue's tables that the job took, in plan order, with the key, the identity and the filter they were taken with."""
        known = {(table.schema, table.name): table for table in catalogue}
        tables = [
            replace(known[name], key=plan.key, identity=plan.identity)
            for plan in self.job.tables
            if (name := (plan.schema_name, plan.table)) in known
        ]
        narrowings = {plan.qualified_name: Narrowing(plan.filter, plan.row_count) for plan in self.job.tables}
        return filtered(tables, narrowings, self.job.source_type)

    async def fail(self, failure: Failure) -> None:
        """
        Record why the job failed.

        A failure of the set-up is cleaned up at once; after any other, what the job owns is
        kept for a while so that it can go on. A reader reads no further meanwhile.
        """
        await self.services.readers.end(self.owned.connector)
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
            step=f"failed:{self.job.retries}",
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
