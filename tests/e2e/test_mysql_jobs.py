"""Jobs on MySQL and MariaDB: every mode, crashes and restarts, and what is found before or instead of a loss."""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.harness.binlog_source import (
    AccountTraffic,
    BinlogSource,
    binlog_request,
    expect_accounts_equal,
    fill_accounts,
)
from tests.e2e.harness.client import JobClient, changes_seen, codes, rows_seen
from tests.e2e.harness.leftovers import left_elsewhere
from tests.e2e.harness.service import kill_process
from tests.e2e.harness.waiting import wait_until
from tests.fakes.proxy import CuttingProxy

from stack.mysql import BinlogServer
from stack.ports import LOOPBACK
from stack.server import Server
from stack.stack import Stack

ROWS = 1_000


def test_a_snapshot_job_moves_every_row_and_ends_by_itself(
    stack: Stack, jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill_accounts(binlog_source, ROWS)
    binlog_source.run("CREATE TABLE deserted (id INT PRIMARY KEY)", "CREATE VIEW seen AS SELECT id FROM account")
    job_id = jobs.post(binlog_request(binlog_source, target_url, "SNAPSHOT"))

    job = jobs.wait_for_status(job_id, "COMPLETED")

    expect_accounts_equal(binlog_source, target)
    assert (rows_seen(job), job["statistics"]["totalTableCount"]) == (ROWS, 2)
    assert left_elsewhere(stack, target, job_id) == []


def test_a_cdc_job_follows_every_change_until_it_is_stopped(
    stack: Stack, jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill_accounts(binlog_source, ROWS)
    with AccountTraffic(binlog_source, seed=1, largest_key=ROWS) as traffic:
        traffic.wait_for(20)
        job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
        jobs.wait_until_streaming(job_id)
        traffic.wait_for(500)
        traffic.end()
    job = jobs.complete(job_id)

    expect_accounts_equal(binlog_source, target)
    assert job["cdcStatus"] == "COMPLETED"
    assert left_elsewhere(stack, target, job_id) == []


def test_counts_are_exact(jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str) -> None:
    fill_accounts(binlog_source, ROWS)
    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    with AccountTraffic(binlog_source, seed=2, largest_key=ROWS) as traffic:
        traffic.wait_for(500)
        changes = traffic.end()
    job = jobs.complete(job_id)

    expect_accounts_equal(binlog_source, target)
    assert (rows_seen(job), changes_seen(job)) == (ROWS, changes)


def test_a_cdc_only_job_captures_every_change_made_after_its_answer(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    binlog_source.run("CREATE TABLE note (id INT PRIMARY KEY, text TEXT)", "INSERT INTO note VALUES (1, 'old'), (2, 'old'), (3, 'old')")

    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC_ONLY"))
    binlog_source.run("INSERT INTO note VALUES (51, 'made at once')", "UPDATE note SET text = 'changed' WHERE id = 1")
    jobs.wait_until_streaming(job_id)
    binlog_source.run("DELETE FROM note WHERE id = 2", "INSERT INTO note VALUES (52, 'made later')")
    job = jobs.complete(job_id)

    found = {document["_id"]: document["text"] for document in target["note"].find()}
    assert found == {51: "made at once", 1: "changed", 52: "made later"}
    assert (rows_seen(job), changes_seen(job)) == (0, 4)


def test_tables_without_a_key_and_columns_that_come_are_followed(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    binlog_source.run("CREATE TABLE bag (a INT, b VARCHAR(5))", "INSERT INTO bag VALUES (1, 'x'), (1, 'x'), (2, NULL)")
    binlog_source.run(
        "CREATE TABLE keyed (`Tenant id` INT, b VARCHAR(5), PRIMARY KEY (b, `Tenant id`))", "INSERT INTO keyed VALUES (1, 'a')"
    )
    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    binlog_source.run(
        "DELETE FROM bag WHERE a = 1 LIMIT 1",
        "UPDATE bag SET b = 'z' WHERE a = 2",
        "UPDATE keyed SET b = 'c'",
        "ALTER TABLE keyed ADD COLUMN extra INT DEFAULT 5",
        "INSERT INTO keyed (`Tenant id`, b) VALUES (2, 'd')",
    )
    job = jobs.complete(job_id)

    assert sorted((document["a"], document["b"]) for document in target["bag"].find()) == [(1, "x"), (2, "z")]
    assert list(target["keyed"].find()) == [{"_id": {"b": "c", "tenantId": 1}}, {"_id": {"b": "d", "tenantId": 2}, "extra": 5}]
    assert "NO_KEY" in codes(job, "WARNING")


OUTAGES: list[tuple[str, Callable[[Stack, BinlogServer], Server], Callable[[Server], None]]] = [
    ("Kafka Connect killed", lambda stack, _: stack.connect, Server.kill),
    ("database restarted", lambda _, server: server, Server.stop),
    ("database killed", lambda _, server: server, Server.kill),
]


@pytest.mark.parametrize(("server_of", "end"), [outage[1:] for outage in OUTAGES], ids=[outage[0] for outage in OUTAGES])
def test_a_streaming_job_goes_on_after_an_outage(
    stack: Stack,
    jobs: JobClient,
    binlog_source: BinlogSource,
    target: Database[Any],
    target_url: str,
    server_of: Callable[[Stack, BinlogServer], Server],
    end: Callable[[Server], None],
) -> None:
    fill_accounts(binlog_source, ROWS)
    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    server = server_of(stack, binlog_source.server)
    with AccountTraffic(binlog_source, seed=3, largest_key=ROWS) as traffic:
        traffic.wait_for(150)
        end(server)
        server.start()
        traffic.wait_for(150)
        traffic.end()
    jobs.complete(job_id, 240)

    expect_accounts_equal(binlog_source, target)
    assert left_elsewhere(stack, target, job_id) == []


def test_a_connector_whose_connection_is_forgotten_on_its_way_is_started_again(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill_accounts(binlog_source, ROWS)
    with CuttingProxy(binlog_source.server.port) as proxy:
        url = binlog_source.server.jdbc_url(binlog_source.name).replace(f":{binlog_source.server.port}/", f":{proxy.port}/")
        job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC", url=url))
        jobs.wait_until_streaming(job_id)
        changes = binlog_source.run("UPDATE account SET balance = 1 WHERE id <= 10")
        jobs.wait_for_changes(job_id, changes)
        proxy.forget()
        changes += binlog_source.run("UPDATE account SET balance = 2 WHERE id <= 10", "DELETE FROM account WHERE id > 990")
        job = jobs.wait_for_changes(job_id, changes, 240)
        assert "CONNECTOR_SILENT" in codes(job, "WARNING")
        job = jobs.complete(job_id, 240)
    assert changes_seen(job) == changes
    expect_accounts_equal(binlog_source, target)


def test_a_snapshot_that_the_database_dies_in_is_begun_again_and_keeps_no_row_that_was_deleted(
    stack: Stack, jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    binlog_source.run("CREATE TABLE aaa (id INT PRIMARY KEY)", "INSERT INTO aaa VALUES (1), (2)")
    fill_accounts(binlog_source, 120_000)
    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
    wait_until(lambda: target["aaa"].count_documents({}) == 2, "the first table is read", 60)
    binlog_source.server.kill()
    binlog_source.server.start()
    binlog_source.run("DELETE FROM aaa WHERE id = 1", "DELETE FROM account WHERE id % 3 = 0")
    jobs.wait_until_streaming(job_id, 240)
    binlog_source.run("INSERT INTO aaa VALUES (3)")
    job = jobs.complete(job_id, 240)

    assert "SNAPSHOT_INTERRUPTED" in codes(job), "the snapshot had ended before the outage: the test shows nothing"
    assert sorted(document["_id"] for document in target["aaa"].find()) == [2, 3]
    expect_accounts_equal(binlog_source, target)
    assert left_elsewhere(stack, target, job_id) == []


def test_a_worker_that_is_killed_leaves_nothing_out(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill_accounts(binlog_source, ROWS)
    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    with AccountTraffic(binlog_source, seed=4, largest_key=ROWS) as traffic:
        for _ in range(2):
            traffic.wait_for(200)
            kill_process(jobs.service.workers[0])
        traffic.wait_for(200)
        changes = traffic.end()
    job = jobs.complete(job_id)

    expect_accounts_equal(binlog_source, target)
    assert changes_seen(job) == changes


def test_a_refresh_mends_documents_and_takes_in_a_new_table(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill_accounts(binlog_source, ROWS)
    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    binlog_source.run("CREATE TABLE later (id INT PRIMARY KEY, f FLOAT)", "INSERT INTO later VALUES (1, 16777217)")
    target["account"].insert_one({"_id": -1, "owner": "nobody"})
    target["account"].delete_many({"_id": {"$mod": [7, 0], "$gt": 0}})
    jobs.wait(job_id, "the new table is told of", lambda job: "NEW_TABLE" in codes(job))

    jobs.refresh(job_id, f"{binlog_source.name}.account", f"{binlog_source.name}.later")
    jobs.wait_until_refreshed(job_id)
    binlog_source.run("INSERT INTO later VALUES (2, 0.5)")
    job = jobs.complete(job_id)

    expect_accounts_equal(binlog_source, target)
    assert list(target["later"].find()) == [{"_id": 1, "f": 16777216.0}, {"_id": 2, "f": 0.5}]
    assert "ORPHANS_REMOVED" in codes(job, "WARNING")


def test_a_log_that_was_purged_ends_the_job_and_says_what_to_do(
    stack: Stack, jobs: JobClient, binlog_source: BinlogSource, target_url: str
) -> None:
    fill_accounts(binlog_source, 10)
    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    stack.connect.stop()
    try:
        for key in range(100, 103):
            binlog_source.run(f"INSERT INTO account VALUES ({key}, 'lost', 0, NULL)", "FLUSH BINARY LOGS")
        logs = [row[0] for row in binlog_source.ask("SHOW BINARY LOGS")]
        wait_until(lambda: not any("Binlog Dump" in row for row in map(str, binlog_source.ask("SHOW PROCESSLIST"))), "nobody reads the log")
        binlog_source.run(f"PURGE BINARY LOGS TO '{logs[-1]}'")
    finally:
        stack.connect.start()

    job = jobs.wait_for_status(job_id, "FAILED", 120)

    assert job["failureError"]["errorType"] == "BINLOG_LOST"
    assert any("snapshot" in update.get("suggestion", "") for update in job["jobUpdates"] if update.get("errorCode") == "BINLOG_LOST")
    jobs.cancel(job_id)


def test_a_job_whose_user_may_not_read_a_table_fails_before_anything_is_moved(
    jobs: JobClient, binlog_source: BinlogSource, target_url: str
) -> None:
    fill_accounts(binlog_source, 10)
    account = f"'{binlog_source.name[:20]}'@'{LOOPBACK}'"
    binlog_source.run(
        f"CREATE USER {account} IDENTIFIED BY 'pw'",
        f"GRANT RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {account}",
        f"GRANT INSERT ON `{binlog_source.name}`.account TO {account}",
    )
    try:
        job_id = jobs.post(binlog_request(binlog_source, target_url, "SNAPSHOT", user=binlog_source.name[:20], password="pw"))
        job = jobs.wait_for_status(job_id, "FAILED")
    finally:
        binlog_source.run(f"DROP USER {account}")

    assert job["failureError"] | {"message": "", "failureAt": ""} == {
        "errorType": "SELECT",
        "message": "",
        "failureAt": "",
        "setupError": True,
    }
    assert any("GRANT SELECT ON" in update.get("suggestion", "") for update in job["jobUpdates"])
