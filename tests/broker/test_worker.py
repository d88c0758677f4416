"""Workers on a broker: order, ends, borders of batches, hand-overs, outages."""

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError
from tests.broker.conftest import PARTITIONS, Cluster, Worker, wait_for
from tests.fakes.memory_sink import MemorySink
from tests.unit.change.envelopes import Table

from pipeline.errors import EngineUnavailableError, FencedError, WriteRefusedError
from pipeline.sink.batch import ChangePartition
from pipeline.sink.write import Insert
from pipeline.worker import consumer
from pipeline.worker.consumer import RecordsLostError
from pipeline.worker.failure import failure_of
from pipeline.worker.loop import CannotApplyError

Start = Callable[..., Worker]


def rows(sink: MemorySink) -> dict[Any, Any]:
    return {document["_id"]: document["name"] for document in sink.documents("customer")}


def at(sink: MemorySink, table: Table, partition: int = 0) -> int:
    return sink.checkpoints[ChangePartition(table.topic, partition)].position


def owned(worker: Worker) -> int:
    return len(worker.consumer.checkpoints)


def test_changes_arrive_in_order_and_are_counted(cluster: Cluster, table: Table, sink: MemorySink, work: Start) -> None:
    cluster.write(*(table.create({"id": key, "name": "new"}) for key in range(500)))
    cluster.write(*(table.update({"id": key, "name": f"v{turn}"}) for turn in range(3) for key in range(500)))
    cluster.write(*(table.delete({"id": key}) for key in range(100)))
    work()
    wait_for(lambda: at(sink, table) == 2_100, "the end")
    assert rows(sink) == dict.fromkeys(range(100, 500), "v2")
    assert sink.checkpoints[ChangePartition(table.topic, 0)].counts == {"c": 500, "u": 1_500, "d": 100}


def test_no_batch_is_larger_than_it_may_be(cluster: Cluster, table: Table, sink: MemorySink, work: Start) -> None:
    cluster.write(*(table.create({"id": key, "name": "x" * (20_000 if key % 10 == 0 else 10)}) for key in range(200)))
    work(records=50, size=50_000)
    wait_for(lambda: at(sink, table) == 200, "the end")
    assert len(rows(sink)) == 200
    batches = [[step for part in batch for step in part.steps] for batch in sink.batches]
    assert max(len(steps) for steps in batches) <= 50
    assert max(sum(step.size for step in steps) for steps in batches) <= 50_000


def test_a_record_larger_than_a_batch_is_a_batch_of_its_own(cluster: Cluster, table: Table, sink: MemorySink, work: Start) -> None:
    cluster.write(*(table.create({"id": key, "name": "x" * (90_000 if key == 1 else 10)}) for key in range(3)))
    work(size=20_000)
    wait_for(lambda: at(sink, table) == 3, "the end")
    assert [len(batch[0].steps) for batch in sink.batches] == [1, 1, 1]


def test_what_carries_no_change_moves_the_checkpoint(cluster: Cluster, table: Table, sink: MemorySink, work: Start) -> None:
    tombstone = table.create({"id": 1, "name": "x"})._replace(value=None)
    cluster.write(tombstone, tombstone)
    work()
    wait_for(lambda: at(sink, table) == 2, "the end")
    assert (rows(sink), sink.checkpoints[ChangePartition(table.topic, 0)].counts) == ({}, {})


def test_a_worker_begins_where_the_checkpoint_stands(cluster: Cluster, table: Table, sink: MemorySink, work: Start) -> None:
    cluster.write(*(table.create({"id": key, "name": "x"}) for key in range(10)))
    first = work()
    wait_for(lambda: at(sink, table) == 10, "the first worker's end")
    first.stop()
    cluster.write(*(table.create({"id": key, "name": "x"}) for key in range(10, 20)))
    work()
    wait_for(lambda: at(sink, table) == 20, "the second worker's end")
    assert sink.checkpoints[ChangePartition(table.topic, 0)].counts == {"c": 20}


def test_workers_share_the_partitions_and_take_over_from_one_that_leaves(
    cluster: Cluster, table: Table, sink: MemorySink, work: Start
) -> None:
    def write(first: int) -> None:
        for partition in PARTITIONS:
            keys = range(first + 100 * partition, first + 100 * partition + 100)
            cluster.write(*(table.create({"id": key, "name": "x"}) for key in keys), partition=partition)

    write(0)
    one = work()
    wait_for(lambda: owned(one) == 4, "all partitions for the one")
    two = work()
    wait_for(lambda: owned(one) == owned(two) == 2, "two partitions each")
    write(1_000)
    wait_for(lambda: all(at(sink, table, partition) == 200 for partition in PARTITIONS), "the end")
    one.stop()
    write(2_000)
    wait_for(lambda: all(at(sink, table, partition) == 300 for partition in PARTITIONS), "the end after the hand-over")
    assert owned(two) == 4
    assert len(rows(sink)) == 1_200
    assert sum(checkpoint.counts["c"] for checkpoint in sink.checkpoints.values()) == 1_200


