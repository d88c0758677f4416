"""Giving up an attempt at the initial read and beginning the next."""

from pipeline.errors import EngineUnavailableError
from pipeline.jobs import capture
from pipeline.jobs.clean_up import remove_owned
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Phase
from pipeline.jobs.retract import retract_documents
from pipeline.jobs.updates import EventType
from pipeline.sink.progress import fence, read_progress


async def give_up_generation(drive: Drive) -> None:
    """
    Remove the documents and everything else of this attempt, then set up the next.

    Its documents are found by the keys in its topics, so documents that were in the
    collections before stay. Safe to repeat: the generation's number moves last.
    """
    await drive.save(live=False)
    await drive.tell_once(
        "given up",
        EventType.WARNING,
        "The initial read was interrupted before its end; what it wrote is removed and it begins again",
        error_code="SNAPSHOT_INTERRUPTED",
    )
    await fence(drive.target, drive.job.id, drive.job.generation)
    topics = await drive.services.topics.names()
    progress = await read_progress(drive.target, drive.job.id, drive.job.generation)
    left = [checkpoint for checkpoint in progress if checkpoint.topic in topics]  # a topic goes after its documents are gone
    await capture.remove(drive)
    await retract_documents(drive.target, drive.services.settings.kafka_bootstrap_servers, drive.job, left)
    problems = await remove_owned(drive)
    if problems:
        raise EngineUnavailableError("the interrupted attempt cannot be removed yet: " + "; ".join(problems))
    await drive.save(
        generation=drive.job.generation + 1,
        phase=Phase.SETTING_UP,
        tables=(),
        topics=(),
        snapshot_tables={},
        snapshot_ended=False,
        snapshot_reads=None,
        held=False,
        final_statistics=None,
    )
