"""Kafka transactions that stay open in a job's change topics: nothing behind their beginning is read."""

import time

from pipeline.jobs.drive import Drive
from pipeline.jobs.updates import EventType

LOOK_SECONDS = 30.0
LONGEST_SECONDS = 180.0
"""Three times as long as Kafka leaves a producer of Connect's that has died; rowstream's own reader commits more often."""


class TransactionWatch:
    """
    Looks for transactions that nobody will end.

    A broker that dies may leave one without the marker that ends it, although it counts as ended (KIP-664). Then neither
    workers nor Kafka Connect read on behind it, and nothing else tells. Made anew whenever a step begins.
    """

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._open: dict[str, tuple[int, float]] = {}
        self._looked_at = float("-inf")

    async def look(self) -> None:
        """
        Tell of each topic once in which a transaction has been open for so long, if it is time to look.

        Raises:
            EngineUnavailableError: Kafka does not answer.
        """
        drive, now = self._drive, time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        found = await drive.services.topics.open_transactions(drive.job.topics)
        known = self._open
        self._open = {
            topic: known[topic] if topic in known and known[topic][0] == offset else (offset, now) for topic, offset in found.items()
        }
        for topic, (offset, since) in self._open.items():
            if now - since > LONGEST_SECONDS:
                await drive.tell(
                    EventType.WARNING,
                    f"Kafka holds a transaction open in {topic} from offset {offset} on, and reads nothing behind it to anybody",
                    error_code="TRANSACTION_HANGS",
                    suggestion="See with kafka-transactions.sh find-hanging whether nobody ends it any more, in this topic and in Kafka "
                    f"Connect's for offsets; then run kafka-transactions.sh abort --topic {topic} --partition 0 --start-offset {offset} "
                    "for each. What it held is read from the source again.",
                    dedup_key=f"hangs:{topic}:{offset}",
                )
