"""The barrier: everything the source had committed by now is in the target."""

from collections.abc import Mapping

from pipeline.jobs.capture import look_after
from pipeline.jobs.drive import Drive
from pipeline.jobs.failures import glance_at_failures
from pipeline.jobs.heartbeat import Heartbeat
from pipeline.kafka.reader import TopicReader
from pipeline.sink.progress import read_progress
from pipeline.sources.source import Markers, Passage, Positions


async def pass_barrier(drive: Drive) -> None:
    """
    Return when every change committed at the source before the call is applied.

    (1) write a marker into the source's log, or look where it ends, (2) wait until the connector has read as far,
    (3) read the change topics' ends, (4) wait until every checkpoint has reached them.
    """
    marker = await pass_marker(drive)
    while not await is_noted(drive, marker):
        await drive.heed()
        await look_after(drive)
        await drive.pause_between_looks()
    await wait_until_applied(drive, await drive.services.topics.end_offsets(drive.job.topics), connector_needed=False)


async def is_noted(drive: Drive, marker: bytes | None = None) -> bool:
    """
    Whether all that the connector has read to the end of the initial read, or to the marker, stands in the topics for good.

    In transactions, what was read later is not there before what was read earlier. Without,
    a record may overtake one of another topic, which a crash of Kafka Connect then takes. So Connect is
    asked for the offset that it has noted: everything before it is written.
    """
    if drive.job.exactly_once:
        return True
    offsets = await drive.services.connect.offsets(drive.owned.connector)
    return any(drive.source.is_noted(each["offset"], marker) for each in offsets)


async def pass_marker(drive: Drive) -> bytes | None:
    """
    Return when the connector has read every change committed at the source before the call.

    With the marker's record, where the source's log takes markers.
    """
    barrier = drive.source.barrier
    if isinstance(barrier, Markers):
        return await _pass_marker(drive, barrier)
    await _pass_position(drive, barrier)
    return None


async def _pass_marker(drive: Drive, markers: Markers) -> bytes:
    services, topic = drive.services, markers.marker_topic(drive.owned)
    ends = await services.topics.end_offsets([topic])
    async with TopicReader(services.settings.kafka_bootstrap_servers, topic, ends[topic]) as reader:
        proves = await markers.emit_marker()
        while True:
            await drive.heed()
            await look_after(drive)
            for record in await reader.poll(0.3):
                if record.value is not None and proves(record.value):
                    return record.value


async def _pass_position(drive: Drive, positions: Positions) -> None:
    passage = await positions.passage([(plan.schema_name, plan.table) for plan in drive.job.tables])
    heartbeat = Heartbeat(drive)
    while not await _passed(drive, passage):
        await drive.heed()
        await look_after(drive)
        await heartbeat.look()
        await drive.pause_between_looks()


async def _passed(drive: Drive, passage: Passage) -> bool:
    """Connect notes an offset together with the records before it, so what it names stands in the topics."""
    offsets = await drive.services.connect.offsets(drive.owned.connector)
    return any([await passage.passed(each["offset"]) for each in offsets if each["offset"] is not None])


async def wait_until_applied(drive: Drive, ends: Mapping[str, int], *, connector_needed: bool) -> None:
    """Return when the checkpoint of each topic has reached its end."""
    while not await _applied(drive, ends):
        await drive.heed()
        if connector_needed:
            await look_after(drive)
        await glance_at_failures(drive)
        await drive.back()
        await drive.pause_between_looks()


async def _applied(drive: Drive, ends: Mapping[str, int]) -> bool:
    progress = await read_progress(drive.target, drive.job.id, drive.job.generation)
    positions = {checkpoint.topic: checkpoint.position for checkpoint in progress}
    return all(positions.get(topic, 0) >= end for topic, end in ends.items())
