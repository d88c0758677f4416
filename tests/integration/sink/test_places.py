"""Places are taken in the transaction of the batch, by whichever worker applies it."""

import pytest
from pymongo import AsyncMongoClient
from tests.fakes.rows import COLLECTION, insert, position, step
from tests.integration.sink.shared_target import GENERATION, JOB, Target

from pipeline.errors import FencedError, WriteRefusedError
from pipeline.sink.batch import Step
from pipeline.sink.document import Document
from pipeline.sink.place_store import prepare_places, remove_places
from pipeline.sink.places import COLLECTION as PLACES
from pipeline.sink.write import Delete, Move, Set
from stack.mongodb import MongoDB

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # see `collected`

CAPS = {COLLECTION: 3}


def gone(key: int, offset: int, moved_to: int | None = None) -> Step:
    return step(Delete(COLLECTION, key, position(offset), moved_to), "" if moved_to is not None else "d")


def come(key: int, old: int, offset: int) -> Step:
    return step(Move(COLLECTION, key, old, {"_id": key}, (), position(offset)), "u")


STEPS = [
    insert(1, 0),
    insert(2, 1),
    gone(1, 2),
    insert(3, 3),
    insert(4, 4),
    gone(2, 5, moved_to=20),
    come(20, 2, 6),
    gone(4, 7, moved_to=40),
    come(40, 4, 8),
    insert(2, 9),
    insert(1, 10),
]


async def prepared(mongodb: MongoDB, target: Target) -> None:
    async with AsyncMongoClient[Document](mongodb.url) as client:
        await prepare_places(client[target.name], JOB, GENERATION, [COLLECTION])
        await prepare_places(client[target.name], JOB, GENERATION, [COLLECTION])


@pytest.mark.parametrize("size", [1, 2, 3, 20])
async def test_the_same_rows_have_places_however_batches_and_workers_follow_each_other(mongodb: MongoDB, target: Target, size: int) -> None:
    await prepared(mongodb, target)
    for first in range(0, len(STEPS), size):
        target.worker(caps=CAPS).apply(*STEPS[first : first + size])
    assert target.ids() == {1, 3, 20}
    assert target.checkpoint()["counts"] == {"c": 6, "d": 1, "u": 2}
    assert target.database[PLACES].count_documents({"taken": {"$exists": False}}) == 3
    async with AsyncMongoClient[Document](mongodb.url) as client:
        await remove_places(client[target.name], JOB, GENERATION)
    assert target.database[PLACES].count_documents({}) == 0


@pytest.mark.parametrize("size", [1, 2])
async def test_a_place_that_moves_onto_a_held_key_counts_however_batches_are_cut(mongodb: MongoDB, target: Target, size: int) -> None:
    await prepared(mongodb, target)
    steps = [insert(2, 0), gone(2, 1), insert(1, 2), gone(1, 3, moved_to=2), come(2, 1, 4), insert(5, 5), insert(6, 6)]
    target.worker(caps=CAPS).apply(*steps[:2])
    for batch in [steps[2:5]] if size == 2 else [[each] for each in steps[2:5]]:
        target.worker(caps=CAPS).apply(*batch)
    target.worker(caps=CAPS).apply(*steps[5:])
    assert target.ids() == {2, 5}
    assert [each["taken"] for each in target.database[PLACES].find({"taken": {"$exists": True}})] == [3]


async def test_a_batch_that_is_refused_and_a_worker_that_is_fenced_take_no_place(mongodb: MongoDB, target: Target) -> None:
    await prepared(mongodb, target)
    worker = target.worker(caps=CAPS)
    partial = step(Set(COLLECTION, 9, {"_id": 9}, ("big",), position(1)), "u")
    with pytest.raises(WriteRefusedError):
        worker.apply(insert(1, 0), partial)
    target.worker(caps=CAPS)
    with pytest.raises(FencedError):
        worker.apply(insert(1, 0))
    assert [each["taken"] for each in target.database[PLACES].find()] == [0]
