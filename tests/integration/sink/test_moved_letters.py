"""Dead letters of rows whose keys change, replayed by themselves and met again when the whole topic is replayed."""

import pytest
from pymongo import AsyncMongoClient
from tests.fakes.rows import COLLECTION, PARTITION, insert, position, step
from tests.integration.sink.letters import OPEN, REPLAYED, ask, failing, letters, replaced, replay, statuses
from tests.integration.sink.shared_target import GENERATION, JOB, Target, Worker

from pipeline.sink.batch import Step
from pipeline.sink.document import Document
from pipeline.sink.place_store import prepare_places
from pipeline.sink.places import COLLECTION as PLACES
from pipeline.sink.rewind import rewind
from pipeline.sink.write import Delete, Move, Set
from stack.mongodb import MongoDB

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # see `collected`


@pytest.fixture
def worker(target: Target) -> Worker:
    return target.worker(tolerance=None)


def leaves(key: int, offset: int, *, to: int) -> Step:
    return step(Delete(COLLECTION, key, position(offset), to), "")


def arrives(key: int, offset: int, *, old: int, **fields: object) -> Step:
    """A change of the key that leaves out `big`."""
    return step(Move(COLLECTION, key, old, {"_id": key, **fields}, ("big",), position(offset)), "u")


def partial(key: int, offset: int, **fields: object) -> Step:
    return step(Set(COLLECTION, key, {"_id": key, **fields}, ("big",), position(offset)), "u")


async def rewound(mongodb: MongoDB, target: Target, offset: int) -> Worker:
    """A worker of the partition whose topic is replayed from the offset on."""
    async with AsyncMongoClient[Document](mongodb.url) as client:
        await rewind(client[target.name], JOB, GENERATION, {PARTITION.topic: offset}, "replay")
    return target.worker(tolerance=0)


def test_a_row_that_comes_back_to_its_key_is_replayed_from_the_document_that_it_left(target: Target, worker: Worker) -> None:
    moved, back = arrives(2, 3, old=1, n=3), arrives(1, 5, old=2, n=5)
    worker.apply(insert(1, 0, big="old", n=0), failing(1, 1), leaves(1, 2, to=2), moved, leaves(2, 4, to=1), back)
    assert {letter.document_id for letter in letters(target)} == {1}
    ask(target)
    replay(worker, at1=partial(1, 1, n=1).write, at3=moved.write, at5=back.write)
    assert list(target.collection.find()) == [{"_id": 1, "big": "old", "n": 5}]
    assert set(statuses(target).values()) == {REPLAYED}


def test_a_letter_that_moved_leaves_those_of_the_row_that_has_its_old_key_alone(target: Target, worker: Worker) -> None:
    worker.apply(insert(1, 0, big="x", n=0), leaves(1, 1, to=2), failing(2, 2, old_id=1))
    worker.apply(insert(1, 3, big="y", n=3), failing(1, 4), partial(1, 5, n=5))
    ask(target, 2, 5)
    replay(worker, at2=arrives(2, 2, old=1, n=2).write, at5=partial(1, 5, n=5).write)
    assert statuses(target) == {2: REPLAYED, 4: OPEN, 5: OPEN}, "what 4 has set is not in the document"
    ask(target)
    replay(worker, at4=replaced(1, 4, big="new y", n=4).write, at5=partial(1, 5, n=5).write)
    assert list(target.collection.find().sort("_id", 1)) == [{"_id": 1, "big": "new y", "n": 5}, {"_id": 2, "big": "x", "n": 2}]


@pytest.mark.parametrize("start", [1, 2])
async def test_a_replay_of_the_topic_leaves_what_a_letter_keeps(mongodb: MongoDB, target: Target, worker: Worker, start: int) -> None:
    made = [failing(1, 1), leaves(1, 2, to=2), arrives(2, 3, old=1, n=3), insert(1, 4, big="another row's", n=4)]
    worker.apply(insert(1, 0, big="old", n=0), *made)
    again = await rewound(mongodb, target, start)
    for each in made[start - 1 :]:
        again.apply(each)
    assert [(letter.document_id, letter.left) for letter in letters(target)] == [(2, {"_id": 1, "big": "old", "n": 0}), (2, None)]
    assert target.checkpoint()["openLetters"] == 2
    ask(target)
    replay(again, at1=partial(1, 1, n=1).write, at3=made[2].write)
    assert list(target.collection.find({"_id": 2})) == [{"_id": 2, "big": "old", "n": 3}]
    assert target.checkpoint()["openLetters"] == 0


@pytest.mark.parametrize("size", [1, 2, 10])
async def test_a_replay_from_the_middle_takes_what_changes_leave_out_from_where_the_rows_are_now(
    mongodb: MongoDB, target: Target, worker: Worker, size: int
) -> None:
    """The job tolerates no failure, and none is one: each change was applied the first time."""
    made = [
        partial(1, 1, n=1),
        leaves(1, 2, to=2),
        arrives(2, 3, old=1, n=3),
        insert(1, 4, big="another row's", n=4),
        leaves(2, 5, to=3),
        arrives(3, 6, old=2, n=6),
        partial(3, 7, n=7),
    ]
    worker.apply(insert(1, 0, big="its own", n=0), *made)
    expected = [{"_id": 1, "big": "another row's", "n": 4}, {"_id": 3, "big": "its own", "n": 7}]
    assert list(target.collection.find().sort("_id", 1)) == expected
    again = await rewound(mongodb, target, 1)
    for first in range(0, len(made), size):
        again.apply(*made[first : first + size])
    assert list(target.collection.find().sort("_id", 1)) == expected
    assert OPEN not in statuses(target).values()
    assert target.checkpoint()["failures"] == []


async def test_a_row_whose_key_change_fails_takes_its_place_along(mongodb: MongoDB, target: Target) -> None:
    async with AsyncMongoClient[Document](mongodb.url) as client:
        await prepare_places(client[target.name], JOB, GENERATION, [COLLECTION])
    capped = target.worker(tolerance=None, caps={COLLECTION: 1})
    moved = arrives(2, 3, old=1, n=3)
    capped.apply(insert(1, 0, big="old", n=0), failing(1, 1), leaves(1, 2, to=2), moved, insert(1, 4, big="outside", n=4))
    assert [document["_id"]["id"] for document in target.database[PLACES].find({"_id.id": {"$exists": True}})] == [2]
    ask(target)
    replay(capped, at1=replaced(1, 1, big="new", n=1).write, at3=moved.write)
    assert list(target.collection.find()) == [{"_id": 2, "big": "new", "n": 3}]
