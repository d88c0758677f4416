"""A collection is cleared in chunks, by one worker, and gone on with after an interruption."""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from tests.fakes.proxy import CuttingProxy
from tests.fakes.rows import COLLECTION, insert, position, step
from tests.integration.sink.shared_target import Target

from pipeline.errors import FencedError, SinkUnavailableError
from pipeline.sink import collection
from pipeline.sink.document import Document
from pipeline.sink.transaction import Transactions
from pipeline.sink.write import Clear, Insert

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # see `collected`
CHUNKED = [insert(key, key) for key in range(5)]
CLEAR = step(Clear(COLLECTION, position(5)), "t")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two documents a transaction."""
    monkeypatch.setattr(collection, "CHUNK_DOCUMENTS", 2)


@pytest.mark.usefixtures("small_chunks")
def test_a_worker_that_froze_while_it_cleared_deletes_nothing_that_its_successor_wrote(target: Target) -> None:
    meanwhile: list[Callable[[], None]] = []

    class Frozen(Transactions):
        def run(self, work: Callable[[ClientSession], Any], *, divisible: bool = False) -> Any:
            done = super().run(work, divisible=divisible)
            if meanwhile and target.checkpoint()["swept"]:
                meanwhile.pop()()
            return done

    def take_over() -> None:
        successor = target.worker()
        successor.apply(CLEAR)
        successor.apply(*(insert(key, 6 + key, by="successor") for key in range(5)))

    frozen = target.worker(transactions=Frozen)
    frozen.apply(*CHUNKED)
    meanwhile.append(take_over)
    with pytest.raises(FencedError):
        frozen.apply(CLEAR)
    assert not meanwhile
    assert [document["by"] for document in target.collection.find()] == ["successor"] * 5
    assert target.checkpoint()["counts"] == {"c": 10, "t": 1}


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("transactions", range(4))
def test_a_clear_that_was_interrupted_is_gone_on_with(target: Target, transactions: int) -> None:
    class Killed(Transactions):
        left = transactions + 1

        def _commit(self, session: ClientSession) -> None:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            super()._commit(session)

    killed = target.worker(transactions=Killed)
    killed.apply(*CHUNKED)
    with pytest.raises(KeyboardInterrupt):
        killed.apply(CLEAR)
    left = max(5 - 2 * transactions, 0)
    assert (len(target.ids()), target.checkpoint()["swept"], target.position()) == (left, 5 - left, 5)
    successor = target.worker()
    assert successor.held.swept == 5 - left
    successor.apply(CLEAR)
    assert (target.ids(), target.position(), target.checkpoint()["swept"]) == (set(), 6, 0)


def test_large_documents_are_cleared_few_at_a_time_and_indexes_stay(target: Target) -> None:
    target.collection.create_index("a")
    target.collection.insert_many([{"_id": key, "text": "x" * 6_000_000} for key in range(7)])
    assert [len(chunk) for chunk in collection.find_chunks(target.collection)] == [2, 2, 2, 1]
    target.worker().apply(CLEAR)
    assert target.ids() == set()
    assert "a_1" in target.collection.index_information()


@pytest.mark.parametrize("asked", [b"bsonSize", b"commitTransaction"])
def test_a_clear_that_is_cut_off_is_an_outage(target: Target, through: MongoClient[Document], proxy: CuttingProxy, asked: bytes) -> None:
    worker = target.worker(through)
    worker.apply(*CHUNKED)
    proxy.cut_after, proxy.refuse_after_cut = asked, True
    with pytest.raises(SinkUnavailableError):
        worker.apply(CLEAR)
    proxy.allow()
    worker.renew()
    worker.apply(CLEAR)
    assert (target.ids(), target.checkpoint()["counts"]) == (set(), {"c": 5, "t": 1})


def test_a_truncate_that_is_told_again_does_not_take_the_rows_that_came_after_it(target: Target) -> None:
    worker = target.worker()
    told = [
        step(Insert(COLLECTION, 1, {"_id": 1}, position(0)))._replace(order=(1, 1), log_position=11),
        step(Clear(COLLECTION, position(1)), "t")._replace(order=(1, 2), log_position=12),
        step(Insert(COLLECTION, 2, {"_id": 2}, position(2)))._replace(order=(2, 1), log_position=21),
        step(Insert(COLLECTION, 3, {"_id": 3}, position(3)))._replace(order=(2, 2), log_position=22),
    ]
    for offset, each in enumerate([*told, *told[:3]]):
        worker.apply(each._replace(offset=offset))
    assert target.ids() == {2, 3}
    assert (worker.held.position, worker.held.counts) == (7, {"c": 3, "t": 1})
