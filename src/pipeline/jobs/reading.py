"""Having the connector read tables again, and following it by its notifications."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from pipeline.connect.notifications import Notification, decode_notification
from pipeline.connect.signals import read_again
from pipeline.errors import ConfigError
from pipeline.jobs.barrier import pass_marker
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Refresh
from pipeline.jobs.updates import EventType
from pipeline.kafka.reader import TopicReader
from pipeline.kafka.retention import UNLIMITED
from pipeline.kafka.writer import write_record

SIGNAL_SECONDS = 30.0
SIGNALS = 5

Look: TypeAlias = Callable[[], Awaitable[None]]


class ReadProgress:
    """
    What the notifications say of reading tables again.

    A task that is restarted says SKIPPED and knows nothing of the signal any more. One that
    meets an error says ABORTED, and streams on. Signals may be read twice, so a reading that
    had other tables than `wanted` is none of ours.
    """

    def __init__(self, wanted: Sequence[str]) -> None:
        self.reading = False
        self.completed = False
        self.broken_off = 0
        self.rows: dict[str, int] = {}
        self._wanted = set(wanted)

    def take(self, note: Notification) -> None:
        """Take in the next notification."""
        if self.completed:
            return
        if note.type == "STARTED":
            self.broken_off += self.reading
            self.reading, self.rows = True, {}
        elif note.type in ("SKIPPED", "ABORTED"):
            self.broken_off += 1
            self.reading = False
        elif note.type == "COMPLETED":
            self.completed = self.reading and self._wanted <= self.rows.keys()
            self.broken_off += self.reading and not self.completed
            self.reading = False
        self.rows |= {table.name: table.rows for table in note.scanned if table.name in self._wanted}


async def read_tables_again(drive: Drive, look: Look) -> dict[str, int]:
    """
    Return the number of rows of each table once all tables of the job's refresh have been read again.

    Before the connector is told, it has read every change until now, so that what it knows
    of the tables' columns is what they are. The signal is given again when the reading was
    broken off, and when nothing comes of it.

    Raises:
        ConfigError: The reading was broken off again and again.
    """
    refresh = await _begin(drive)
    progress, given_at = ReadProgress(refresh.tables), time.monotonic()
    servers, topic = drive.services.settings.kafka_bootstrap_servers, drive.owned.notification_topic
    async with TopicReader(servers, topic, refresh.notes_since or 0) as reader:
        while True:
            was_reading = progress.reading
            for record in await reader.poll(0.3):
                if (note := decode_notification(record.value, refresh.tables)) is not None:
                    progress.take(note)
            if progress.completed or (progress.reading and not was_reading):
                await drive.services.topics.empty(drive.owned.signal_topic)  # a task that is started again would read it again
            if progress.completed:
                return progress.rows
            await look()
            unanswered = progress.broken_off > refresh.answered
            if refresh.signals == 0 or unanswered or (not progress.reading and time.monotonic() - given_at > SIGNAL_SECONDS):
                refresh = await _give_signal(drive, refresh, progress.broken_off)
                given_at = time.monotonic()


async def _begin(drive: Drive) -> Refresh:
    """Note where the topics end before the first signal; until the refresh is over, the tables' keep all their records."""
    refresh = _under_way(drive)
    if refresh.since is not None:
        return refresh
    topics = {plan.qualified_name: plan.topic for plan in drive.job.tables if plan.qualified_name in refresh.tables}
    await drive.services.topics.configure(sorted(set(topics.values())), UNLIMITED)
    await pass_marker(drive)
    ends = await drive.services.topics.end_offsets({*topics.values(), drive.owned.notification_topic})
    since = {name: ends[topic] for name, topic in topics.items()}
    return await _save(drive, refresh, since=since, notes_since=ends[drive.owned.notification_topic])


async def _give_signal(drive: Drive, refresh: Refresh, broken_off: int) -> Refresh:
    """Count the signal before it is given: one that was given may be lost, but none is given without end."""
    if refresh.signals >= SIGNALS:
        raise ConfigError(
            f"the connector was told {SIGNALS} times and did not read them to their ends",
            suggestion="The log of Kafka Connect says why. Then ask for the refresh again.",
            code="REFRESH_FAILED",
        )
    if refresh.signals:
        await drive.tell(
            EventType.WARNING,
            "The tables were not read to their ends; they are read again from the beginning",
            error_code="REFRESH_INTERRUPTED",
            dedup_key=f"refresh:{refresh.id}:interrupted",
        )
    counted = await _save(drive, refresh, signals=refresh.signals + 1, answered=broken_off)
    catalogue = await drive.planned(await drive.source.tables(drive.mode))
    tables = [table for table in catalogue if table.qualified_name in refresh.tables]
    names = [drive.source.signal_name(table) for table in tables]
    key, value = read_again(drive.owned, refresh.id, names, drive.source.signal_selects(drive.mode, tables) | refresh.selects)
    await write_record(drive.services.settings.kafka_bootstrap_servers, drive.owned.signal_topic, key, value)
    return counted


async def _save(drive: Drive, refresh: Refresh, **fields: Any) -> Refresh:
    changed = refresh.model_copy(update=fields)
    await drive.save(refresh=changed)
    return changed


def _under_way(drive: Drive) -> Refresh:
    if drive.job.refresh is None:
        raise LookupError(f"job {drive.job.id} has no refresh")
    return drive.job.refresh
