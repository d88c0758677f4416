"""What topics hold, and for how long."""

LARGEST_RECORD_BYTES = 64 * 1024 * 1024 + 1024 * 1024
SIZE = {"max.message.bytes": str(LARGEST_RECORD_BYTES), "cleanup.policy": "delete"}
HOUR_SECONDS = 3600.0
DAY_SECONDS = 24 * HOUR_SECONDS
LONGEST_SEGMENT_MS = round(7 * DAY_SECONDS * 1000)
"""Kafka's default."""

UNLIMITED = {"retention.ms": "-1", "retention.bytes": "-1", "segment.ms": str(LONGEST_SEGMENT_MS)}

COMPACTED = {"cleanup.policy": "compact", "segment.ms": str(round(HOUR_SECONDS / 6 * 1000))}
"""Only the last record of each key is kept, once its segment has ended."""

KEEP_LONGER = "keep records longer than workers may be away: topicRetentionSeconds of the project (PUT /api/v1/projects/{id})"
"""What a user can do against the loss of records."""


def kept_for(seconds: float) -> dict[str, str]:
    """
    The configuration of a topic that keeps its records so long, and up to a quarter longer.

    Kafka deletes whole segments, once their last record is too old, and a segment that it writes to
    goes on until it is full or `segment.ms` old: with the default of a week, so do its first records.
    """
    milliseconds = round(seconds * 1000)
    return {"retention.ms": str(milliseconds), "segment.ms": str(max(1, min(milliseconds // 4, LONGEST_SEGMENT_MS)))}
