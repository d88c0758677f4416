"""Where a replay begins: from what was asked for to an offset of each change topic."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pipeline.change.decode import old_key
from pipeline.errors import ConfigError
from pipeline.jobs.engine import Engine
from pipeline.jobs.job import TablePlan
from pipeline.jobs.request import BEGINNING, Start
from pipeline.kafka.reader import TopicReader

PATIENCE = 20
POLL_SECONDS = 0.5
PAIR = 16


async def find_starts(engine: Engine, plans: Sequence[TablePlan], start: Start, positions: Mapping[str, int]) -> dict[str, int]:
    """
    Return the offset of each of the tables' topics from which their changes are to be applied again.

    `positions` is how far each of the topics has been applied. A topic without records since the
    moment that was asked for is left out.

    Raises:
        ConfigError: Kafka no longer has the records, or they have not been applied yet.
        EngineUnavailableError: Kafka does not answer.
    """
    if start != BEGINNING and (capped := [plan.qualified_name for plan in plans if plan.row_count is not None]):
        raise ConfigError(
            f"{', '.join(capped)}: which rows a rowCount takes is known only from the beginning on",
            suggestion="Replay from the beginning, or other tables.",
            code="FROM_THE_BEGINNING",
        )
    topics = sorted({plan.topic for plan in plans})
    firsts = await engine.topics.first_offsets(topics)
    if start == BEGINNING:
        starts = dict.fromkeys(topics, 0)
    elif isinstance(start, datetime):
        starts = await _since(engine, topics, start, firsts)
    else:
        starts = dict(start) if isinstance(start, dict) else {}
    check_kept(starts, firsts)
    beyond = [f"{topic}@{offset} (applied: {positions[topic]})" for topic, offset in starts.items() if offset > positions[topic]]
    if beyond:
        raise ConfigError(
            f"a replay goes back, and these have not been applied yet: {', '.join(beyond)}",
            suggestion="Name offsets before those that were applied.",
            code="NOT_APPLIED_YET",
        )
    return {
        topic: await _whole_pairs(engine, topic, offset, firsts[topic]) if firsts[topic] < offset < positions[topic] else offset
        for topic, offset in starts.items()
    }


def check_kept(starts: Mapping[str, int], firsts: Mapping[str, int]) -> None:
    """Raise `ConfigError` where the first record that Kafka still has comes after the start."""
    gone = [f"{topic}@{offset} (oldest: {firsts[topic]})" for topic, offset in starts.items() if offset < firsts[topic]]
    if gone:
        raise ConfigError(
            f"Kafka no longer has the records from there on: {', '.join(gone)}",
            suggestion="Begin later, or ask for a refresh, which reads the tables again. How long change topics keep records is the "
            "project's setting topicRetentionSeconds.",
            code="RECORDS_GONE",
        )


async def _since(engine: Engine, topics: Sequence[str], moment: datetime, firsts: Mapping[str, int]) -> dict[str, int]:
    """A record is written after its change was committed, so what was written since the moment holds all that was committed since."""
    found = await engine.topics.offsets_since(topics, moment)
    starts = {topic: offset for topic, offset in found.items() if offset is not None}
    oldest = [topic for topic, offset in starts.items() if firsts[topic] and offset <= firsts[topic]]
    if oldest:
        raise ConfigError(
            f"Kafka has no record from before {moment.isoformat()} of {', '.join(oldest)}: some since then may be gone",
            suggestion="Begin later, or ask for a refresh, which reads the tables again.",
            code="RECORDS_GONE",
        )
    return starts


async def _whole_pairs(engine: Engine, topic: str, offset: int, first: int) -> int:
    """The offset, or that of the first half of the key change whose second half stands there."""
    servers = engine.settings.kafka_bootstrap_servers
    for start in range(offset, max(first, offset - PAIR) - 1, -1):
        async with TopicReader(servers, topic, start) as reader:
            for _ in range(PATIENCE):
                records = await reader.poll(POLL_SECONDS)
                if records:
                    break
        if not records or old_key(records[0]) is None:
            return start
    return offset
