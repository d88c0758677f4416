"""
The changefeed that the connector makes for a job: found, ended, and held against the time.

The connector does not end it: a job of the database goes on writing into Kafka after the connector is gone.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pipeline.sources.queries import Queries, only_row
from pipeline.sources.source import Ownership

FEED = "feed"

JOBS = """
SELECT job_id, status FROM [SHOW CHANGEFEED JOBS]
 WHERE status IN ('running', 'paused', 'pending') AND description LIKE '%%topic_prefix=' || %s || '.%%'
"""

NOW = "SELECT cluster_logical_timestamp()::STRING AS moment"


def feed_prefix(owned: Ownership) -> str:
    """The prefix of the topics into which the database writes: part of the generation's own, so that they go with it."""
    return f"{owned.topic_prefix}.{FEED}"


async def end_changefeeds(queries: Queries, owned: Ownership) -> None:
    """End the generation's changefeeds; one that has ended is no error."""
    for row in await queries.rows(JOBS, feed_prefix(owned)):
        await queries.rows(cancel_statement(row["job_id"]))


def cancel_statement(job_id: int) -> str:
    """The SQL that ends a changefeed."""
    return f"CANCEL JOB {int(job_id)}"


def by_hand(owned: Ownership) -> str:
    """The SQL that ends the generation's changefeeds by hand."""
    made = f"topic_prefix={feed_prefix(owned)}."
    return f"CANCEL JOBS (SELECT job_id FROM [SHOW CHANGEFEED JOBS] WHERE description LIKE '%{made}%');"  # noqa: S608 - names of our own


class ResolvedPassage:
    """
    Tells when the connector has read everything that had been committed at a moment of the cluster's clock.

    Every changefeed says from time to time up to which moment it has told everything (`resolved`),
    and the connector's offset keeps the last.
    """

    def __init__(self, moment: Decimal) -> None:
        self._moment = moment

    async def passed(self, offset: Mapping[str, Any]) -> bool:
        """Whether a connector at this offset has."""
        try:
            return Decimal(str(offset.get("offset.cursor"))) >= self._moment
        except InvalidOperation:
            return False


async def read_moment(queries: Queries) -> Decimal:
    """Return the present moment: nanoseconds and, behind the point, a counter."""
    return Decimal((await only_row(queries, NOW))["moment"])
