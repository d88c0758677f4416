"""The feed of YugabyteDB's changes, on a stand-in (tests/fakes/yugabyte): PostgreSQL's own slot, and moments of its past."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.fakes.yugabyte.server import Yugabyte

from pipeline.errors import ConfigError, SourceError, SourceUnavailableError
from pipeline.jobs.names import ownership
from pipeline.sources.dialects.engine import HISTORY_GONE, connection, open_database
from pipeline.sources.dialects.url import parse
from pipeline.sources.following import Changed, Feed, Resolved
from pipeline.sources.source import Mode
from pipeline.sources.yugabyte.following import YugabyteFollowing, open_following
from pipeline.sources.yugabyte.source import YugabyteSource

from .database import PASSWORD, Database

OWNED = ownership("0123456789abcdef01234567", 1)


@dataclass(frozen=True, slots=True)
class Followed:
    """A database with a table, as a job's source."""

    database: Database
    cluster: Yugabyte
    url: str

    @property
    def source(self) -> YugabyteSource:
        return YugabyteSource("YUGABYTE", parse("YUGABYTE", self.url, self.database.name, PASSWORD))

    @property
    def following(self) -> YugabyteFollowing:
        return open_following(open_database("YUGABYTE", parse("YUGABYTE", self.url, self.database.name, PASSWORD)), OWNED.slot)

    def feed(self) -> Feed:
        return self.following.feed([("public", "item")], "0")


@pytest.fixture
def followed(database: Database) -> Iterator[Followed]:
    database.run("CREATE TABLE item (id int PRIMARY KEY, note text)")
    with Yugabyte(database.server.dsn(database.name)) as cluster:
        yield Followed(database, cluster, f"jdbc:yugabytedb://127.0.0.1:{cluster.port}/{database.name}")


def told(feed: Feed, markers: int) -> tuple[list[str], list[Resolved]]:
    """The keys of the rows, and the moments, up to so many of these."""
    keys, moments = list[str](), list[Resolved]()
    while len(moments) < markers:
        heard = feed.get(10)
        assert heard is not None, "nothing is told"
        if isinstance(heard, Changed):
            keys.append(heard.key)
        else:
            moments.append(heard)
    return keys, moments


async def clean_up(source: YugabyteSource) -> None:
    """Clean up as soon as the slot does not count as in use any more, as it does for a moment after its feed."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await source.clean_up(OWNED)
            except SourceUnavailableError:
                await asyncio.sleep(0.05)


async def test_rows_are_told_until_the_moment_after_theirs_is_settled(followed: Followed) -> None:
    source = followed.source
    await source.prepare(Mode.CDC, OWNED, await source.tables(Mode.CDC))
    await source.prepare(Mode.CDC, OWNED, await source.tables(Mode.CDC))
    followed.database.run("INSERT INTO item VALUES (1), (2)", "UPDATE item SET id = 3 WHERE id = 2")
    with followed.feed() as feed:
        keys, (moment,) = told(feed, 1)
        assert keys == ['["1"]', '["2"]', '["3"]', '["2"]']
        feed.settle(moment.moment)
    followed.database.run("DELETE FROM item WHERE id = 1")
    with followed.feed() as feed:
        keys, moments = told(feed, 2)
        assert keys == ['["1"]', '["2"]', '["3"]', '["2"]', '["1"]']
        feed.settle(moments[-1].moment)
    with followed.feed() as feed:
        assert told(feed, 1)[0] == []
    await clean_up(source)
    await source.clean_up(OWNED)
    assert await source.tables(Mode.CDC) != []


@pytest.mark.parametrize("superuser", [True, False])
async def test_rows_are_shown_as_they_were_until_that_is_forgotten(followed: Followed, *, superuser: bool) -> None:
    if superuser:
        followed.database.run(f'ALTER ROLE "{followed.database.name}" SUPERUSER', superuser=True)
    following = followed.following
    database = open_database("YUGABYTE", parse("YUGABYTE", followed.url, followed.database.name, PASSWORD))
    followed.database.run("INSERT INTO item VALUES (1)")
    before = following.now()
    followed.database.run("INSERT INTO item VALUES (2)")
    after = following.now()
    for moment, rows in ((before, 1), (after, 2), (before, 1)):
        with connection(database, moment) as opened:
            assert opened.exec_driver_sql("SELECT count(*) FROM item").scalar_one() == rows
    assert before < after
    followed.cluster.history.forget()
    with pytest.raises(ConfigError) as gone, connection(database, before) as opened:
        opened.exec_driver_sql("SELECT count(*) FROM item")
    assert gone.value.code == HISTORY_GONE


async def test_a_slot_in_use_is_to_be_dropped_later(followed: Followed) -> None:
    source = followed.source
    await source.prepare(Mode.CDC, OWNED, await source.tables(Mode.CDC))
    with followed.feed() as feed:
        told(feed, 1)
        with pytest.raises(SourceUnavailableError, match="still counts as in use"):
            await source.clean_up(OWNED)
        with pytest.raises(SourceUnavailableError, match="is in use"):
            followed.feed().__enter__()
    await clean_up(source)
    with pytest.raises(ConfigError) as gone:
        followed.feed().__enter__()
    assert gone.value.code == "SLOT_GONE"


async def test_a_table_that_somebody_takes_out_is_lost(followed: Followed) -> None:
    source = followed.source
    await source.prepare(Mode.CDC, OWNED, await source.tables(Mode.CDC))
    await source.retained_bytes(OWNED, [("public", "item"), ("public", "dropped")])
    followed.database.run(f"ALTER PUBLICATION {OWNED.publication} DROP TABLE item")
    with pytest.raises(SourceError, match=r"public\.item: the table is not in the job's publication"):
        await source.retained_bytes(OWNED, [("public", "item")])
    await source.clean_up(OWNED)
