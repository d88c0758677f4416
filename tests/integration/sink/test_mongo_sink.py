"""The sink on a real MongoDB that is cut off, killed and shared with frozen workers."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from tests.fakes.proxy import CuttingProxy
from tests.fakes.rows import COLLECTION, PARTITION, part, position, step

from pipeline.errors import BatchAbortedError, FencedError, SinkUnavailableError, WriteRefusedError
from pipeline.mapping.json_values import bson_from_json
from pipeline.sink import collection, mongo
from pipeline.sink.batch import Step
from pipeline.sink.checkpoint import COLLECTION as CHECKPOINTS
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.client import connect
from pipeline.sink.document import Document
from pipeline.sink.mongo import MongoSink
from pipeline.sink.transaction import Transactions
from pipeline.sink.write import Clear, Insert, Replace, Set, Write
from stack.mongodb import MongoDB

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # see `collected`

JOB, GENERATION = "65f000000000000000000001", 1


@dataclass
class Worker:
    """A sink and the checkpoint it holds."""

    sink: MongoSink
    held: Checkpoint

    def apply(self, *steps: Step) -> None:
        (self.held,) = self.sink.apply([part(steps)], {PARTITION: self.held})

    def renew(self) -> None:
        self.held = self.sink.renew(self.held)


class Target:
    """A database that several workers write to."""

    def __init__(self, client: MongoClient[Document]) -> None:
        self.client = client
        self.name = f"sink_{uuid.uuid4().hex}"
        self.database = client[self.name]
        self.database[CHECKPOINTS].insert_one(Checkpoint(JOB, GENERATION, *PARTITION).stored())
        self.collection = self.database.create_collection(COLLECTION)

    def worker(self, client: MongoClient[Document] | None = None, transactions: type[Transactions] = Transactions) -> Worker:
        sink = MongoSink(client or self.client, self.name, JOB, GENERATION)
        sink._transactions = transactions(client or self.client)
        return Worker(sink, sink.claim(PARTITION))

    def ids(self) -> set[Any]:
        return {document["_id"] for document in self.collection.find()}

    def checkpoint(self) -> Document:
        found = self.database[CHECKPOINTS].find_one()
        assert found is not None
        return found

    def position(self) -> int:
        position: int = self.checkpoint()["position"]
        return position


@pytest.fixture
def target(mongodb: MongoDB) -> Iterator[Target]:
    with connect(mongodb.url) as client:
        target = Target(client)
        yield target
        client.drop_database(target.name)


@pytest.fixture
def proxy(mongodb: MongoDB) -> Iterator[CuttingProxy]:
    with CuttingProxy(mongodb.port) as proxy:
        yield proxy


@pytest.fixture
def through(proxy: CuttingProxy) -> Iterator[MongoClient[Document]]:
    """A client that reaches the server through the proxy."""
    with connect(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true") as client:
        yield client


def insert(key: Any, offset: int, **fields: Any) -> Step:
    return step(Insert(COLLECTION, key, {"_id": key, **fields}, position(offset)))


def test_a_commit_whose_answer_is_lost_once_counts_once(target: Target, through: MongoClient[Document], proxy: CuttingProxy) -> None:
    worker = target.worker(through)
    proxy.cut_after = b"commitTransaction"
    worker.apply(insert(1, 0))
    proxy.wait_until_cut()
    worker.apply(insert(2, 1))
    assert worker.held.counts == {"c": 2}
    assert target.ids() == {1, 2}


def test_a_commit_whose_answer_never_comes_is_found_in_the_checkpoint(
    target: Target, through: MongoClient[Document], proxy: CuttingProxy
) -> None:
    worker = target.worker(through)
    proxy.cut_after, proxy.refuse_after_cut = b"commitTransaction", True
    with pytest.raises(SinkUnavailableError):
        worker.apply(insert(1, 0))
    proxy.wait_until_cut()
    proxy.allow()
    worker.renew()
    assert (worker.held.position, worker.held.counts) == (1, {"c": 1})
    worker.apply(insert(2, 1))
    assert target.ids() == {1, 2}


def test_a_batch_that_is_cut_off_before_its_commit_is_not_applied_and_can_be_at_once(
    target: Target, through: MongoClient[Document], proxy: CuttingProxy
) -> None:
    worker = target.worker(through)
    proxy.cut_after, proxy.refuse_after_cut = CHECKPOINTS.encode(), True
    with pytest.raises(SinkUnavailableError):
        worker.apply(insert(1, 0), insert(2, 1))
    proxy.wait_until_cut()
    proxy.allow()
    worker.renew()
    assert (worker.held.position, target.ids()) == (0, set())
    worker.apply(insert(1, 0), insert(2, 1))
    assert target.ids() == {1, 2}


@pytest.mark.timeout(45)  # left alone, the server ends it after 60 s
def test_the_open_transaction_of_a_killed_worker_does_not_stand_in_its_successors_way(target: Target) -> None:
    class Killed(Transactions):
        def _transact(self, work: Callable[[ClientSession], Any]) -> Any:
            session = self._open_session()
            session.start_transaction()
            work(session)
            raise KeyboardInterrupt

    killed = target.worker(transactions=Killed)
    with pytest.raises(KeyboardInterrupt):
        killed.apply(insert(1, 0, by="killed"))
    successor = target.worker()
    successor.apply(insert(1, 0, by="successor"))
    assert list(target.collection.find()) == [{"_id": 1, "by": "successor"}]


def test_a_worker_that_froze_before_its_commit_commits_nothing(target: Target) -> None:
    meanwhile: list[Callable[[], None]] = []

    class Frozen(Transactions):
        def _commit(self, session: ClientSession) -> None:
            if meanwhile:
                meanwhile.pop()()
            super()._commit(session)

    frozen = target.worker(transactions=Frozen)
    meanwhile.append(lambda: target.worker().apply(insert(1, 0, by="successor"), insert(2, 1, by="successor")))
    with pytest.raises(FencedError):
        frozen.apply(insert(1, 0, by="frozen"))
    assert not meanwhile
    assert {document["by"] for document in target.collection.find()} == {"successor"}
    assert target.position() == 2


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


def test_a_killed_server_has_all_of_a_batch_or_nothing_and_the_worker_goes_on(target: Target, mongodb: MongoDB) -> None:
    worker = target.worker()
    worker.apply(insert(1, 0))
    mongodb.kill()
    with pytest.raises(SinkUnavailableError):
        worker.apply(insert(2, 1))
    with pytest.raises(SinkUnavailableError):
        worker.renew()
    mongodb.start()
    worker.renew()
    assert (worker.held.position, target.ids()) == (1, {1})
    worker.apply(insert(2, 1))
    assert target.ids() == {1, 2}


def test_documents_that_others_write_at_the_same_time_delay_a_batch_and_lose_nothing(target: Target) -> None:
    worker = target.worker()
    target.collection.insert_one({"_id": 1})
    with target.client.start_session() as session, session.start_transaction():
        target.collection.update_one({"_id": 1}, {"$set": {"by": "other"}}, session=session)
        with pytest.raises(BatchAbortedError):
            worker.apply(step(Replace(COLLECTION, 1, {"_id": 1, "by": "worker"}, position(0)), "u"), insert(2, 1))
        with pytest.raises(SinkUnavailableError):
            worker.apply(step(Replace(COLLECTION, 1, {"_id": 1, "by": "worker"}, position(0)), "u"))
    worker.renew()
    worker.apply(step(Replace(COLLECTION, 1, {"_id": 1, "by": "worker"}, position(0)), "u"))
    assert list(target.collection.find()) == [{"_id": 1, "by": "worker"}]


def test_changes_that_leave_out_large_stored_values_are_not_taken_all_at_once(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongo, "STORED_BYTES", 2_500_000)
    worker = target.worker()
    worker.apply(*(insert(key, key, big="x" * 1_000_000, small=0) for key in range(4)))
    changes = [step(Set(COLLECTION, key, {"_id": key, "small": 1}, ("big",), position(4 + key)), "u") for key in range(4)]
    with pytest.raises(BatchAbortedError, match="4 MiB"):
        worker.apply(*changes)
    assert target.position() == 4
    worker.apply(*changes[:2])
    worker.apply(*changes[2:])
    assert [(document["small"], len(document["big"])) for document in target.collection.find()] == [(1, 1_000_000)] * 4


def refusals() -> list[Any]:
    return [
        pytest.param({"email": "taken"}, "email", id="a unique index of the user's"),
        pytest.param({"text": "x" * 17_000_000}, "large", id="a document over 16 MB"),
        pytest.param({"number": 2**64}, "8-byte", id="an integer over 64 bits"),
        pytest.param({"a\0b": 1}, "NULL|null", id="a name with a null byte"),
        pytest.param({"shape": "no polygon"}, "geo", id="a value that a geo index does not take"),
    ]


@pytest.mark.parametrize(("fields", "reason"), refusals())
@pytest.mark.parametrize("kind", [Insert, Replace])
def test_what_mongodb_does_not_take_is_refused_with_its_reason_and_nothing_is_applied(
    target: Target, fields: Document, reason: str, kind: type[Insert | Replace]
) -> None:
    target.collection.create_index("email", unique=True, sparse=True)
    target.collection.create_index([("shape", "2dsphere")])
    worker = target.worker()
    worker.apply(insert(1, 0, email="taken"))
    refused = step(kind(COLLECTION, 2, {"_id": 2, **fields}, position(2)))
    with pytest.raises(WriteRefusedError, match=reason) as error:
        worker.apply(insert(3, 1), refused)
    assert COLLECTION in error.value.message
    assert (target.ids(), target.position()) == ({1}, 1)


def test_a_value_of_a_unique_index_may_pass_from_a_deleted_row_to_a_new_one(target: Target) -> None:
    target.collection.create_index("email", unique=True)
    worker = target.worker()
    worker.apply(insert(1, 0, email="a"))
    delete = step(Replace(COLLECTION, 1, {"_id": 1, "email": "b"}, position(1)), "u")
    worker.apply(delete, insert(2, 2, email="a"))
    assert target.ids() == {1, 2}


@pytest.mark.parametrize(
    "options",
    [
        "w=0",
        "w=1&journal=false",
        "readPreference=secondary&readPreferenceTags=a:b&maxStalenessSeconds=120",
        "retryWrites=false&readConcernLevel=local",
    ],
)
def test_the_connection_string_cannot_weaken_the_promise(target: Target, mongodb: MongoDB, options: str) -> None:
    with connect(f"{mongodb.url}&{options}") as client:
        worker = target.worker(client)
        worker.apply(insert(1, 0))
        stale = Worker(target.worker(client).sink, worker.held)
        with pytest.raises(FencedError):
            stale.apply(insert(2, 1))
    assert target.ids() == {1}


def test_an_unreachable_server_is_an_outage_not_a_refusal() -> None:
    with connect("mongodb://127.0.0.1:9/?directConnection=true") as client:
        sink = MongoSink(client, "any", JOB, GENERATION)
        with pytest.raises(SinkUnavailableError):
            sink.claim(PARTITION)


@pytest.mark.parametrize("nested", ['{"a":%s}', "[%s]"])
@pytest.mark.parametrize("levels", [150, 190, 199, 250, 900])
def test_json_nested_deeper_than_mongodb_takes_is_refused_and_not_waited_for(target: Target, nested: str, levels: int) -> None:
    text = "1"
    for _ in range(levels):
        text = nested % text
    value, worker = bson_from_json(text), target.worker()
    worker.apply(insert(1, 0, big="x"))
    documents: list[Write] = [
        Insert(COLLECTION, 2, {"_id": 2, "json": value}, position(1)),
        Replace(COLLECTION, 1, {"_id": 1, "big": "x", "json": value}, position(1)),
        Replace(COLLECTION, 1, {"_id": 1, "big": "x", "$json": value}, position(1)),
        Set(COLLECTION, 1, {"_id": 1, "json": value}, ("big",), position(1)),
    ]
    for number, write in enumerate(documents):
        write.position = position(worker.held.position)
        if levels == 150:
            worker.apply(step(write))
            assert target.position() == 2 + number
            continue
        with pytest.raises(WriteRefusedError, match=f"{COLLECTION}: MongoDB refuses a document: .*nest") as refused:
            worker.apply(step(write))
        assert len(refused.value.message) < 250
        assert target.position() == 1


class Aborts(CommandListener):
    """Counts the transactions that are aborted."""

    def __init__(self) -> None:
        self.count = 0

    def started(self, event: CommandStartedEvent) -> None:
        self.count += event.command_name == "abortTransaction"

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


def test_rows_that_are_read_again_meet_their_documents_at_the_price_of_one_aborted_transaction(mongodb: MongoDB, target: Target) -> None:
    target.collection.insert_many([{"_id": key, "value": "old"} for key in range(30)])
    aborts = Aborts()
    with MongoClient[Document](mongodb.url, event_listeners=[aborts]) as client:
        worker = target.worker(client)
        for first in range(0, 40, 10):
            worker.apply(*(step(Insert(COLLECTION, key, {"_id": key, "value": "new"}, position(key))) for key in range(first, first + 10)))
    assert aborts.count == 1
    assert [document["value"] for document in target.collection.find()] == ["new"] * 40


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
