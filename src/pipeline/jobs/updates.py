"""The story of a job: what happened to it, in order, for people."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pymongo import ReadPreference, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from pipeline.jobs.control import CODEC
from pipeline.jobs.redact import redact_text
from pipeline.stored import StoredModel

KEPT_PER_JOB = 1_000
MESSAGE_CHARACTERS = 2_000
DETAILS_CHARACTERS = 16_000


class EventType(StrEnum):
    """How much an update matters."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"


class Stage(StrEnum):
    """Which part of the job an update belongs to."""

    SNAPSHOTTING = "SNAPSHOTTING"
    STREAMING = "STREAMING"
    VERIFICATION = "VERIFICATION"


class LocationType(StrEnum):
    """What `location_name` names."""

    TABLE = "TABLE"
    COLLECTION = "COLLECTION"


class JobUpdate(StoredModel):
    """One entry. `count` says how many equal ones it stands for, the last of them at `timestamp`."""

    event_type: EventType
    message: str
    timestamp: datetime
    stage: Stage | None = None
    details: str | None = None
    error_code: str | None = None
    suggestion: str | None = None
    location_type: LocationType | None = None
    location_name: str | None = None
    field_name: str | None = None
    key: dict[str, str] | None = None
    count: int | None = None


class JobUpdates:
    """
    The jobUpdates collection: the last 1,000 entries of each job.

    A job's entries are numbered without gaps by a unique index, so the number of the last
    tells how many have been dropped. Texts are kept without the passwords of URLs in them.
    """

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._updates = database.get_collection(
            "jobUpdates", codec_options=CODEC, read_preference=ReadPreference.PRIMARY, write_concern=WriteConcern("majority")
        )

    async def ensure_indexes(self) -> None:
        """Make the indexes; `append` relies on both."""
        await self._updates.create_index([("jobId", 1), ("number", 1)], name="in order", unique=True)
        joined = {"joinedBy": {"$exists": True}}
        await self._updates.create_index(
            [("jobId", 1), ("joinedBy", 1)], name="one entry a step and a dedup key", unique=True, partialFilterExpression=joined
        )

    async def append(
        self,
        job_id: str,
        event_type: EventType,
        message: str,
        *,
        stage: Stage | None = None,
        details: str | None = None,
        error_code: str | None = None,
        suggestion: str | None = None,
        table: str | None = None,
        collection: str | None = None,
        field_name: str | None = None,
        key: Mapping[str, str] | None = None,
        dedup_key: str | None = None,
        count: int | None = None,
        step: str | None = None,
    ) -> None:
        """
        Add an entry to the end of the job's story.

        Entries of one `dedup_key` become one with a count; where `count` is given, it is that one. An
        entry of a `step` is written once: repeating the step after a crash adds nothing.
        """
        update = JobUpdate(
            event_type=event_type,
            message=_text(message, MESSAGE_CHARACTERS),
            timestamp=datetime.now(UTC),
            stage=stage,
            details=details and _text(details, DETAILS_CHARACTERS),
            error_code=error_code,
            suggestion=suggestion and _text(suggestion, DETAILS_CHARACTERS),
            location_type=LocationType.TABLE if table else LocationType.COLLECTION if collection else None,
            location_name=table or collection,
            field_name=field_name,
            key=dict(key) if key else None,
            count=count,
        )
        entry = update.stored() | {"jobId": job_id}
        if step is not None:
            entry["joinedBy"] = f"step:{step}"
        elif dedup_key is not None:
            entry["joinedBy"] = f"equal:{dedup_key}"
        while not (await self._join(entry, again=step is None) or await self._insert(entry)):
            pass

    async def _join(self, entry: Mapping[str, Any], *, again: bool) -> bool:
        """Whether an entry of the same step or dedup key stands already; an equal one is counted."""
        if "joinedBy" not in entry:
            return False
        same = {"jobId": entry["jobId"], "joinedBy": entry["joinedBy"]}
        if not again:
            return await self._updates.find_one(same, {"_id": 1}) is not None
        counted = {
            "count": entry.get("count") or {"$add": [{"$ifNull": ["$count", 1]}, 1]},
            "timestamp": entry["timestamp"],
            "message": {"$literal": entry["message"]},
        }
        result = await self._updates.update_one(same, [{"$set": counted}])
        return bool(result.matched_count)

    async def _insert(self, entry: Mapping[str, Any]) -> bool:
        """Whether the entry could take the next number; another may have been faster."""
        last = await self._updates.find_one({"jobId": entry["jobId"]}, {"number": 1}, sort=[("number", -1)])
        number = last["number"] + 1 if last else 1
        try:
            await self._updates.insert_one({**entry, "number": number})
        except DuplicateKeyError:
            return False
        if number > KEPT_PER_JOB:
            await self._updates.delete_many({"jobId": entry["jobId"], "number": {"$lte": number - KEPT_PER_JOB}})
        return True

    async def read(self, job_id: str, limit: int = KEPT_PER_JOB) -> list[JobUpdate]:
        """The job's last `limit` entries in order; where older ones have been dropped, the first entry says how many."""
        newest = await self._updates.find({"jobId": job_id}).sort("number", -1).limit(min(limit, KEPT_PER_JOB)).to_list()
        entries = [_entry(document) for document in reversed(newest)]
        dropped = newest[0]["number"] - KEPT_PER_JOB if newest else 0
        if dropped > 0 and limit >= KEPT_PER_JOB:
            entries.insert(0, _dropped(dropped, entries[0].timestamp))
        return entries


def _entry(document: Mapping[str, Any]) -> JobUpdate:
    internal = {"_id", "jobId", "number", "joinedBy"}
    return JobUpdate.model_validate({name: value for name, value in document.items() if name not in internal})


def _dropped(count: int, before: datetime) -> JobUpdate:
    message = f"{count} earlier updates are no longer kept"
    return JobUpdate(event_type=EventType.INFO, message=message, timestamp=before, error_code="UPDATES_DROPPED")


def _text(text: str, characters: int) -> str:
    redacted = redact_text(text)
    return redacted if len(redacted) <= characters else redacted[: characters - 1] + "…"
