"""A batch whose server is cut off or killed is applied once or not at all."""

import pytest
from pymongo import MongoClient
from tests.fakes.proxy import CuttingProxy
from tests.fakes.rows import PARTITION, insert
from tests.integration.sink.shared_target import GENERATION, JOB, Target

from pipeline.errors import SinkUnavailableError
from pipeline.sink.checkpoint import COLLECTION as CHECKPOINTS
from pipeline.sink.client import connect
from pipeline.sink.document import Document
from pipeline.sink.mongo import MongoSink
from stack.mongodb import MongoDB

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # see `collected`


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


def test_an_unreachable_server_is_an_outage_not_a_refusal() -> None:
    with connect("mongodb://127.0.0.1:9/?directConnection=true") as client:
        sink = MongoSink(client, "any", JOB, GENERATION)
        with pytest.raises(SinkUnavailableError):
            sink.claim(PARTITION)
