"""Records that cannot be applied: tolerated as the job says, kept, shown, and applied once the cause is mended."""

import random
from typing import Any

import pytest
from bson import ObjectId
from confluent_kafka import Producer
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient, JobView, RefusedError, changes_seen, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import expect_nothing_left_soon
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.service import kill_process
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.waiting import wait_until

from stack.stack import Stack

PRODUCTS = """
CREATE TABLE product (id int PRIMARY KEY, code text, price numeric, note text);
ALTER TABLE product ALTER COLUMN note SET STORAGE EXTERNAL;
"""
LONG = "repeat('n', 9000)"
NO_BSON = "12345678901234567890.123456789012345678"


def request(source: SourceDatabase, target_url: str, mode: str = "CDC", **options: Any) -> dict[str, Any]:
    body = job_request(source, target_url, mode)
    body["options"] |= options
    return body


def errors(jobs: JobClient, job_id: str, query: str = "") -> list[dict[str, Any]]:
    """All dead letters, page by page; their number is what the answers say."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = jobs.ask("GET", f"/jobs/{job_id}/errors?limit=100{query}{cursor}")
        found += page["errors"]
        if "next" not in page:
            assert page["total"] == len(found)
            return found
        cursor = f"&cursor={page['next']}"


def told(job: JobView, *event_types: str) -> list[tuple[str, str, int | None]]:
    """The entries on failures: type, code, count."""
    codes = {"UNIQUE_INDEX", "VALIDATOR", "MAPPING", "DECODE", "EARLIER_FAILURE", "WRITE_REFUSED", "SKIPPED"}
    return [
        (each["eventType"], each["errorCode"], each.get("count"))
        for each in job["jobUpdates"]
        if each.get("errorCode") in codes and (not event_types or each["eventType"] in event_types)
    ]


def replay(jobs: JobClient, job_id: str, body: dict[str, Any], left: int) -> None:
    """Replay errors and wait until so many are open, each of which was tried."""
    jobs.ask("POST", f"/jobs/{job_id}/errors/replay", body)

    def over() -> bool:
        page = jobs.ask("GET", f"/jobs/{job_id}/errors?status=OPEN&limit=100")
        return page["total"] == left and all(each["attempts"] for each in page["errors"])

    wait_until(over, f"{left} errors are open", report=jobs.service.tail)


def test_failures_are_warned_of_once_kept_and_applied_when_their_cause_is_gone(
    stack: Stack, make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    """The target has a unique index and a validator of the user's; workers are killed on the way."""
    service = make_service(workers=2)
    service.start()
    jobs = JobClient(service)
    source.run(PRODUCTS, f"INSERT INTO product SELECT n, n % 90, n, {LONG} FROM generate_series(1, 100) AS n")
    target["product"].create_index("code", unique=True)
    target.command("collMod", "product", validator={"price": {"$lt": 1000}})

    job_id = jobs.post(request(source, target_url, errorHandling="WARN"))
    job = jobs.wait_until_streaming(job_id)
    assert told(job) == [("WARNING", "UNIQUE_INDEX", 10)], "1 to 10 come twice"
    (entry,) = (each for each in job["jobUpdates"] if each.get("errorCode") == "UNIQUE_INDEX")
    assert entry["locationName"] == "public.product"
    assert set(entry["key"]) == {"id"}
    assert (rows_seen(job), target["product"].count_documents({})) == (100, 90)

    changes = source.run(
        "UPDATE product SET price = 5000 WHERE id <= 20",
        "UPDATE product SET code = 'c' || id WHERE id BETWEEN 15 AND 100",
        "INSERT INTO product SELECT n, 'n' || n, n, 'short' FROM generate_series(101, 3000) AS n",
    )
    kill_process(service.workers[0])
    changes += source.run("UPDATE product SET note = 'new', price = 1 WHERE id = 3", "DELETE FROM product WHERE id = 4")
    job = jobs.wait_for_changes(job_id, changes)
    assert changes_seen(job) == changes
    open_ids = {int(each["key"]["id"]) for each in errors(jobs, job_id, "&status=OPEN")}
    assert not open_ids & {3, 4}, "superseded by what came later"

    target["product"].drop_index("code_1")
    target.command("collMod", "product", validator={})
    replay(jobs, job_id, {}, left=0)
    expect_documents_equal_rows(source, target, {"product": "product"})
    job = jobs.complete(job_id)
    assert changes_seen(job) == changes
    kept = errors(jobs, job_id)
    assert {each["status"] for each in kept} == {"REPLAYED", "SUPERSEDED"}
    assert sum(count or 1 for _, code, count in told(job)) == len(kept)
    with pytest.raises(RefusedError, match="409"):
        jobs.ask("POST", f"/jobs/{job_id}/errors/replay", {})
    expect_nothing_left_soon(stack, source, target, job_id)


