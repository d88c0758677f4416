"""The target database: fit for rows, and one job's at a time."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from tests.fakes.jobs import make_job
from tests.fakes.rows import COLLECTION, PARTITION, part, position, step

from pipeline.errors import ConfigError, SinkUnavailableError
from pipeline.jobs.statistics import live_statistics
from pipeline.sink.client import connect, open_target
from pipeline.sink.mongo import MongoSink
from pipeline.sink.progress import create_checkpoints, fence, read_progress, remove_progress
from pipeline.sink.targets import claim_collections, find_conflicts, prepare_targets, release_collections
from pipeline.sink.write import Delete, Insert
from stack.mongodb import MongoDB

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # see `collected`

Database = AsyncDatabase[dict[str, Any]]
JOB = "65f000000000000000000001"


@pytest.fixture
async def database(mongodb: MongoDB) -> AsyncIterator[Database]:
    async with open_target(mongodb.url) as client:
        name = f"targets_{uuid.uuid4().hex}"
        yield client[name]
        await client.drop_database(name)


async def test_collections_are_made_and_may_be_made_again(database: Database) -> None:
    for _ in range(2):
        await prepare_targets(database, ["orders", "lines"], drop=False)
    assert {"orders", "lines", "_rowstream.checkpoints"} <= set(await database.list_collection_names())
    assert await database["_rowstream.checkpoints"].count_documents({}) == 0


async def test_jobs_that_begin_at_the_same_moment_do_not_hinder_each_other(database: Database) -> None:
    for _ in range(20):
        await asyncio.gather(*(prepare_targets(database, [name], drop=True) for name in ("orders", "lines", "films", "actors")))
    assert await database["_rowstream.checkpoints"].count_documents({}) == 0


async def test_documents_stay_unless_the_job_drops_collections(database: Database) -> None:
    await database["orders"].insert_one({"_id": 1})
    await database["unrelated"].insert_one({"_id": 1})
    await prepare_targets(database, ["orders"], drop=False)
    assert await database["orders"].count_documents({}) == 1
    await prepare_targets(database, ["orders"], drop=True)
    assert await database["orders"].count_documents({}) == 0
    assert await database["unrelated"].count_documents({}) == 1


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"capped": True, "size": 4096}, "capped"),
        ({"timeseries": {"timeField": "at"}}, "time-series"),
        ({"viewOn": "other", "pipeline": []}, "view"),
        ({"collation": {"locale": "en", "strength": 2}}, "collation"),
    ],
)
async def test_collections_that_cannot_hold_rows_are_refused_by_name(database: Database, options: dict[str, Any], kind: str) -> None:
    await database.create_collection("orders", **options)
    with pytest.raises(ConfigError, match=rf"orders.*{kind}"):
        await prepare_targets(database, ["customers", "orders"], drop=True)
    assert "customers" not in await database.list_collection_names()


async def test_a_server_without_transactions_is_refused_with_the_way_out(standalone: MongoDB) -> None:
    async with open_target(standalone.url) as client:
        with pytest.raises(ConfigError) as error:
            await prepare_targets(client["any"], ["orders"], drop=False)
    assert "rs.initiate" in (error.value.suggestion or "")


async def test_an_unreachable_server_is_an_outage() -> None:
    async with open_target("mongodb://127.0.0.1:9/?directConnection=true") as client:
        with pytest.raises(SinkUnavailableError):
            await prepare_targets(client["any"], ["orders"], drop=False)


async def test_a_collection_is_one_active_jobs_at_a_time(database: Database) -> None:
    await claim_collections(database, "first", ["orders", "lines"])
    await claim_collections(database, "first", ["orders", "lines"])
    with pytest.raises(ConfigError, match=r"orders.*first"):
        await claim_collections(database, "second", ["customers", "orders"])
    await claim_collections(database, "third", ["customers"])
    assert await find_conflicts(database, "second", ["customers", "orders"]) == {"customers": "third", "orders": "first"}
    await release_collections(database, "first")
    await claim_collections(database, "second", ["orders"])


async def test_checkpoints_are_made_once_and_removed_with_their_generation(database: Database) -> None:
    await create_checkpoints(database, JOB, 1, ["a", "b"])
    await database["_rowstream.checkpoints"].update_one({"topic": "a"}, {"$set": {"position": 5}})
    await create_checkpoints(database, JOB, 1, ["a", "b"])
    await create_checkpoints(database, JOB, 2, ["c"])
    assert {(each.topic, each.position) for each in await read_progress(database, JOB, 1)} == {("a", 5), ("b", 0)}
    await remove_progress(database, JOB, 1)
    assert await read_progress(database, JOB, 1) == []
    assert [each.topic for each in await read_progress(database, JOB, 2)] == ["c"]


async def test_statistics_are_the_sums_of_the_checkpoints_and_stand_once_fenced(database: Database, mongodb: MongoDB) -> None:
    await create_checkpoints(database, JOB, 1, [PARTITION.topic, "other"])
    now = int(datetime.now(UTC).timestamp() * 1000)
    steps = [
        step(Insert(COLLECTION, 1, {"_id": 1}, position(0)), "r")._replace(committed_at_ms=now + 60_000),
        step(Insert(COLLECTION, 2, {"_id": 2}, position(1)), "c")._replace(committed_at_ms=now),
        step(Delete(COLLECTION, 2, position(2)), "d")._replace(committed_at_ms=now - 5),
    ]
    with connect(mongodb.url) as client:
        sink = MongoSink(client, database.name, JOB, 1)
        sink.apply([part(steps)], {PARTITION: sink.claim(PARTITION)})
    await fence(database, JOB, 1)
    statistics = await live_statistics(database, make_job(id=JOB))
    assert (statistics.reads, statistics.creates, statistics.updates, statistics.deletes) == (1, 1, 0, 1)
    assert (statistics.bytes, statistics.changes) == (30, 2)
    assert (statistics.events_in_last_minute, statistics.events_in_last_hour) == (2, 2)
    assert statistics.last_event_at == datetime.fromtimestamp(now / 1000, UTC)
