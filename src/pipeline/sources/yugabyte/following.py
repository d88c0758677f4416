"""How the changes of a YugabyteDB database are followed: by the job's slot, and by looking at its rows as of a moment."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from pipeline.sources.dialects.engine import Database, connection
from pipeline.sources.following import Place
from pipeline.sources.yugabyte import catalogue, moments
from pipeline.sources.yugabyte.feed import SlotFeed


class YugabyteFollowing:
    """Implements `pipeline.sources.following.Following`; `slot` is the job's slot, publication and table of markers."""

    clocks_apart = moments.CLOCKS_APART

    def __init__(self, database: Database, slot: str) -> None:
        self._database = database
        self._slot = slot

    def now(self) -> str:
        """The present moment, as the node has it that answers."""
        with connection(self._database) as opened:
            return moments.moment_of(int(opened.execute(text(moments.NOW)).scalar_one()))

    def milliseconds(self, moment: str) -> int:
        """The moment in milliseconds since 1970."""
        return moments.milliseconds(moment)

    def feed(self, places: Sequence[Place], since: str) -> SlotFeed:
        """Make a feed of these tables; it begins where the slot may forget what was before."""
        return SlotFeed(self._database, self._slot, places, since)

    def row_key(self, opened: Connection, place: Place) -> tuple[str, ...]:
        """The columns of the primary key."""
        return catalogue.row_key(opened, *place)


def open_following(database: Database, owner: str) -> YugabyteFollowing:
    """How the database's changes are followed; what the job has made there is called as its owner is."""
    return YugabyteFollowing(database, owner)