def test_a_worker_stays_in_the_group_while_the_sink_is_away_and_goes_on(
    cluster: Cluster, table: Table, sink: MemorySink, work: Start
) -> None:
    cluster.write(*(table.create({"id": key, "name": "x"}) for key in range(100)))
    worker = work(records=10)
    wait_for(lambda: at(sink, table) > 0, "the first batch")
    sink.away = True
    cluster.write(*(table.create({"id": key, "name": "x"}) for key in range(100, 200)))
    epoch = sink.checkpoints[ChangePartition(table.topic, 0)].epoch
    wait_for(lambda: sink.refused > 2, "a second attempt")
    sink.away = False
    wait_for(lambda: at(sink, table) == 200, "the end")
    assert worker.error is None
    assert sink.checkpoints[ChangePartition(table.topic, 0)].epoch > epoch
    assert sink.checkpoints[ChangePartition(table.topic, 0)].counts == {"c": 200}


def test_a_worker_that_starts_while_the_sink_is_away_waits_for_it(cluster: Cluster, table: Table, sink: MemorySink, work: Start) -> None:
    cluster.write(table.create({"id": 1, "name": "x"}))
    sink.away = True
    work()
    wait_for(lambda: sink.refused > 2, "attempts to claim")
    sink.away = False
    wait_for(lambda: rows(sink) == {1: "x"}, "the document")


def test_an_applied_batch_whose_answer_was_lost_is_not_applied_again(cluster: Cluster, table: Table, sink: MemorySink, work: Start) -> None:
    sink.lose_answers = 3
    cluster.write(*(table.create({"id": key, "name": "x"}) for key in range(50)))
    work(records=10)
    wait_for(lambda: at(sink, table) == 50, "the end")
    assert sink.lose_answers == 0
    assert sink.checkpoints[ChangePartition(table.topic, 0)].counts == {"c": 50}


def test_a_worker_whose_partition_was_claimed_by_another_drops_its_batch(
    cluster: Cluster, table: Table, sink: MemorySink, work: Start
) -> None:
    cluster.write(table.create({"id": 1, "name": "x"}))
    worker = work()
    wait_for(lambda: at(sink, table) == 1, "the first batch")
    sink.claim(ChangePartition(table.topic, 0))
    cluster.write(table.create({"id": 2, "name": "x"}))
    wait_for(lambda: not worker.is_alive(), "the worker's end")
    assert isinstance(worker.error, FencedError)
    assert rows(sink) == {1: "x"}


def test_a_closed_generation_ends_its_workers(cluster: Cluster, table: Table, sink: MemorySink, work: Start) -> None:
    cluster.write(table.create({"id": 1, "name": "x"}))
    sink.closed = True
    worker = work()
    wait_for(lambda: not worker.is_alive(), "the worker's end")
    assert isinstance(worker.error, FencedError)
    assert rows(sink) == {}


def test_a_record_that_cannot_be_decoded_stops_the_worker_after_what_stands_before_it(
    cluster: Cluster, table: Table, sink: MemorySink, work: Start
) -> None:
    good = [table.create({"id": key, "name": "x"}) for key in range(5)]
    bad = table.create({"id": 99, "name": "x"})._replace(value=b'{"schema": broken')
    cluster.write(*good, bad, table.create({"id": 100, "name": "x"}))
    worker = work()
    wait_for(lambda: not worker.is_alive(), "the worker's end")
    assert isinstance(worker.error, CannotApplyError)
    assert (len(rows(sink)), at(sink, table)) == (5, 5)
    failure = failure_of(worker.error)
    assert failure.key == {"id": "99"}
    assert f"{table.topic}[0]@5" in failure.message


def test_a_refused_write_is_found_and_everything_before_it_is_applied(
    cluster: Cluster, table: Table, sink: MemorySink, work: Start
) -> None:
    sink.refuses = lambda write: isinstance(write, Insert) and write.id == 37
    cluster.write(*(table.create({"id": key, "name": "x"}) for key in range(100)))
    worker = work()
    wait_for(lambda: not worker.is_alive(), "the worker's end")
    assert isinstance(worker.error, CannotApplyError)
    assert isinstance(worker.error.cause, WriteRefusedError)
    assert (worker.error.position.offset, set(rows(sink)), at(sink, table)) == (37, set(range(37)), 37)
    assert failure_of(worker.error).key == {"id": "37"}


