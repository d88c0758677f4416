"""How the changes of a CockroachDB database are followed: by changefeeds, and by looking at its rows as of a moment."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection, text

from pipeline.sources.cockroachdb import catalogue
from pipeline.sources.cockroachdb.changefeed import Changefeed
from pipeline.sources.dialects.engine import Database, connection
from pipeline.sources.following import Place

SERIALIZABLE = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"
NOW = "SELECT CAST(cluster_logical_timestamp() AS STRING)"

CLOCKS_APART = 500_000_000
"""Nanoseconds by which the clocks of a cluster's nodes may differ (`--max-offset`): as much later may be what was committed before."""


class CockroachFollowing:
    """
    Implements `pipeline.sources.following.Following`.

    A moment is a time of the cluster's hybrid clock: nanoseconds and, behind the point, a counter.
    """

    clocks_apart = CLOCKS_APART

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> str:
        """The present moment, as the node has it that answers."""
        with connection(self._database) as opened:
            opened.exec_driver_sql(SERIALIZABLE)
            return str(opened.execute(text(NOW)).scalar_one())

    def milliseconds(self, moment: str) -> int:
        """The moment in milliseconds since 1970."""
        return int(Decimal(moment)) // 1_000_000

    def feed(self, places: Sequence[Place], since: str) -> Changefeed:
        """Make a changefeed of these tables."""
        return Changefeed(self._database, places, since)

    def row_key(self, opened: Connection, place: Place) -> tuple[str, ...]:
        """The columns of the primary key, hidden ones included."""
        return catalogue.row_key(opened, *place)


def open_following(database: Database, owner: str) -> CockroachFollowing:
    """How the database's changes are followed; nothing in the cluster is the job's own."""
    return CockroachFollowing(database)
