"""Checkpoints: how far a partition's changes are in the target, and what they add up to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pipeline.change.order import Order
from pipeline.sink.batch import ChangePartition, Slice, Step
from pipeline.sink.carry import Carry
from pipeline.sink.failure_counts import FailureCount
from pipeline.sink.told import Told, latest

COLLECTION = "_rowstream.checkpoints"
STREAMED = ("c", "u", "d", "t")
SLOTS = 60

Buckets = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """
    The state of one partition of a job's generation, kept in the target database.

    `position` is the offset to read next; everything before it is in the target and in
    `counts` (operation letter -> number). `epoch` is raised whenever the partition is
    claimed, so a write under an older one matches nothing. `seconds` and `minutes` hold
    (seconds since the epoch, streamed events) of the latest 60 of each that had any.
    `swept` counts the documents deleted so far for the truncate that it stands at, or given
    another shape for the change. `told` is what stands at the latest position of the source's
    log, and `order` the furthest that changes are in the source's order, kept where any of them
    may be told twice. `failures` counts the records that could not be applied, by reason, and
    `open_letters` those of them that wait to be replayed. Records before `replay_until` have been
    applied before, and count no more.
    """

    job: str
    generation: int
    topic: str
    partition: int
    epoch: int = 0
    position: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    last_event_at: datetime | None = None
    seconds: Buckets = ()
    minutes: Buckets = ()
    carry: Carry | None = None
    swept: int = 0
    told: Told | None = None
    order: Order | None = None
    failures: tuple[FailureCount, ...] = ()
    open_letters: int = 0
    replay_until: int = 0

    @property
    def id(self) -> str:
        """The `_id` of the checkpoint's document."""
        return checkpoint_id(self.job, self.generation, self.change_partition)

    @property
    def change_partition(self) -> ChangePartition:
        """The partition it speaks of."""
        return ChangePartition(self.topic, self.partition)

    def progress(self) -> dict[str, Any]:
        """What a batch changes, as fields of the stored document."""
        return {
            "position": self.position,
            "counts": dict(self.counts),
            "bytes": self.bytes,
            "lastEventAt": self.last_event_at,
            "seconds": [list(bucket) for bucket in self.seconds],
            "minutes": [list(bucket) for bucket in self.minutes],
            "carry": self.carry.stored() if self.carry else None,
            "swept": self.swept,
            "told": self.told.stored() if self.told else None,
            "order": list(self.order) if self.order else None,
            "failures": [each.stored() for each in self.failures],
            "openLetters": self.open_letters,
        }

    def stored(self) -> dict[str, Any]:
        """The whole document."""
        place = {"job": self.job, "generation": self.generation, "topic": self.topic, "partition": self.partition}
        return {"_id": self.id, **place, "epoch": self.epoch, **self.progress()}

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "Checkpoint":
        """The checkpoint that `stored` made a document of."""
        return cls(
            job=document["job"],
            generation=document["generation"],
            topic=document["topic"],
            partition=document["partition"],
            epoch=document["epoch"],
            position=document["position"],
            counts=document["counts"],
            bytes=document["bytes"],
            last_event_at=document["lastEventAt"],
            seconds=tuple((at, events) for at, events in document["seconds"]),
            minutes=tuple((at, events) for at, events in document["minutes"]),
            carry=Carry.from_stored(carry) if (carry := document.get("carry")) else None,
            swept=document.get("swept", 0),
            told=Told.from_stored(told) if (told := document.get("told")) else None,
            order=(order[0], order[1]) if (order := document.get("order")) else None,
            failures=tuple(FailureCount.from_stored(each) for each in document.get("failures", ())),
            open_letters=document.get("openLetters", 0),
            replay_until=document.get("replayUntil", 0),
        )


def checkpoint_id(job: str, generation: int, partition: ChangePartition) -> str:
    """Name the document that holds the partition's checkpoint."""
    return f"{job}/{generation}/{partition}"


def advance(checkpoint: Checkpoint, part: Slice, carry: Carry | None, now: datetime) -> Checkpoint:
    """The checkpoint once `part` is applied at `now`; what is replayed moves it, and counts for nothing."""
    new = part.steps if checkpoint.position >= checkpoint.replay_until else _not_replayed(part, checkpoint)
    seen = Counter(step.counted for step in new if step.counted)
    streamed = sum(seen[letter] for letter in STREAMED)
    second = int(now.timestamp())
    return replace(
        checkpoint,
        position=part.end,
        counts=dict(Counter(checkpoint.counts) + seen),
        bytes=checkpoint.bytes + sum(step.size for step in new),
        last_event_at=_latest(checkpoint, new),
        seconds=_count(checkpoint.seconds, second, streamed),
        minutes=_count(checkpoint.minutes, second - second % 60, streamed),
        carry=carry,
        swept=0,
        told=latest(checkpoint.told, part.steps),
        order=_furthest(checkpoint, part),
    )


def events_since(buckets: Sequence[tuple[int, int]], since: float) -> int:
    """How many events the buckets that begin after `since` (seconds since the epoch) hold."""
    return sum(events for at, events in buckets if at > since)


def _furthest(checkpoint: Checkpoint, part: Slice) -> Order | None:
    orders = (step.order for step in reversed(part.steps) if step.order is not None)
    return max(filter(None, (checkpoint.order, next(orders, None))), default=None)


def _not_replayed(part: Slice, checkpoint: Checkpoint) -> list[Step]:
    return [step for step in part.steps if step.offset >= checkpoint.replay_until]


def _latest(checkpoint: Checkpoint, steps: Sequence[Step]) -> datetime | None:
    times = [step.committed_at_ms for step in steps if step.committed_at_ms is not None and step.counted in STREAMED]
    if not times:
        return checkpoint.last_event_at
    latest = datetime.fromtimestamp(max(times) / 1000, UTC)
    return latest if checkpoint.last_event_at is None else max(latest, checkpoint.last_event_at)


def _count(buckets: Buckets, at: int, events: int) -> Buckets:
    if not events:
        return buckets
    if buckets and buckets[-1][0] >= at:
        last, counted = buckets[-1]
        return (*buckets[:-1], (last, counted + events))
    return (*buckets, (at, events))[-SLOTS:]
