"""Change topics keep records as long as the project says; what was not applied in time is told before it is lost, and never passed over."""

import time
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient, codes
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.service import Worker
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.waiting import wait_until

from stack.stack import Stack

WEEK_MS = "604800000"
EXPIRING_SECONDS = 40


def configuration(stack: Stack, topic: str) -> dict[str, str]:
    """How long a topic keeps records."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    admin = _admin(stack)
    found = admin.describe_configs([resource])[resource].result(30)
    return {name: found[name].value for name in ("retention.ms", "segment.ms")}


def topic_of(job_id: str, table: str) -> str:
    """The change topic of a table in the schema public."""
    return f"rowstream_{job_id}_g1.public.{table}"


def _admin(stack: Stack) -> AdminClient:
    return AdminClient({"bootstrap.servers": stack.connections.kafka_bootstrap_servers, "log_level": 2})


def expiring(job: dict[str, Any]) -> list[dict[str, Any]]:
    """What was told of records that may be lost."""
    return [update for update in job["jobUpdates"] if update.get("errorCode") == "RECORDS_EXPIRE"]


def test_topics_keep_everything_until_the_snapshot_is_applied_and_then_what_the_project_says_at_any_time(
    stack: Stack, make_service: MakeService, source: SourceDatabase, target_url: str, target: Database[Any], tmp_path: Path
) -> None:
    source.run("CREATE TABLE thing (id int PRIMARY KEY)", "INSERT INTO thing SELECT generate_series(1, 100)")
    service = make_service(workers=0)
    service.start()
    jobs = JobClient(service)
    request = job_request(source, target_url, "CDC")
    jobs.write_project(request, topicRetentionSeconds=3_600)
    job_id = jobs.post(request)
    topic = topic_of(job_id, "thing")
    jobs.wait(job_id, "the rows are read", lambda job: job["statistics"].get("remainingTableCount") == 0)
    assert configuration(stack, topic) == {"retention.ms": "-1", "segment.ms": WEEK_MS}

    worker = Worker(service, "worker")
    worker.start()
    jobs.wait_until_streaming(job_id)
    wait_until(lambda: configuration(stack, topic) == {"retention.ms": "3600000", "segment.ms": "900000"}, "the project's is applied")
    jobs.write_project(request, topicRetentionSeconds=86_400)
    wait_until(lambda: configuration(stack, topic)["retention.ms"] == "86400000", "another is applied while the job runs")
    jobs.write_project(request)
    wait_until(lambda: configuration(stack, topic)["retention.ms"] == WEEK_MS, "the service's setting is applied")
    jobs.complete(job_id)
    worker.stop()


def test_records_that_wait_for_half_of_the_retention_are_told_once_until_they_are_applied(
    stack: Stack, make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str, tmp_path: Path
) -> None:
    source.run("CREATE TABLE slow (id int PRIMARY KEY)", "CREATE TABLE idle (id int PRIMARY KEY)", "INSERT INTO slow VALUES (1)")
    service = make_service(workers=0, ROWSTREAM_TOPIC_RETENTION_SECONDS=str(EXPIRING_SECONDS))
    service.start()
    jobs, worker = JobClient(service), Worker(service, "worker")
    worker.start()
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    worker.stop()

    source.run("INSERT INTO slow VALUES (2)")
    told_from = time.time() + EXPIRING_SECONDS / 2
    job = jobs.wait(job_id, "it is told", lambda job: bool(expiring(job)))
    assert time.time() >= told_from - 1
    (update,) = expiring(job)
    assert (update["eventType"], update["locationName"]) == ("WARNING", "public.slow")
    assert "Kafka keeps them for 0 min 40 s" in update["message"]
    assert "topicRetentionSeconds" in update["suggestion"]
    worker.start()
    wait_until(lambda: target["slow"].count_documents({}) == 2, "it is applied")
    job = jobs.complete(job_id)
    assert len(expiring(job)) == 1
    worker.stop()


def test_records_that_are_gone_fail_the_job_before_a_document_is_touched(
    stack: Stack, make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str, tmp_path: Path
) -> None:
    source.run("CREATE TABLE thing (id int PRIMARY KEY, text text)", "INSERT INTO thing VALUES (1, 'old')")
    service = make_service(workers=0)
    service.start()
    jobs, worker = JobClient(service), Worker(service, "worker")
    worker.start()
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    worker.stop()

    topic = topic_of(job_id, "thing")
    _wait_for_records(stack, topic, 1)
    source.run("UPDATE thing SET text = 'lost'", "INSERT INTO thing VALUES (2, 'lost')")
    end = _wait_for_records(stack, topic, 3)
    admin, place = _admin(stack), TopicPartition(topic, 0, end)
    admin.delete_records([place])[place].result(30)
    source.run("UPDATE thing SET text = 'never'")
    worker.start()
    job = jobs.wait_for_status(job_id, "FAILED")

    assert job["failureError"]["errorType"] == "RECORDS_LOST"
    assert topic in job["failureError"]["message"]
    assert "topicRetentionSeconds" in job["failureError"]["message"]
    assert list(target["thing"].find()) == [{"_id": 1, "text": "old"}]
    assert codes(job, "ERROR") == ["RECORDS_LOST"]
    worker.stop()
    jobs.cancel(job_id)


def _wait_for_records(stack: Stack, topic: str, count: int) -> int:
    """The topic's end, once it is behind so many records (markers aside)."""
    consumer = Consumer({"bootstrap.servers": stack.connections.kafka_bootstrap_servers, "group.id": "watches", "log_level": 2})
    partition = TopicPartition(topic, 0)
    try:
        wait_until(lambda: consumer.get_watermark_offsets(partition)[1] >= count, "the records are there")
        return int(consumer.get_watermark_offsets(partition)[1])
    finally:
        consumer.close()