def test_every_kind_of_failure_is_shown_with_what_its_record_holds(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(PRODUCTS, "INSERT INTO product VALUES (1, 'a', 1, NULL)", f"INSERT INTO product VALUES (2, 'b', {NO_BSON}, NULL)")
    job_id = jobs.post(request(source, target_url, errorHandling="SKIP"))
    jobs.wait_until_streaming(job_id)
    target.command("collMod", "product", validator={"code": {"$ne": "refused"}})
    changes = source.run(
        "INSERT INTO product VALUES (3, 'c', 3, NULL), (4, 'refused', 4, NULL)",
        "INSERT INTO product VALUES (5, 'large', 5, repeat('x', 17000000))",
        "INSERT INTO product SELECT 7, 'noise', 7, string_agg(md5(n::text), '') FROM generate_series(1, 540000) AS n",
        "INSERT INTO product VALUES (6, 'last', 6, NULL)",
    )
    topic = f"rowstream_{job_id}_g1.public.product"
    producer = Producer({"bootstrap.servers": stack.connections.kafka_bootstrap_servers})
    producer.produce(topic, key=b"no key", value=b"\xff no envelope")
    producer.flush()
    changes += source.run("UPDATE product SET code = 'still last' WHERE id = 6")
    job = jobs.wait_for_changes(job_id, changes)

    listed = errors(jobs, job_id)
    assert [(each["key"], each["record"]["kept"]) for each in listed if each["errorCode"] == "WRITE_REFUSED"] == [
        ({"id": "5"}, True),
        ({"id": "7"}, False),
    ]
    found = {each["errorCode"]: each for each in reversed(listed)}
    assert set(found) == {"MAPPING", "VALIDATOR", "WRITE_REFUSED", "DECODE"}
    assert found["MAPPING"]["fieldName"] == "price"
    assert found["MAPPING"]["record"]["value"]["after"]["price"] == NO_BSON
    assert found["VALIDATOR"]["record"]["key"] == {"id": 4}
    assert found["DECODE"]["record"]["valueBase64"] == "/yBubyBlbnZlbG9wZQ=="
    assert "value" not in found["WRITE_REFUSED"]["record"], "too much for a list"
    whole = jobs.ask("GET", f"/jobs/{job_id}/errors/{found['WRITE_REFUSED']['id']}")
    assert len(whole["record"]["value"]["after"]["note"]) == 17_000_000
    assert jobs.ask("GET", f"/jobs/{job_id}/errors?errorCode=VALIDATOR&table=public.product")["total"] == 1
    assert jobs.ask("GET", f"/jobs/{job_id}/errors?table=public.other")["total"] == 0
    with pytest.raises(RefusedError, match="404"):
        jobs.ask("GET", f"/jobs/{job_id}/errors/{ObjectId()}")
    assert sorted(document["_id"] for document in target["product"].find()) == [1, 3, 6]

    target.command("collMod", "product", validator={})
    replay(jobs, job_id, {"table": "public.product"}, left=4)
    assert "RECORD_NOT_KEPT" in {each["errorCode"] for each in errors(jobs, job_id)}
    assert sorted(document["_id"] for document in target["product"].find()) == [1, 3, 4, 6]
    job = jobs.complete(job_id)
    assert told(job) == [("INFO", "SKIPPED", 5)]
    assert changes_seen(job) == changes
    assert {each["errorCode"]: each["status"] for each in errors(jobs, job_id)}["VALIDATOR"] == "REPLAYED", "read after the job's end"


@pytest.mark.parametrize("tolerance", [0, 3])
def test_a_job_fails_at_exactly_one_failure_more_than_it_tolerates_and_goes_on_once_that_is_mended(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str, tolerance: int
) -> None:
    """Several tables, so that several workers meet failures at once."""
    tables = [f"part_{number}" for number in range(4)]
    source.run(*(f"CREATE TABLE {table} (id int PRIMARY KEY, code text)" for table in tables))
    job_id = jobs.post(request(source, target_url, errorTolerance=tolerance))
    jobs.wait_until_streaming(job_id)
    for number in range(4):
        target.command("collMod", f"part{number}", validator={"code": {"$ne": "refused"}})
    changes = source.run(
        *(
            f"INSERT INTO {table} SELECT n, CASE WHEN n % 50 = 0 THEN 'refused' ELSE 'x' END FROM generate_series(1, 500) AS n"
            for table in tables
        )
    )
    job = jobs.wait_for_status(job_id, "FAILED")

    assert len(errors(jobs, job_id)) == tolerance
    assert job["failureError"]["errorType"] == "VALIDATOR"
    assert not job["failureError"]["setupError"]
    assert sum(count or 1 for kind, _, count in told(job, "ERROR")) == tolerance + 1, "each failure that is tolerated, and the last"
    assert target["part0"].count_documents({"code": "refused"}) == 0

    for number in range(4):
        target.command("collMod", f"part{number}", validator={})
    jobs.ask("POST", f"/jobs/{job_id}/retry")
    job = jobs.wait_for_changes(job_id, changes)
    if tolerance:
        replay(jobs, job_id, {}, left=0)
    job = jobs.complete(job_id)
    assert "failureError" not in job
    assert changes_seen(job) == changes
    expect_documents_equal_rows(source, target, {table: table.replace("_", "") for table in tables})


def test_a_retry_that_changes_nothing_fails_again_at_the_same_record(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE TABLE part (id int PRIMARY KEY, amount numeric)")
    job_id = jobs.post(request(source, target_url))
    jobs.wait_until_streaming(job_id)
    source.run("INSERT INTO part VALUES (1, 1)", f"INSERT INTO part VALUES (2, {NO_BSON})", "INSERT INTO part VALUES (3, 3)")
    first = jobs.wait_for_status(job_id, "FAILED")["failureError"]
    jobs.ask("POST", f"/jobs/{job_id}/retry")
    again = wait_until(
        lambda: ((job := jobs.get(job_id)).get("failureError", first)["failureAt"] != first["failureAt"] and job) or None,
        "the job fails again",
    )
    assert again["failureError"]["message"] == first["message"]
    assert [document["_id"] for document in target["part"].find()] == [1]
    jobs.cancel(job_id)


def test_failures_are_counted_exactly_however_often_workers_are_killed(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    service = make_service(workers=2, ROWSTREAM_BATCH_RECORDS="200")
    service.start()
    jobs = JobClient(service)
    source.run("CREATE TABLE part (id int PRIMARY KEY, code text)")
    job_id = jobs.post(request(source, target_url, errorHandling="WARN", errorTolerance=600))
    jobs.wait_until_streaming(job_id)
    target.command("collMod", "part", validator={"code": {"$ne": "refused"}})
    refused = "CASE WHEN n % 25 = 0 THEN 'refused' ELSE 'x' END"
    changes = 0
    for part in range(15):
        changes += source.run(f"INSERT INTO part SELECT n, {refused} FROM generate_series({part * 1000 + 1}, {part * 1000 + 1000}) AS n")
        jobs.wait_for_changes(job_id, changes - 900)
        kill_process(random.choice(service.workers))  # noqa: S311 - at some moment
    job = jobs.wait_for_changes(job_id, changes)
    assert changes_seen(job) == changes == 15_000
    assert len({each["key"]["id"] for each in errors(jobs, job_id, "&table=public.part")}) == 600
    assert target["part"].count_documents({}) == 14_400
    source.run("INSERT INTO part VALUES (0, 'refused')")
    job = jobs.wait_for_status(job_id, "FAILED")
    assert told(job, "WARNING") == [("WARNING", "VALIDATOR", 600)]


@pytest.mark.parametrize("mode", ["CDC", "CDC_ONLY"])
def test_a_paused_job_writes_nothing_and_loses_nothing(
    make_service: MakeService, source: SourceDatabase, target: Database[Any], target_url: str, mode: str
) -> None:
    service = make_service(workers=2)
    service.start()
    jobs = JobClient(service)
    source.run("CREATE TABLE part (id int PRIMARY KEY, text text)")
    if mode == "CDC":
        source.run("INSERT INTO part SELECT n, 'x' FROM generate_series(1, 1000) AS n")
    job_id = jobs.post(request(source, target_url, mode))
    jobs.wait_until_streaming(job_id)
    changes = source.run("INSERT INTO part SELECT n, 'y' FROM generate_series(1001, 1500) AS n")
    jobs.wait_for_changes(job_id, changes)

    paused = jobs.ask("POST", f"/jobs/{job_id}/pause")
    assert (paused["status"], paused["cdcStatus"]) == ("RUNNING", "PAUSED")
    before = list(target["part"].find())
    changes += source.run(
        "UPDATE part SET text = 'z' WHERE id % 2 = 0", "DELETE FROM part WHERE id % 5 = 0", "UPDATE part SET id = id + 5000 WHERE id < 100"
    )
    kill_process(service.workers[0])
    service.stop()
    service.start()
    with pytest.raises(RefusedError, match="409"):
        jobs.ask("POST", f"/jobs/{job_id}/pause")
    assert list(target["part"].find()) == before

    assert jobs.ask("POST", f"/jobs/{job_id}/resume")["cdcStatus"] == "RUNNING"
    job = jobs.wait_for_changes(job_id, changes)
    jobs.ask("POST", f"/jobs/{job_id}/pause")
    changes += source.run("UPDATE part SET text = 'last' WHERE id % 3 = 0")
    job = jobs.complete(job_id)
    assert changes_seen(job) == changes, "a stop resumes a paused job, and completes it"
    expect_documents_equal_rows(source, target, {"part": "part"})
