"""What is looked at again and again while a job streams: its connector, its topics, its slot, its tables, and what users ask."""

import time

from pipeline.filters.faults import POST_AGAIN, SchemaChangedError
from pipeline.jobs.capture import look_after
from pipeline.jobs.drive import Drive
from pipeline.jobs.failures import glance_at_failures
from pipeline.jobs.filters import changed_columns
from pipeline.jobs.heartbeat import Heartbeat
from pipeline.jobs.job import Phase
from pipeline.jobs.retention import RetentionWatch
from pipeline.jobs.transactions import TransactionWatch
from pipeline.jobs.updates import EventType

GLANCE_SECONDS = 1.0
SOURCE_LOOK_SECONDS = 10.0
TOPICS_LOOK_SECONDS = 5.0
HEALTHY_AFTER_SECONDS = 60.0


class StreamWatch:
    """Watches one streaming job; made anew whenever a step begins."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._heartbeat = Heartbeat(drive)
        self._retention = RetentionWatch(drive)
        self._transactions = TransactionWatch(drive)
        self._source_seen_at = self._topics_seen_at = float("-inf")
        self._failed_at = self._looked_at = time.monotonic()

    async def glance(self) -> None:
        """Look, unless that was done within the last second; for steps that are busy with something else. Raises as `look`."""
        if time.monotonic() - self._looked_at > GLANCE_SECONDS:
            await self.look()

    async def look(self) -> None:
        """
        Look once, then let a moment pass; the source is asked every ten seconds only.

        Raises:
            CancelAskedError: The user asked to cancel.
            JobFailedError: A worker, or the connector, cannot go on, or records are gone that were not applied.
            SourceError: Changes have been lost.
        """
        drive = self._drive
        await drive.heed()
        now = time.monotonic()
        if now - self._topics_seen_at > TOPICS_LOOK_SECONDS:
            self._topics_seen_at = now
            await self._retention.look()
            await self._transactions.look()
        if not await look_after(drive):
            self._failed_at = now
        elif drive.job.restarts and now - self._failed_at > HEALTHY_AFTER_SECONDS:
            await drive.save(restarts=0)
        await glance_at_failures(drive)
        if now - self._source_seen_at > SOURCE_LOOK_SECONDS:
            self._source_seen_at = now
            await look_at_slot(drive)
            await look_at_tables(drive)
            await look_at_filters(drive)
            if drive.job.phase is not Phase.REFRESHING:  # a connector that reads tables again listens to nothing else
                await self._heartbeat.look()
            await drive.back()
        await drive.pause_between_looks()
        self._looked_at = time.monotonic()


async def look_at_slot(drive: Drive) -> None:
    """
    Warn when the slot holds back much of the source's log.

    Raises:
        SourceError: The slot or a publication is gone: changes have been lost.
    """
    retained = await drive.source.retained_bytes(drive.owned, [(plan.schema_name, plan.table) for plan in drive.job.tables])
    limit = drive.services.settings.slot_warning_bytes
    if retained is not None and retained > limit:
        await drive.tell(
            EventType.WARNING,
            f"The replication slot holds back {retained // 2**20} MiB of the source's log",
            error_code="SLOT_LAG",
            suggestion="See whether the connector and Kafka keep up; the log is freed as soon as the connector has read it.",
            dedup_key="slot-lag",
        )


async def look_at_filters(drive: Drive) -> None:
    """
    See that the columns which filters use are what they were.

    Raises:
        SchemaChangedError: One is gone, or of another type: the filter may mean something else by now.
    """
    if not any(plan.filter for plan in drive.job.tables):
        return
    catalogue = {(table.schema, table.name): table for table in await drive.source.tables(drive.mode)}
    for plan in drive.job.tables:
        for change in changed_columns(plan, catalogue.get((plan.schema_name, plan.table))):
            raise SchemaChangedError(f"the filter of {plan.qualified_name}: {change}", suggestion=POST_AGAIN)


async def look_at_tables(drive: Drive) -> None:
    """Tell once of each table that has come to the source since the job took its own, and of each that has gone."""
    taken = {(plan.schema_name, plan.table): plan for plan in drive.job.tables}
    present = await drive.source.present_tables(drive.mode, drive.owned)
    choice = drive.job.project.tables
    new = {name: followed for name, followed in present.items() if name not in taken and (followed or choice.takes(".".join(name)))}
    renamed = [".".join(name) for name, followed in new.items() if followed]
    for name, plan in taken.items():
        if name not in present:
            await drive.tell_once(
                f"gone:{plan.qualified_name}",
                EventType.WARNING,
                f"{plan.qualified_name} is no longer at the source: it was dropped, or renamed"
                + (f" (to {' or '.join(renamed)})" if renamed else ""),
                error_code="TABLE_GONE",
                suggestion=f"The documents of {plan.collection} stay as they are. A table that was renamed counts as a new one.",
                table=plan.qualified_name,
            )
    for schema, table in (name for name in new if choice.takes(".".join(name))):
        take = f'Ask for POST /jobs/{drive.job.id}/refresh with {{"tables": ["{schema}.{table}"]}} to take it in.'
        await drive.tell_once(
            f"new:{schema}.{table}",
            EventType.WARNING,
            f"{schema}.{table} is new at the source, and not among the job's tables",
            error_code="NEW_TABLE",
            suggestion=take if drive.source.takes_further_tables else "Post a new job that takes it.",
            table=f"{schema}.{table}",
        )
