"""Whether a connector still hears from its source."""

import time

from pipeline.jobs.drive import Drive
from pipeline.jobs.updates import EventType
from pipeline.sources.topics import heartbeat_topic


class Heartbeat:
    """
    Watches the heartbeats of one job's connector; made anew whenever a step begins.

    Some connectors do not notice that the server has ended the connection: they stay RUNNING, and silent.
    Those that connect anew by themselves would begin the transaction again that they are in.

    A change is as good as a heartbeat: heartbeats queue behind the changes that Kafka has not taken yet.
    """

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._ends: dict[str, int] = {}
        self._heard_at: float | None = time.monotonic()

    async def look(self) -> None:
        """
        Start the connector's task again when nothing was heard for as long as the source says.

        After that it may take any time until the next heartbeat: a task first reads the history of its tables.

        Raises:
            EngineUnavailableError: Kafka or Kafka Connect does not answer.
        """
        drive, limit = self._drive, self._drive.source.silent_after_seconds
        if limit is None:
            return
        ends = await drive.services.topics.end_offsets([heartbeat_topic(drive.owned), *drive.job.topics])
        now = time.monotonic()
        if ends != self._ends:
            self._ends, self._heard_at = ends, now
        elif self._heard_at is not None and now - self._heard_at > limit:
            self._heard_at = None
            await drive.services.connect.restart(drive.owned.connector, only_failed=False)
            drive.restarted_at = now
            await drive.tell(
                EventType.WARNING,
                f"The source connector has heard nothing from its database for {limit:.0f} s and is started again",
                error_code="CONNECTOR_SILENT",
                suggestion="See whether the database runs and Kafka Connect reaches it.",
                dedup_key="silent",
            )
