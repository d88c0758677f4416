"""A batch meets what the database already holds, and what others write to it."""

import pytest
from pymongo import MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from tests.fakes.rows import COLLECTION, insert, position, step
from tests.integration.sink.shared_target import Target

from pipeline.errors import BatchAbortedError, SinkUnavailableError
from pipeline.sink import mongo
from pipeline.sink.document import Document
from pipeline.sink.write import Insert, Replace, Set
from stack.mongodb import MongoDB

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # see `collected`


class Aborts(CommandListener):
    """Counts the transactions that are aborted."""

    def __init__(self) -> None:
        self.count = 0

    def started(self, event: CommandStartedEvent) -> None:
        self.count += event.command_name == "abortTransaction"

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


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


def test_a_value_of_a_unique_index_may_pass_from_a_deleted_row_to_a_new_one(target: Target) -> None:
    target.collection.create_index("email", unique=True)
    worker = target.worker()
    worker.apply(insert(1, 0, email="a"))
    delete = step(Replace(COLLECTION, 1, {"_id": 1, "email": "b"}, position(1)), "u")
    worker.apply(delete, insert(2, 2, email="a"))
    assert target.ids() == {1, 2}


def test_rows_that_are_read_again_meet_their_documents_at_the_price_of_one_aborted_transaction(mongodb: MongoDB, target: Target) -> None:
    target.collection.insert_many([{"_id": key, "value": "old"} for key in range(30)])
    aborts = Aborts()
    with MongoClient[Document](mongodb.url, event_listeners=[aborts]) as client:
        worker = target.worker(client)
        for first in range(0, 40, 10):
            worker.apply(*(step(Insert(COLLECTION, key, {"_id": key, "value": "new"}, position(key))) for key in range(first, first + 10)))
    assert aborts.count == 1
    assert [document["value"] for document in target.collection.find()] == ["new"] * 40
