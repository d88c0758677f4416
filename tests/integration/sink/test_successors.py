"""A worker that was killed or froze leaves everything to its successor."""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.client_session import ClientSession
from tests.fakes.rows import insert
from tests.integration.sink.shared_target import Target, Worker

from pipeline.errors import FencedError
from pipeline.sink.client import connect
from pipeline.sink.transaction import Transactions
from stack.mongodb import MongoDB

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # see `collected`


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
