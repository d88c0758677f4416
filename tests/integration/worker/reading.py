"""Reads topics to their ends as a worker does, applies nothing, and prints what came and the most memory that it took."""

import json
import resource
import sys
from typing import NamedTuple

from pipeline.sink.batch import ChangePartition
from pipeline.sink.checkpoint import Checkpoint
from pipeline.worker.consumer import ChangeConsumer

BATCH_RECORDS = 2_000


class Report(NamedTuple):
    """How many records were read, and the process's largest resident size in bytes, before the first and after the last."""

    records: int
    bytes_before: int
    bytes_at_most: int


class Beginning:
    """Has every partition read from its first record on."""

    def claim(self, partition: ChangePartition) -> Checkpoint:
        """The partition's first checkpoint."""
        return Checkpoint("job", 1, *partition)

    def renew(self, checkpoint: Checkpoint) -> Checkpoint:
        """The same: there is no other worker."""
        return checkpoint


def read(bootstrap_servers: str, group: str, topics: list[str], records: int) -> Report:
    """Read so many records."""
    consumer = ChangeConsumer(group, topics, Beginning(), {"bootstrap.servers": bootstrap_servers}, stopping=lambda: False)
    before, seen = _largest(), 0
    while seen < records:
        seen += sum(len(part.records) for part in consumer.fetch(BATCH_RECORDS, 1))
    consumer.close()
    return Report(seen, before, _largest())


def _largest() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    print(json.dumps(read(*json.loads(sys.argv[1]))))  # noqa: T201 - the test reads it
