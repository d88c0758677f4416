"""Sources that rowstream's own reader follows, cut off at any moment, on stand-ins: that passes, and the reader is told so."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count

import pytest
from sqlalchemy import text
from tests.fakes.cockroach.server import Cockroach
from tests.fakes.pgproxy import PgProxy
from tests.fakes.yugabyte.server import Yugabyte

from pipeline.errors import SourceUnavailableError
from pipeline.jobs.names import ownership
from pipeline.sources.dialects.engine import Database as Source
from pipeline.sources.dialects.engine import connection, open_database
from pipeline.sources.dialects.url import parse
from pipeline.sources.following import Following, Resolved
from pipeline.sources.registry import open_following
from pipeline.sources.source import Mode
from pipeline.sources.yugabyte.source import YugabyteSource

from .database import PASSWORD, Database

OWNED = ownership("0123456789abcdef01234567", 1)
PLACE = ("public", "item")

FEWEST_MESSAGES = 10


@pytest.fixture(params=[("COCKROACHDB", Cockroach, "postgresql"), ("YUGABYTE", Yugabyte, "yugabytedb")], ids=lambda each: each[0])
async def followed(request: pytest.FixtureRequest, database: Database) -> Iterator[tuple[PgProxy, Source, Following]]:
    source_type, stand_in, scheme = request.param
    database.run("CREATE TABLE item (id int PRIMARY KEY, note text)", "INSERT INTO item VALUES (1, 'one')")
    with stand_in(database.server.dsn(database.name)) as cluster:
        url = parse(source_type, f"jdbc:{scheme}://127.0.0.1:{cluster.port}/{database.name}", database.name, PASSWORD)
        if source_type == "YUGABYTE":
            source = YugabyteSource(source_type, url)
            await source.prepare(Mode.CDC, OWNED, await source.tables(Mode.CDC))
        opened = open_database(source_type, url)
        yield cluster, opened, open_following(source_type, opened, OWNED.slot)


def follow(database: Source, following: Following, since: str) -> str:
    """Do once what a reader does: listen until a moment, then look at the rows as of it. The row's note."""
    following.now()
    with ExitStack() as stack:
        feed = stack.enter_context(following.feed([PLACE], since))
        while not isinstance(heard := feed.get(10), Resolved):
            assert heard is not None, "nothing is told"
        feed.settle(heard.moment)
        opened = stack.enter_context(connection(database, heard.moment))
        assert following.row_key(opened, PLACE) == ("id",)
        return str(opened.execute(text("SELECT note FROM item WHERE id = 1")).scalar_one())


def test_a_cut_is_an_outage_whenever_it_comes(followed: tuple[PgProxy, Source, Following]) -> None:
    cluster, database, following = followed
    since = following.now()
    for messages in count():
        cluster.messages_left = messages
        try:
            note = follow(database, following, since)
        except SourceUnavailableError:
            continue
        break
    assert note == "one"
    assert messages > FEWEST_MESSAGES
