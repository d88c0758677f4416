"""Following a job's initial read until its last row is in the target."""

import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from pipeline.change.record import Record
from pipeline.connect.notifications import Notification, decode_notification
from pipeline.errors import ConfigError
from pipeline.jobs import capture
from pipeline.jobs.barrier import is_noted, wait_until_applied
from pipeline.jobs.drive import Drive, JobFailedError
from pipeline.jobs.failures import glance_at_failures, tell_failures
from pipeline.jobs.generation import give_up_generation
from pipeline.jobs.job import Outcome, Phase, ScanStatus, SnapshotTable
from pipeline.jobs.statistics import live_statistics
from pipeline.jobs.updates import EventType
from pipeline.kafka.reader import TopicReader
from pipeline.sources.source import Mode


class SnapshotProgress:
    """What the notifications have said so far of one generation's initial read; `names` are those of its tables."""

    def __init__(self, names: Collection[str] = ()) -> None:
        self._names = names
        self.attempts = 0
        self.completed = False
        self.tables: dict[str, SnapshotTable] = {}

    def add(self, records: Sequence[Record]) -> bool:
        """Take in records of the notification topic; True when they changed anything."""
        notes = [note for record in records if (note := decode_notification(record.value, self._names)) is not None]
        for note in notes:
            self._take(note)
        return bool(notes)

    def _take(self, note: Notification) -> None:
        if note.type == "STARTED":
            self.attempts += 1
        elif note.type in ("COMPLETED", "SKIPPED"):
            self.completed = True
        for table in note.scanned:
            self.tables[table.name] = SnapshotTable(status=ScanStatus.DONE, rows=table.rows)
        if note.scanning is not None and note.scanning not in self.tables:
            self.tables[note.scanning] = SnapshotTable(status=ScanStatus.READING)


async def follow_snapshot(drive: Drive) -> None:
    """
    Watch the initial read to its end, wait until all of it is applied, and move on.

    A task that fails or starts again before the end cannot be trusted (rows deleted
    meanwhile would stay): its generation is given up and the next one begins. A job that is
    not live in this phase is one whose generation has begun to be given up.
    """
    if not drive.job.live:
        await give_up_generation(drive)
        return
    if not drive.job.snapshot_ended and not await _read_to_the_end(drive):
        return
    ends = await drive.services.topics.end_offsets(drive.job.topics)
    await wait_until_applied(drive, ends, connector_needed=drive.mode is Mode.CDC)
    await tell_failures(drive)
    reads = (await live_statistics(drive.target, drive.job)).reads
    await drive.save(snapshot_completed_at=datetime.now(UTC), snapshot_reads=reads)
    await drive.tell_once("snapshot applied", EventType.INFO, "The snapshot is in the target")
    if drive.mode is Mode.SNAPSHOT:
        await drive.end(Outcome.COMPLETED)
    else:
        await drive.save(phase=Phase.STREAMING)


async def wait_until_capturing(drive: Drive) -> None:
    """Return when the connector of a CDC_ONLY job has told that it knows where the changes begin that it will follow."""
    progress = SnapshotProgress()
    async with TopicReader(drive.services.settings.kafka_bootstrap_servers, drive.owned.notification_topic) as reader:
        while not progress.completed:
            progress.add(await reader.poll(0.3))
            await drive.heed()
            await capture.look_after(drive)


async def _read_to_the_end(drive: Drive) -> bool:
    """Follow the notifications until the snapshot has ended; False when its generation was given up."""
    services, started = drive.services, time.monotonic()
    progress = SnapshotProgress({plan.qualified_name for plan in drive.job.tables})
    async with TopicReader(services.settings.kafka_bootstrap_servers, drive.owned.notification_topic) as reader:
        while not (progress.completed and await is_noted(drive)):
            if progress.add(await reader.poll(0.3)):
                await drive.save(snapshot_tables=progress.tables)
            await drive.heed()
            await glance_at_failures(drive)
            if progress.attempts > 1 or not await capture.is_well(drive):
                await give_up_generation(drive)
                return False
            if not progress.attempts and time.monotonic() - started > services.settings.slot_timeout_seconds:
                await _fail_if_slot_is_blocked(drive)
    await drive.save(snapshot_ended=True, snapshot_tables=progress.tables)
    return True


async def _fail_if_slot_is_blocked(drive: Drive) -> None:
    blockers = await drive.source.blockers(drive.owned)
    if blockers:
        error = ConfigError(
            "The replication slot cannot be made while transactions are open: " + "; ".join(blockers),
            suggestion="Commit, roll back or terminate these transactions, then post the job again.",
            code="SLOT_BLOCKED",
        )
        raise JobFailedError(drive.failure(error).model_copy(update={"setup_error": True}))
