"""Jobs in the control database: posted once, driven under a lease, read by anyone."""

from collections.abc import Callable, Iterable, Sequence
from secrets import choice
from typing import Any, NamedTuple

from pymongo import ReadPreference, ReturnDocument, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from pipeline.errors import PipelineError
from pipeline.jobs.control import CODEC
from pipeline.jobs.job import Ask, Job, Phase, Refresh, Replay
from pipeline.jobs.status import Status, allowed_asks, effective, may_pause, may_refresh, may_replay, may_resume, status_filter

UNFINISHED = [phase.value for phase in Phase if phase is not Phase.ENDED]


class JobConflictError(PipelineError):
    """The job cannot start beside those that are active: `job_id` is the project's active job, or None when all places are taken."""

    code = "JOB_CONFLICT"

    def __init__(self, message: str, job_id: str | None = None) -> None:
        super().__init__(message)
        self.job_id = job_id


class LeaseLostError(PipelineError):
    """The lease on the job has run out or is another's: stop driving it."""

    code = "LEASE_LOST"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"the lease on job {job_id} is lost")


class Asked(NamedTuple):
    """What came of an ask: the job, after it when it was accepted and as it refused it when not."""

    job: Job
    accepted: bool


class JobStore:
    """
    The jobs collection, read from the primary and written with majority write concern.

    Methods let pymongo's errors through: the control database is away, try again later.
    """

    def __init__(self, database: AsyncDatabase[dict[str, Any]], max_running_jobs: int = 20) -> None:
        self._jobs = database.get_collection(
            "jobs", codec_options=CODEC, read_preference=ReadPreference.PRIMARY, write_concern=WriteConcern("majority")
        )
        self._max_running_jobs = max_running_jobs

    async def ensure_indexes(self) -> None:
        """Make the indexes; `create` relies on the two unique ones."""
        active = {"active": True}
        await self._jobs.create_index("projectId", name="one active job a project", unique=True, partialFilterExpression=active)
        await self._jobs.create_index("slot", name="one active job a slot", unique=True, partialFilterExpression=active)
        await self._jobs.create_index([("projectId", 1), ("_id", -1)], name="a project's jobs")
        await self._jobs.create_index("phase", name="jobs by phase")
        await self._jobs.create_index("owesCleanUp", name="debts", partialFilterExpression={"owesCleanUp": True})
        await self._jobs.create_index("live", name="live jobs", partialFilterExpression={"live": True})

    async def create(self, job: Job) -> Job:
        """
        Add an active job; returned is the job with the slot it has taken.

        Both limits are unique indexes over active jobs, so they hold however many services
        post at once: one on the project, one on the slot, of which there are
        `max_running_jobs`. Whoever loses the race for a slot tries another free one.

        Raises:
            JobConflictError: The project has an active job, or as many jobs as allowed are active.
        """
        while True:
            placed = job.model_copy(update={"slot": await self._free_slot(job.project_id)})
            try:
                await self._jobs.insert_one(placed.stored())
            except DuplicateKeyError as error:
                if "_id" in (error.details or {}).get("keyPattern", {}):
                    raise
            else:
                return placed

    async def _free_slot(self, project_id: str) -> int:
        active = await self._jobs.find({"active": True}, {"projectId": 1, "slot": 1}).to_list()
        for job in active:
            if job["projectId"] == project_id:
                raise JobConflictError(f"project {project_id} already has an active job", job["_id"])
        free = sorted(set(range(self._max_running_jobs)) - {job.get("slot") for job in active})
        if len(active) >= self._max_running_jobs or not free:
            raise JobConflictError(f"{self._max_running_jobs} jobs are active, as many as this service may run at once")
        return choice(free)

    async def get(self, job_id: str) -> Job | None:
        """The job, or None where there is none of this id."""
        document = await self._jobs.find_one({"_id": job_id})
        return Job.model_validate(document) if document else None

    async def search(
        self, project_id: str | None = None, statuses: Sequence[Status] = (), limit: int = 20, before: str | None = None
    ) -> list[Job]:
        """At most `limit` jobs, newest first: those older than `before` (a job's id), of the project, with one of the statuses."""
        conditions: dict[str, Any] = {}
        if project_id is not None:
            conditions["projectId"] = project_id
        if before is not None:
            conditions["_id"] = {"$lt": before}
        if statuses:
            conditions |= status_filter(statuses)
        return [Job.model_validate(document) async for document in self._jobs.find(conditions).sort("_id", -1).limit(limit)]

    async def ask(self, job_id: str, ask: Ask) -> Asked | None:
        """
        Ask something of the job unless its state forbids it; None where there is no such job.

        Atomic: the ask is written only while the job is in the state that was looked at. A
        stop before streaming has begun is written as the cancel it comes to. A job that is to end, or to
        go on, is not paused any more.

        Raises:
            JobConflictError: A failed job is to go on, and its project has another active job, or as many as allowed are active.
        """

        def change(job: Job) -> dict[str, Any]:
            return {"ask": effective(ask, job.phase).value, "paused": False} | ({"active": True} if ask is Ask.RETRY else {})

        return await self._ask(job_id, lambda job: ask in allowed_asks(job), change)

    async def pause(self, job_id: str, *, paused: bool) -> Asked | None:
        """Have the job's workers stop, or go on, unless its state forbids it; None where there is no such job."""
        return await self._ask(job_id, may_pause if paused else may_resume, lambda _: {"paused": paused})

    async def ask_refresh(self, job_id: str, refresh: Refresh) -> Asked | None:
        """Ask the job to read tables again unless its state, or another refresh, forbids it; None where there is no such job."""
        return await self._ask(job_id, may_refresh, lambda _: {"refresh": refresh.stored()})

    async def ask_replay(self, job_id: str, replay: Replay) -> Asked | None:
        """
        Ask the job to apply changes again unless its state forbids it; a failed one goes on by that. None where there is no such job.

        Raises:
            JobConflictError: A failed job is to go on, and its project has another active job, or as many as allowed are active.
        """

        def change(job: Job) -> dict[str, Any]:
            return {"replay": replay.stored()} | ({"ask": Ask.RETRY.value, "active": True} if job.phase is Phase.RETAINED else {})

        return await self._ask(job_id, may_replay, change)

    async def _ask(self, job_id: str, may: Callable[[Job], bool], change: Callable[[Job], dict[str, Any]]) -> Asked | None:
        while True:
            job = await self.get(job_id)
            if job is None:
                return None
            if not may(job):
                return Asked(job, accepted=False)
            changed = change(job)
            if "active" in changed:
                changed["slot"] = await self._free_slot(job.project_id)
            try:
                document = await self._jobs.find_one_and_update(_as_seen(job), {"$set": changed}, return_document=ReturnDocument.AFTER)
            except DuplicateKeyError:
                continue  # another job has taken the place
            if document:
                return Asked(Job.model_validate(document), accepted=True)

    async def ask_letters(self, job_id: str) -> None:
        """Have the workers look for dead letters that are to be replayed."""
        await self._jobs.update_one({"_id": job_id}, {"$inc": {"lettersAsked": 1}})

    async def acquire(self, owner: str, seconds: float, exclude: Iterable[str] = ()) -> list[Job]:
        """
        Take the lease on every unfinished job (and ended one that owes clean-up) that is free, but for `exclude`.

        Free is a job without a lease, with one that has run out by the database's clock, or
        with one that `owner` holds already (from before it crashed).
        """
        free = {
            "_id": {"$nin": list(exclude)},
            "$or": [{"phase": {"$in": UNFINISHED}}, {"owesCleanUp": True}],
            "$expr": {"$or": [{"$not": [_lease_runs()]}, {"$eq": ["$lease.owner", {"$literal": owner}]}]},
        }
        candidates = await self._jobs.find(free, {"_id": 1}).to_list()
        taken = []
        for candidate in candidates:
            document = await self._jobs.find_one_and_update(
                free | {"_id": candidate["_id"]}, _lease(owner, seconds), return_document=ReturnDocument.AFTER
            )
            if document:
                taken.append(Job.model_validate(document))
        return taken

    async def renew(self, job_id: str, owner: str, seconds: float) -> None:
        """Hold the lease for `seconds` from now on; raises `LeaseLostError` when it is not held."""
        result = await self._jobs.update_one(_held(job_id, owner), _lease(owner, seconds))
        if not result.matched_count:
            raise LeaseLostError(job_id)

    async def release(self, job_id: str, owner: str) -> None:
        """Give the lease back, if it is held."""
        await self._jobs.update_one({"_id": job_id, "lease.owner": owner}, {"$unset": {"lease": ""}})

    async def change(self, job_id: str, owner: str, **fields: Any) -> Job:
        """
        Set fields of the job (named as in `Job`; None removes one) and return all of it.

        Raises:
            LeaseLostError: The lease is not held by `owner`, so nothing was changed.
        """
        document = await self._jobs.find_one_and_update(_held(job_id, owner), _change(fields), return_document=ReturnDocument.AFTER)
        if document is None:
            raise LeaseLostError(job_id)
        return Job.model_validate(document)


def _as_seen(job: Job) -> dict[str, Any]:
    there = {"refresh": job.refresh, "replay": job.replay}
    return {"_id": job.id, "phase": job.phase.value, "outcome": job.outcome, "ask": job.ask} | {
        name: {"$ne": None} if value else None for name, value in there.items()
    }


def _lease_runs() -> dict[str, Any]:
    return {"$gt": ["$lease.until", "$$NOW"]}


def _held(job_id: str, owner: str) -> dict[str, Any]:
    return {"_id": job_id, "lease.owner": owner, "$expr": _lease_runs()}


def _lease(owner: str, seconds: float) -> list[dict[str, Any]]:
    until = {"$add": ["$$NOW", round(seconds * 1000)]}
    return [{"$set": {"lease": {"owner": {"$literal": owner}, "until": until}}}]


def _change(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = fields.keys() - Job.model_fields.keys()
    if unknown:
        raise TypeError(f"a job has no {', '.join(sorted(unknown))}")
    stored = Job.model_construct(**fields).model_dump(by_alias=True, exclude_none=True, include=set(fields))
    gone = {Job.model_fields[name].alias or name: "" for name, value in fields.items() if value is None}
    return {operator: part for operator, part in (("$set", stored), ("$unset", gone)) if part}
