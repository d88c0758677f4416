"""Setting a job up: everything it needs, made in an order that harms nothing when it stops half way."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pipeline.errors import ConfigError
from pipeline.jobs.connector import start_connector
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Phase, TablePlan
from pipeline.jobs.updates import EventType
from pipeline.mapping.names import collection_names, field_names, key_names
from pipeline.sink.progress import create_checkpoints
from pipeline.sink.targets import claim_collections, prepare_targets
from pipeline.sources.source import Finding, Mode, Severity, Table

LARGEST_RECORD_BYTES = 64 * 1024 * 1024 + 1024 * 1024
SIZE = {"max.message.bytes": str(LARGEST_RECORD_BYTES), "cleanup.policy": "delete"}
UNLIMITED = {"retention.ms": "-1", "retention.bytes": "-1"}
HOUR_MS = str(3600 * 1000)
DAY_MS = str(24 * 3600 * 1000)


async def set_up(drive: Drive) -> None:
    """
    Check both ends, then make targets, topics, publications and slot, and start the connector.

    Every step may be repeated. The job is live only after the last, so that nothing is
    written to the target before all of it stands.
    """
    await drive.save(started_at=drive.job.started_at or datetime.now(UTC))
    await drive.tell_once("check", EventType.INFO, "Checking the source and the target")
    tables = await _take_tables(drive)
    await _prepare_target(drive)
    await _make_topics(drive)
    await drive.source.prepare(drive.mode, drive.owned, tables)
    if not drive.mode.snapshots and drive.job.captures_since is None:
        await drive.save(captures_since=datetime.now(UTC))
    await drive.heed()
    await start_connector(drive)
    if drive.mode.snapshots:
        await drive.tell_once("reading", EventType.INFO, f"Reading {len(tables)} tables")
        await drive.save(phase=Phase.SNAPSHOTTING, live=True)
    else:
        await drive.save(phase=Phase.STREAMING, live=True, snapshot_reads=0)


async def _take_tables(drive: Drive) -> list[Table]:
    catalogue = await drive.source.tables(drive.mode)
    if drive.job.tables:
        return await drive.planned(catalogue)
    await report(drive, await drive.source.check(drive.mode, catalogue))
    collections = collection_names([(table.schema, table.name) for table in catalogue])
    for table in catalogue:
        check_fields(table, drive.mode)
    plans = tuple(plan_table(drive, table, collections[table.schema, table.name]) for table in catalogue)
    types = tuple((await drive.source.types()).items())
    await drive.save(tables=plans, topics=tuple(sorted({plan.topic for plan in plans})), types=types)
    return catalogue


def check_fields(table: Table, mode: Mode) -> None:
    """Raise `ConfigError` where two columns would become one field."""
    taken = [column.name for column in table.columns if column.published or not mode.streams]
    field_names([name for name in taken if name not in table.key], table.qualified_name)
    key_names(table.key, table.qualified_name)


def plan_table(drive: Drive, table: Table, collection: str) -> TablePlan:
    """Say where the table's changes come from and where its documents go."""
    return TablePlan(
        schema_name=table.schema,
        table=table.name,
        topic=drive.source.topic(drive.owned, table),
        collection=collection,
        key=table.key,
        identity=table.identity,
        estimated_rows=table.estimated_rows,
        deferrable_key=table.deferrable_key,
    )


async def report(drive: Drive, findings: Sequence[Finding]) -> None:
    """
    Tell each warning once.

    Raises:
        ConfigError: There are errors among the findings.
    """
    for finding in findings:
        if finding.severity is Severity.WARNING:
            await drive.tell_once(
                f"check:{finding.check}:{finding.table}",
                EventType.WARNING,
                finding.message,
                error_code=finding.check,
                suggestion=_advice(finding),
                table=finding.table,
            )
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        advice = " ".join(filter(None, (_advice(finding) for finding in errors)))
        raise ConfigError("; ".join(finding.message for finding in errors), suggestion=advice or None, code=errors[0].check)


def _advice(finding: Finding) -> str | None:
    parts = [finding.suggestion, f"Run: {finding.remedy}" if finding.remedy else None]
    return " ".join(filter(None, parts)) or None


async def _prepare_target(drive: Drive) -> None:
    job = drive.job
    collections = [plan.collection for plan in job.tables]
    await claim_collections(drive.target, job.id, collections)
    await prepare_targets(drive.target, collections, drop=job.drop_collections and job.generation == 1)
    await create_checkpoints(drive.target, job.id, job.generation, job.topics)


async def _make_topics(drive: Drive) -> None:
    owned = drive.owned
    await make_change_topics(drive, drive.job.topics)
    topics = {owned.notification_topic: SIZE | UNLIMITED} | dict.fromkeys(
        drive.source.extra_topics(owned), SIZE | {"retention.ms": HOUR_MS}
    )
    topics |= {drive.source.marker_topic(owned): SIZE | {"retention.ms": DAY_MS}}
    if drive.mode.streams:
        topics |= {owned.signal_topic: SIZE | {"retention.ms": HOUR_MS}}
    await drive.services.topics.create(topics)


async def make_change_topics(drive: Drive, topics: Sequence[str]) -> None:
    """Make the change topics that are missing; they keep everything until what is read first is applied."""
    await drive.services.topics.create(dict.fromkeys(topics, SIZE | UNLIMITED))
