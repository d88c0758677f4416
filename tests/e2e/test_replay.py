"""Changes applied again: after a dropped collection, from a moment on, into other collections, after a restored backup."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient, JobView, RefusedError, changes_seen, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import expect_nothing_left_soon
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.service import Service, kill_process
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.waiting import wait_until

from stack.stack import Stack

LONG = "repeat('n', 9000)"
TABLES = {"item": "item", "tally": "tally"}
FILLED = (
    "CREATE TABLE item (id int PRIMARY KEY, name text, note text)",
    "ALTER TABLE item ALTER COLUMN note SET STORAGE EXTERNAL",
    "CREATE TABLE tally (n int, word text)",
    "ALTER TABLE tally REPLICA IDENTITY FULL",
    f"INSERT INTO item SELECT n, 'name', {LONG} || n FROM generate_series(1, 400) AS n",
    "INSERT INTO tally SELECT n % 7, 'w' FROM generate_series(1, 200) AS n",
)
CHANGES = (
    "INSERT INTO item SELECT n, 'new', NULL FROM generate_series(401, 500) AS n",
    "UPDATE item SET name = 'changed' WHERE id % 3 = 0",
    "UPDATE item SET note = 'short', name = 'both' WHERE id % 50 = 0",
    "UPDATE item SET id = id + 1000 WHERE id BETWEEN 100 AND 140",
    "UPDATE item SET name = 'to be deleted' WHERE id BETWEEN 150 AND 170",
    "DELETE FROM item WHERE id BETWEEN 160 AND 180",
    "INSERT INTO item SELECT n, 'again', 'x' FROM generate_series(160, 165) AS n",
    "UPDATE item SET id = id + 2000 WHERE id BETWEEN 1100 AND 1120",
)
TALLY = ("UPDATE tally SET word = 'v' WHERE n = 3", "DELETE FROM tally WHERE n = 4", "INSERT INTO tally VALUES (9, 'late'), (9, 'late')")


class Running:
    """A job that streams, all changes until now applied."""

    def __init__(self, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str) -> None:
        self.jobs, self.source, self.target = jobs, source, target
        source.run(*FILLED)
        self.id = jobs.post(job_request(source, target_url, "CDC"))
        jobs.wait_until_streaming(self.id)
        self.changes = self.replays = 0

    def change(self, *statements: str) -> None:
        self.changes += self.source.run(*statements)

    def apply(self, *statements: str) -> None:
        self.change(*statements)
        self.jobs.wait_for_changes(self.id, self.changes)

    def replay(self, body: dict[str, Any]) -> JobView:
        job = self.jobs.replay(self.id, body)
        self.replays += 1
        return job

    def refused(self, body: dict[str, Any], status: int) -> str:
        with pytest.raises(RefusedError) as refused:
            self.jobs.ask("POST", f"/jobs/{self.id}/replay", body)
        assert refused.value.status == status, refused.value.body
        return f"{refused.value.body['message']} {refused.value.body['description']}"

    def replayed(self) -> JobView:
        """The job once its last replay is over."""

        return self.jobs.wait(self.id, "the replay is over", lambda job: len(told(job, "Applied again")) == self.replays)

    def complete(self) -> None:
        """End it: documents equal rows, and nothing was counted twice."""
        job = self.jobs.complete(self.id)
        expect_documents_equal_rows(self.source, self.target, TABLES)
        assert (rows_seen(job), changes_seen(job)) == (600, self.changes)


def told(job: JobView, beginning: str) -> list[str]:
    return [each["message"] for each in job["jobUpdates"] if each["message"].startswith(beginning)]


@pytest.fixture
def service(make_service: MakeService) -> Service:
    service = make_service(workers=2)
    service.start()
    return service


@pytest.fixture
def running(service: Service, source: SourceDatabase, target: Database[Any], target_url: str) -> Running:
    return Running(JobClient(service), source, target, target_url)


def test_collections_that_were_dropped_come_back_and_nothing_counts_twice(stack: Stack, running: Running, service: Service) -> None:
    running.apply(*CHANGES, *TALLY)
    running.target["item"].drop()
    running.target["tally"].drop()
    running.replay({"from": "beginning"})
    assert "already" in running.refused({"from": "beginning"}, 409)
    running.change("UPDATE item SET name = 'meanwhile' WHERE id < 50")
    for worker in service.workers:
        kill_process(worker)
    job = running.replayed()
    assert told(job, "Replayed ")
    running.complete()
    expect_nothing_left_soon(stack, running.source, running.target, running.id)


def test_a_replay_of_some_tables_leaves_foreign_documents_and_other_tables(running: Running) -> None:
    running.apply(*CHANGES, *TALLY)
    running.target["item"].insert_one({"_id": "foreign"})
    running.target["item"].update_many({"_id": {"$lt": 100}}, {"$set": {"name": "spoilt"}})
    running.target["tally"].insert_one({"_id": "beside"})
    running.replay({"from": "beginning", "tables": ["public.item"]})
    running.replayed()
    for collection, identity in (("item", "foreign"), ("tally", "beside")):
        assert running.target[collection].delete_one({"_id": identity}).deleted_count == 1
    running.complete()


def test_from_a_time_or_an_offset_documents_become_right_again(running: Running) -> None:
    running.apply(*CHANGES[:2])
    moment = datetime.now(UTC)
    topic = f"rowstream_{running.id}_g1.public.item"
    offset = running.target["_rowstream.checkpoints"].find_one({"topic": topic})["position"]  # type: ignore[index]
    running.apply(*CHANGES[2:], *TALLY)
    assert "beginning" in running.refused({"from": moment.isoformat()}, 409), "a table without a key"

    def spoil() -> None:
        running.target["item"].update_many({"name": {"$in": ["both", "again"]}}, {"$set": {"name": "spoilt"}})

    for start in (moment.isoformat(), {topic: offset}, {topic: offset + 100}):
        if start != {topic: offset + 100}:  # what was spoilt stands before that
            spoil()
        tables = {"tables": ["public.item"]} if isinstance(start, str) else {}
        running.replay({"from": start, **tables})
        job = running.replayed()
        assert not any("could not be applied" in message for message in told(job, "Applied again"))
    running.complete()


@pytest.mark.parametrize("state", ["paused", "failed"])
def test_a_job_that_is_paused_or_has_failed_can_be_replayed(running: Running, state: str) -> None:
    running.apply(*CHANGES, *TALLY)
    if state == "paused":
        running.jobs.ask("POST", f"/jobs/{running.id}/pause")
    else:
        running.target.command("collMod", "item", validator={"name": {"$ne": "refused"}})
        running.change("INSERT INTO item VALUES (5000, 'refused', NULL)")
        running.jobs.wait_for_status(running.id, "FAILED")
    running.target["item"].drop()
    running.replay({"from": "beginning"})
    running.change("UPDATE item SET name = 'later' WHERE id > 300")
    if state == "paused":
        running.jobs.ask("POST", f"/jobs/{running.id}/resume")
    running.replayed()
    running.complete()


def test_a_replay_into_other_collections_makes_them_equal_and_leaves_the_jobs_alone(stack: Stack, running: Running) -> None:
    running.apply(*CHANGES, *TALLY)
    running.target["itemFull"].insert_one({"_id": 1})
    running.jobs.ask("POST", f"/jobs/{running.id}/pause")
    running.replay({"from": "beginning", "into": "Copy"})
    running.replayed()
    expect_documents_equal_rows(running.source, running.target, {table: f"{name}Copy" for table, name in TABLES.items()})
    assert told(running.jobs.get(running.id), "Applied again") == [
        "Applied again: the changes of public.item, public.tally, into itemCopy, tallyCopy"
    ]
    running.replay({"from": "beginning", "tables": ["public.item"], "into": "Full"})
    job = running.jobs.wait(running.id, "the replay is refused", lambda job: told(job, "Not applied again"))
    assert "itemFull already holds documents" in told(job, "Not applied again")[0]
    running.jobs.ask("POST", f"/jobs/{running.id}/resume")
    running.complete()
    expect_nothing_left_soon(stack, running.source, running.target, running.id)


def test_what_cannot_be_replayed_is_refused_before_a_document_is_touched(stack: Stack, running: Running) -> None:
    running.apply(*CHANGES, *TALLY)
    topic = f"rowstream_{running.id}_g1.public.item"
    before = list(running.target["item"].find())
    assert "no table public.none" in running.refused({"from": "beginning", "tables": ["public.none"]}, 404)
    assert "no topic nowhere" in running.refused({"from": {"nowhere": 0}}, 404)
    assert "have not been applied yet" in running.refused({"from": {topic: 10**6}}, 409)
    admin = AdminClient({"bootstrap.servers": stack.connections.kafka_bootstrap_servers})
    for future in admin.delete_records([TopicPartition(topic, 0, 300)]).values():
        future.result(30)
    assert "no longer has the records" in running.refused({"from": "beginning"}, 409)
    assert "no longer has the records" in running.refused({"from": {topic: 299}}, 409)
    assert "may be gone" in running.refused({"from": "2020-01-01T00:00:00Z", "tables": ["public.item"]}, 409)
    assert list(running.target["item"].find()) == before
    running.replay({"from": {topic: 300}})
    running.replayed()
    running.complete()


def test_a_backup_of_the_target_that_is_restored_goes_on_from_its_own_checkpoints(running: Running, service: Service) -> None:
    """Checkpoints go back with the documents, so the job applies what came since."""
    running.apply(*CHANGES[:3], TALLY[0])
    running.jobs.ask("POST", f"/jobs/{running.id}/pause")
    restore = backup(running.target)
    running.jobs.ask("POST", f"/jobs/{running.id}/resume")
    running.apply(*CHANGES[3:], *TALLY[1:])
    restore()
    kill_process(service.workers[0])
    running.change("UPDATE item SET name = 'after the restore' WHERE id % 7 = 0")
    running.complete()


def backup(target: Database[Any]) -> Callable[[], None]:
    """All collections as they are; what is returned puts them back."""
    kept = {name: list(target[name].find()) for name in target.list_collection_names()}

    def restore() -> None:
        for name, documents in kept.items():
            target[name].delete_many({})
            if documents:
                target[name].insert_many(documents)

    wait_until(lambda: kept, "there is something")
    return restore