def test_a_sink_that_takes_less_at_once_is_given_less_until_it_takes_more_again(
    cluster: Cluster, table: Table, sink: MemorySink, work: Start
) -> None:
    def sizes() -> list[int]:
        return [sum(len(part.steps) for part in batch) for batch in sink.batches]

    sink.takes = 7
    cluster.write(*(table.create({"id": key, "name": "x"}) for key in range(300)))
    work(records=200)
    wait_for(lambda: at(sink, table) == 300, "the end")
    assert (len(rows(sink)), sink.checkpoints[ChangePartition(table.topic, 0)].counts) == (300, {"c": 300})
    assert len(sizes()) < 100, "most batches are as large as they may be"
    sink.takes = 1_000
    cluster.write(*(table.create({"id": key, "name": "x"}) for key in range(300, 3_000)))
    wait_for(lambda: at(sink, table) == 3_000, "the end once more is taken")
    assert max(sizes()) > 100


def test_a_truncate_in_the_middle_of_a_batch_takes_what_stands_before_it_alone(
    cluster: Cluster, table: Table, sink: MemorySink, work: Start
) -> None:
    sink.refuses = lambda write: isinstance(write, Insert) and write.id == 37
    first = [table.create({"id": key, "name": "x"}) for key in range(10)]
    cluster.write(*first, table.truncate(), table.truncate(), *(table.create({"id": key, "name": "y"}) for key in range(100)))
    worker = work()
    wait_for(lambda: not worker.is_alive(), "the worker's end")
    assert isinstance(worker.error, CannotApplyError)
    assert worker.error.position.offset == at(sink, table) == 12 + 37
    assert rows(sink) == dict.fromkeys(range(37), "y")
    assert sink.checkpoints[ChangePartition(table.topic, 0)].counts == {"c": 47, "t": 2}


def test_records_of_a_table_that_the_job_did_not_take_are_not_passed_over(
    cluster: Cluster, table: Table, sink: MemorySink, work: Start
) -> None:
    stranger = Table(name="stranger", topic=table.topic)
    cluster.write(table.create({"id": 1, "name": "x"}), stranger.create({"id": 2, "name": "x"}))
    worker = work()
    wait_for(lambda: not worker.is_alive(), "the worker's end")
    assert isinstance(worker.error, CannotApplyError)
    assert failure_of(worker.error).table == "public.stranger"
    assert at(sink, table) == 1


def test_records_that_retention_took_before_they_were_applied_stop_the_worker(
    cluster: Cluster, table: Table, sink: MemorySink, work: Start
) -> None:
    """The mock cluster keeps 5 MB of a partition."""
    cluster.write(*(table.create({"id": key, "name": "x" * 50_000}) for key in range(200)))
    worker = work()
    wait_for(lambda: not worker.is_alive(), "the worker's end")
    assert isinstance(worker.error, RecordsLostError)
    assert f"{table.topic}[0]" in worker.error.message
    assert (rows(sink), at(sink, table)) == ({}, 0)


def test_a_change_topic_that_is_gone_stops_the_worker(table: Table, work: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "MISSING_SECONDS", 1.0)
    worker = work()
    wait_for(lambda: not worker.is_alive(), "the worker's end")
    assert isinstance(worker.error, RecordsLostError)
    assert table.topic in worker.error.message


def test_a_change_topic_that_comes_late_is_waited_for(
    cluster: Cluster, table: Table, sink: MemorySink, work: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "MISSING_SECONDS", 3.0)
    worker = work()
    wait_for(lambda: bool(worker.consumer._missing), "a topic that is missing")
    cluster.write(table.create({"id": 1, "name": "x"}))
    wait_for(lambda: rows(sink) == {1: "x"} and not worker.consumer._missing, "the document")
    assert worker.error is None


@pytest.mark.parametrize(
    "code", [KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED, KafkaError.INVALID_SESSION_TIMEOUT]
)
def test_what_kafka_refuses_until_a_person_acts_is_named_and_tried_again(table: Table, work: Start, code: int) -> None:
    worker = work()
    with pytest.raises(EngineUnavailableError, match=r"Kafka: Broker: .*: (let|set) "):
        worker.consumer._judge(ChangePartition(table.topic, 0), KafkaError(code))
