"""Who reads a job's source: a connector on Kafka Connect, or a reader of rowstream's own."""

import asyncio
from dataclasses import replace

from pipeline.jobs import connector
from pipeline.jobs.drive import Drive
from pipeline.jobs.filters import condition_of
from pipeline.jobs.job import Job, TablePlan
from pipeline.reader.output import fence
from pipeline.reader.task import ReadTable, ReadTask
from pipeline.sources.registry import has_own_reader

GOES_ON = "The reader ended, and goes on where it stopped"
AS_THEY_WERE = "Rows that it has read are as they were then. If they were changed meanwhile, post the job again once it has ended."


async def start(drive: Drive) -> None:
    """Have the source read; what was begun before is gone on with."""
    if has_own_reader(drive.job.source_type):
        await drive.services.readers.start(drive.owned.connector, _task(drive))
    else:
        await connector.start_connector(drive)


async def is_well(drive: Drive) -> bool:
    """
    Whether the initial read goes on; if not, what it has written cannot be trusted.

    Raises:
        JobFailedError: It failed more often than `connector_restarts` allows, or for a reason that stays.
    """
    if not has_own_reader(drive.job.source_type):
        return await connector.reads_on(drive)
    await _look_after_reader(drive)
    return True


async def look_after(drive: Drive) -> bool:
    """
    Look at what follows the job's changes; one that failed is started again. Whether it had not failed.

    Raises:
        EngineUnavailableError: Kafka Connect does not answer.
        JobFailedError: It failed more often than `connector_restarts` allows, or for a reason that stays.
    """
    if has_own_reader(drive.job.source_type):
        return await _look_after_reader(drive)
    status = await connector.look_after(drive)
    return not status.failed


async def _look_after_reader(drive: Drive) -> bool:
    trouble = await drive.services.readers.trouble(drive.owned.connector)
    if trouble is not None:
        connector.reason_to_restart(drive, trouble, who="reader")
        advice = trouble.suggestion or (None if drive.mode.streams else AS_THEY_WERE)
        await connector.tell_restart(drive, replace(trouble, suggestion=advice), what=GOES_ON)
        await asyncio.sleep(connector.RESTART_PAUSE_SECONDS if trouble.outage else 0)
    if trouble is not None or not drive.services.readers.is_known(drive.owned.connector):
        await start(drive)
    return trouble is None


async def remove(drive: Drive) -> None:
    """Have nobody read the source any more, nor write what was read: a reader of another service may still run."""
    if has_own_reader(drive.job.source_type):
        await drive.services.readers.end(drive.owned.connector)
        await asyncio.to_thread(fence, drive.services.settings.kafka_bootstrap_servers, drive.owned.connector)
    else:
        await connector.remove_connector(drive)


def _task(drive: Drive) -> ReadTask:
    job, owned, settings, secrets = drive.job, drive.owned, drive.services.settings, drive.secrets
    return ReadTask(
        source_type=job.source_type,
        url=secrets["jdbcUrl"],
        user=secrets.get("user"),
        password=secrets.get("password"),
        tables=tuple(_read_table(plan, job) for plan in job.tables),
        bootstrap_servers=settings.kafka_bootstrap_servers,
        topic_prefix=owned.topic_prefix,
        notification_topic=owned.notification_topic,
        position_topic=owned.position_topic,
        signal_topic=owned.signal_topic,
        transactional_id=owned.connector,
        tables_at_once=settings.reader_tables,
        reads=drive.mode.snapshots,
        follows=drive.mode.streams,
    )


def _read_table(plan: TablePlan, job: Job) -> ReadTable:
    condition = None if plan.filter is None else condition_of(plan.filter, job.source_type, plan.qualified_name).sql
    return ReadTable(plan.schema_name, plan.table, plan.key, plan.topic, condition, plan.row_count)
