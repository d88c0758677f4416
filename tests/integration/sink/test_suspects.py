"""Documents without a row are removed, and nothing that a worker writes at the same moment."""

import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from bson import Decimal128, Int64
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.errors import FencedError
from pipeline.sink.checkpoint import COLLECTION as CHECKPOINTS
from pipeline.sink.client import open_target
from pipeline.sink.progress import create_checkpoints
from pipeline.sink.suspects import CHUNK, Suspects, checkpoint_of
from stack.mongodb import MongoDB

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # see `collected`

JOB, TOPIC = "65f000000000000000000001", "topic"
CHECKPOINT = checkpoint_of(JOB, 1, TOPIC)


@pytest.fixture
async def database(mongodb: MongoDB) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    async with open_target(mongodb.url) as client:
        made = client[f"suspects_{uuid.uuid4().hex}"]
        await create_checkpoints(made, JOB, 1, [TOPIC])
        yield made
        await client.drop_database(made.name)


async def ids(database: AsyncDatabase[dict[str, Any]]) -> list[Any]:
    return [document["_id"] async for document in database["rows"].find().sort("_id")]


async def test_what_is_not_cleared_is_removed_whatever_its_id_is(database: AsyncDatabase[dict[str, Any]]) -> None:
    rows = [1, Int64(2**40), "text", {"a": 1, "b": "x"}, Decimal128("1.5"), [1.0]][:5]
    orphans = [{"b": "x", "a": 1}, "gone", -1, *range(100, 100 + 2 * CHUNK)]
    await database["rows"].insert_many([{"_id": each} for each in [*rows, *orphans]])
    suspects = Suspects(database, JOB)
    await suspects.suspect_all("rows")
    await suspects.clear(rows)

    async def judge(position: int) -> Sequence[Any]:
        assert position == 0
        return await suspects.some()

    removed = []
    while await suspects.some():
        removed += await suspects.remove("rows", CHECKPOINT, judge)
    assert len(removed) == len(orphans)
    assert await database["rows"].count_documents({}) == len(rows)
    await suspects.drop()
    assert not [name for name in await database.list_collection_names() if "suspects" in name]


async def test_a_document_that_is_written_at_that_moment_stays(database: AsyncDatabase[dict[str, Any]]) -> None:
    await database["rows"].insert_many([{"_id": each} for each in (1, 2)])
    suspects, judged = Suspects(database, JOB), []
    await suspects.suspect_all("rows")

    async def judge(position: int) -> Sequence[Any]:
        """As the removal has looked at the checkpoint, a worker applies a change of row 1."""
        judged.append(position)
        if position == 0:
            async with database.client.start_session() as session, await session.start_transaction():
                await database["rows"].replace_one({"_id": 1}, {"_id": 1, "new": True}, session=session)
                await database[CHECKPOINTS].update_one({"_id": CHECKPOINT}, {"$set": {"position": 5}}, session=session)
            return await suspects.some()
        await suspects.clear([1])
        return await suspects.some()

    assert await suspects.remove("rows", CHECKPOINT, judge) == [2]
    assert judged == [0, 5]
    assert await ids(database) == [1]


async def test_nothing_is_removed_for_a_job_that_has_ended(database: AsyncDatabase[dict[str, Any]]) -> None:
    await database["rows"].insert_one({"_id": 1})
    await database[CHECKPOINTS].delete_many({})
    suspects = Suspects(database, JOB)
    await suspects.suspect_all("rows")
    with pytest.raises(FencedError):
        await suspects.remove("rows", CHECKPOINT, lambda _: suspects.some())
    assert await ids(database) == [1]
