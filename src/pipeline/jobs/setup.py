"""Setting a job up: everything it needs, made in an order that harms nothing when it stops half way."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pipeline.errors import ConfigError
from pipeline.jobs import capture
from pipeline.jobs.drive import Drive
from pipeline.jobs.filters import ALL_ROWS, Narrowing, filtered, plan_filters
from pipeline.jobs.job import Phase, TablePlan
from pipeline.jobs.snapshot import wait_until_capturing
from pipeline.jobs.updates import EventType
from pipeline.kafka.retention import COMPACTED, DAY_SECONDS, HOUR_SECONDS, SIZE, UNLIMITED, kept_for
from pipeline.mapping.names import collection_names, field_names, key_names
from pipeline.mapping.style import Names
from pipeline.sink.place_store import prepare_places
from pipeline.sink.progress import create_checkpoints
from pipeline.sink.targets import claim_collections, prepare_targets
from pipeline.sources.registry import has_own_reader
from pipeline.sources.source import Finding, Markers, Mode, Severity, Table


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
    if drive.source.captures_when_prepared:
        await _note_capture(drive)
    await drive.heed()
    await capture.start(drive)
    if not drive.source.captures_when_prepared and not drive.mode.snapshots:
        await wait_until_capturing(drive)
        await _note_capture(drive)
    if drive.mode.snapshots:
        await drive.tell_once("reading", EventType.INFO, f"Reading {len(tables)} tables")
        await drive.save(phase=Phase.SNAPSHOTTING, live=True)
    else:
        await drive.save(phase=Phase.STREAMING, live=True, snapshot_reads=0)


async def _note_capture(drive: Drive) -> None:
    """From now on every change is captured: whoever posted a CDC_ONLY job is waiting for that."""
    if not drive.mode.snapshots and drive.job.captures_since is None:
        await drive.save(captures_since=datetime.now(UTC))


async def _take_tables(drive: Drive) -> list[Table]:
    catalogue = await drive.source.tables(drive.mode)
    if drive.job.tables:
        return await drive.planned(catalogue)
    choice, names = drive.job.project.tables, drive.job.project.names
    await report(drive, list(choice.findings(catalogue)))
    taken = choice.taken(catalogue)
    await _tell_settings(drive, len(taken), len(catalogue))
    filters = plan_filters(drive.job.filters, drive.job.source_type, taken, drive.mode)
    taken = filtered(taken, filters, drive.job.source_type)
    await report(drive, await drive.source.check(drive.mode, taken))
    collections = collection_names([(table.schema, table.name) for table in taken], style=names)
    for table in taken:
        check_fields(table, drive.mode, names)
    plans = tuple(
        plan_table(drive, table, collections[table.schema, table.name], filters.get(table.qualified_name, ALL_ROWS)) for table in taken
    )
    types = tuple((await drive.source.types()).items())
    await drive.save(tables=plans, topics=tuple(sorted({plan.topic for plan in plans})), types=types)
    return taken


async def _tell_settings(drive: Drive, taken: int, there: int) -> None:
    project = drive.job.project
    if project.choose_otherwise:
        message = (
            f"By the settings of project {drive.job.project_id}: {taken} of {there} tables, names {project.names}, nulls {project.nulls}"
        )
        await drive.tell_once("project", EventType.INFO, message)


def check_fields(table: Table, mode: Mode, names: Names) -> None:
    """Raise `ConfigError` where two columns would become one field."""
    taken = [column.name for column in table.columns if column.published or not mode.streams]
    field_names([name for name in taken if name not in table.key], table.qualified_name, names)
    key_names(table.key, table.qualified_name, names)


def plan_table(drive: Drive, table: Table, collection: str, narrowing: Narrowing = ALL_ROWS) -> TablePlan:
    """Say which of the table's rows the job takes, where their changes come from, where their documents go and how these are written."""
    return TablePlan(
        schema_name=table.schema,
        table=table.name,
        topic=drive.source.topic(drive.owned, table),
        collection=collection,
        key=table.key,
        identity=table.identity,
        estimated_rows=table.estimated_rows,
        deferrable_key=table.deferrable_key,
        names=drive.job.project.names,
        nulls=drive.job.project.nulls,
        filter=narrowing.filter,
        row_count=narrowing.row_count,
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
    await prepare_places(drive.target, job.id, job.generation, [plan.collection for plan in job.tables if plan.row_count is not None])


async def _make_topics(drive: Drive) -> None:
    owned = drive.owned
    await make_change_topics(drive, drive.job.topics)
    topics = {owned.notification_topic: SIZE | UNLIMITED} | dict.fromkeys(drive.source.extra_topics(owned), SIZE | kept_for(HOUR_SECONDS))
    topics |= dict.fromkeys(drive.source.lasting_topics(owned), SIZE | UNLIMITED)
    if has_own_reader(drive.job.source_type):
        topics |= {owned.position_topic: SIZE | UNLIMITED | COMPACTED}
    if drive.mode.streams:
        topics |= {owned.signal_topic: SIZE | kept_for(HOUR_SECONDS)}
        if isinstance(drive.source.barrier, Markers):
            topics.setdefault(drive.source.barrier.marker_topic(owned), SIZE | kept_for(DAY_SECONDS))
    await drive.services.topics.create(topics)


async def make_change_topics(drive: Drive, topics: Sequence[str]) -> None:
    """Make the change topics that are missing; they keep everything until what is read first is applied."""
    await drive.services.topics.create(dict.fromkeys(topics, SIZE | UNLIMITED))
