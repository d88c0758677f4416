"""What applications do to the rows, keys, columns and tables of MySQL and MariaDB while a job follows them."""

import random
import secrets
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import pytest
from pymongo.database import Database
from tests.e2e.harness.binlog_comparing import expect_rows_equal
from tests.e2e.harness.binlog_source import BinlogSource, binlog_request, expect_accounts_equal, fill_accounts
from tests.e2e.harness.client import JobClient, changes_seen, codes, rows_seen
from tests.e2e.harness.leftovers import left_elsewhere
from tests.e2e.harness.rest import ask_connect

from pipeline.sink.half_changes import COLLECTION
from stack.mysql import BinlogServer
from stack.stack import Stack

NUMBERS = "SELECT a.n * 10 + b.n + 1 AS n FROM ({0}) AS a, ({0}) AS b".format(" UNION ALL ".join(f"SELECT {n} AS n" for n in range(10)))
"""The numbers from 1 to 100."""


def test_keys_that_change_and_tables_that_are_emptied_leave_the_documents_equal_to_the_rows(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    source = binlog_source
    source.run(
        "CREATE TABLE place (id INT PRIMARY KEY, text VARCHAR(40), code INT UNIQUE)",
        f"INSERT INTO place SELECT n, concat('text ', n), -n FROM ({NUMBERS}) AS numbers",
        "CREATE TABLE line (order_id INT, line_no SMALLINT, sku VARCHAR(9), PRIMARY KEY (line_no, order_id))",
        f"INSERT INTO line SELECT n DIV 3, n MOD 3, n FROM ({NUMBERS}) AS numbers",
        "CREATE TABLE word (id VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY, n INT)",
        "INSERT INTO word VALUES ('a', 1), ('B', 2), ('é ', 3)",
        "CREATE TABLE counter (id INT PRIMARY KEY, value INT NOT NULL)",
        "INSERT INTO counter VALUES (1, 0), (2, 0)",
        "CREATE TABLE emptied (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(9))",
        "CREATE TABLE bag (n INT)",
        f"INSERT INTO emptied (text) SELECT n FROM ({NUMBERS}) AS numbers",
        f"INSERT INTO bag SELECT n MOD 3 FROM ({NUMBERS}) AS numbers",
    )
    job_id = jobs.post(binlog_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    target["emptied"].create_index("text")

    changes = source.transact("UPDATE place SET id = id + 1 ORDER BY id DESC", "UPDATE place SET id = id - 3 WHERE id < 50 ORDER BY id")
    changes += source.transact(*(f"UPDATE place SET id = {to} WHERE id = {key}" for key, to in ((60, -1000), (61, 60), (-1000, 61))))
    changes += source.transact("DELETE FROM place WHERE id = 70", "INSERT INTO place VALUES (70, 'born again', NULL)")
    source.run("REPLACE INTO place VALUES (71, 'replaced', 71)", "REPLACE INTO place VALUES (1000, 'takes the place of two', -80)")
    source.run("INSERT INTO place VALUES (72, 'x', 5) ON DUPLICATE KEY UPDATE text = 'was there', id = 1072")
    changes += source.run(
        "UPDATE line SET line_no = line_no + 10 WHERE order_id < 5", "DELETE FROM line WHERE line_no = 11 AND order_id = 2"
    )
    changes += source.run(
        "UPDATE word SET id = 'A' WHERE id = 'a'", "UPDATE word SET id = 'b ' WHERE id = 'b'", "UPDATE word SET n = 4 WHERE id = 'e'"
    )
    count = ["UPDATE counter SET value = value + 1 WHERE id = 1"] * 300
    changes += source.transact(
        *count, "UPDATE counter SET id = 9 WHERE id = 1", "UPDATE counter SET id = 1, value = -value WHERE id = 9", *count
    )
    changes += source.transact(*(["DELETE FROM counter WHERE id = 2", "INSERT INTO counter VALUES (2, 7)"] * 50))
    source.run("TRUNCATE TABLE emptied", "INSERT INTO emptied (text) VALUES ('after')", "TRUNCATE bag", "INSERT INTO bag VALUES (1), (1)")
    changes += 5
    job = jobs.complete(job_id)

    for table in ("place", "word", "counter", "emptied"):
        expect_rows_equal(source, target, table)
    expect_rows_equal(source, target, "line", key=("line_no", "order_id"))
    expect_rows_equal(source, target, "bag", key=())
    assert "text_1" in target["emptied"].index_information()
    assert rows_seen(job) == 405
    assert 3 <= changes_seen(job) - changes <= 5  # a REPLACE, or its like, is told as an update, or as a delete and an insert


def test_columns_and_tables_that_change_have_their_new_shape_from_the_next_change_of_a_row_on(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    source = binlog_source
    source.run(
        "CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(30), amount DECIMAL(8, 2), old TEXT, size SMALLINT)",
        f"INSERT INTO item SELECT n, concat('name ', n), n * 1.25, concat('old ', n), n FROM ({NUMBERS}) AS numbers WHERE n <= 20",
        "CREATE TABLE bag (n INT, gone INT, text VARCHAR(9))",
        f"INSERT INTO bag SELECT n MOD 4, n, 'x' FROM ({NUMBERS}) AS numbers",
        "CREATE TABLE dropped (id INT PRIMARY KEY)",
        "INSERT INTO dropped VALUES (1)",
        "CREATE TABLE renamed (id INT PRIMARY KEY)",
        "INSERT INTO renamed VALUES (1)",
    )
    job_id = jobs.post(binlog_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    source.run("INSERT INTO dropped VALUES (2)", "DROP TABLE dropped")
    source.run("INSERT INTO renamed VALUES (2)", "RENAME TABLE renamed TO moved", "INSERT INTO moved VALUES (3)")
    changes = 2 + source.run(
        "UPDATE item SET size = size + 1 WHERE id = 1",
        "ALTER TABLE item ADD COLUMN added INT FIRST, ADD COLUMN label VARCHAR(9) NOT NULL DEFAULT 'none' AFTER name",
        "UPDATE item SET added = 1 WHERE id = 1",
        "INSERT INTO item (id, name) VALUES (21, 'after')",
        "ALTER TABLE item DROP COLUMN old",
        "UPDATE item SET added = 2 WHERE id = 2",
        "ALTER TABLE item RENAME COLUMN name TO title",
        "UPDATE item SET title = 'renamed' WHERE id = 3",
        "ALTER TABLE item MODIFY amount DECIMAL(12, 4), MODIFY size INT, CHANGE added extra VARCHAR(9), ADD INDEX (size)",
        "UPDATE item SET extra = 'retyped' WHERE id = 4",
        "UPDATE item SET id = 105 WHERE id = 5",
        "DELETE FROM item WHERE id = 6",
        "ALTER TABLE bag DROP COLUMN gone, ADD COLUMN added INT DEFAULT 5",
        "UPDATE bag SET n = 7 WHERE n = 1 LIMIT 3",
        "DELETE FROM bag WHERE n = 2 LIMIT 3",
    )
    jobs.wait_for_changes(job_id, changes)
    untouched = target["item"].find_one({"_id": 7})
    jobs.wait(job_id, "the tables are told of", lambda job: {"NEW_TABLE", "TABLE_GONE"} <= set(codes(job)))
    changes += source.run("UPDATE item SET label = concat(label, '!')", "UPDATE bag SET text = 'y'")
    job = jobs.complete(job_id)

    assert untouched is not None
    assert set(untouched) == {"_id", "name", "amount", "old", "size"}
    expect_rows_equal(source, target, "item")
    expect_rows_equal(source, target, "bag", key=())
    assert [[document["_id"] for document in target[name].find()] for name in ("dropped", "renamed", "moved")] == [[1, 2], [1, 2], []]
    assert (rows_seen(job), changes_seen(job)) == (122, changes)


LONG = "l" * 63
NAMES: dict[str, tuple[str, Sequence[str], Sequence[str]]] = {
    "select": ("select", ["from"], ["group", "_id", "HTTPStatus"]),
    "Order Größe": ("orderGröße", ["Primary Key"], ["naïve col", "日本"]),
    "a b": ("aB", ["id"], ["$ref", "a.b", "$a.$b"]),
    "a.b": ("a.b", ["id"], ["100%", "s d"]),
    "x[a-z]+(b|c)?,d": ("x[aZ]+(b|c)?,d", ["id"], ["it's", "tick`s", "back\\s", '"']),
    "Case": ("case", ["$id", "i.d"], ["name"]),
    f"{LONG}A": (f"{LONG}A", ["id"], [f"{LONG}C", f"{LONG}D"]),
    f"{LONG}B": (f"{LONG}B", ["id"], [f"{LONG}C"]),
}
"""Tables: their collections, the columns of their keys, and others."""


@pytest.fixture
def oddly_named(binlog_server: BinlogServer) -> Iterator[BinlogSource]:
    """A database whose name needs quotes everywhere."""
    made = BinlogSource(binlog_server, f"Größe {secrets.token_hex(3)}.x-$1")
    with binlog_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {quoted(made.name)}")
        yield made
        cursor.execute(f"DROP DATABASE {quoted(made.name)}")


def quoted(*names: str) -> str:
    return ", ".join("`" + name.replace("`", "``") + "`" for name in names)


def test_names_of_every_kind_become_fields_and_collections(
    jobs: JobClient, oddly_named: BinlogSource, target: Database[Any], target_url: str
) -> None:
    source = oddly_named
    for table, (_, key, others) in NAMES.items():
        columns = [*(f"{quoted(name)} INT" for name in key), *(f"{quoted(name)} VARCHAR(9)" for name in others)]
        source.run(
            f"CREATE TABLE {quoted(table)} ({', '.join(columns)}, PRIMARY KEY ({quoted(*key)}))",
            *(f"INSERT INTO {quoted(table)} VALUES ({', '.join([str(row)] * len(columns))})" for row in (1, 2, 3)),
        )
    request = binlog_request(source, target_url, "CDC", url=source.server.jdbc_url(quote(source.name)))
    job_id = jobs.post(request | {"projectId": "odd-names"})
    jobs.wait_until_streaming(job_id)
    changes = 0
    for table, (_, key, others) in NAMES.items():
        changes += source.run(
            f"UPDATE {quoted(table)} SET {quoted(others[0])} = '$new' WHERE {quoted(key[0])} = 1",
            f"UPDATE {quoted(table)} SET {quoted(key[0])} = 7 WHERE {quoted(key[0])} = 2",
            f"DELETE FROM {quoted(table)} WHERE {quoted(key[0])} = 3",
        )
    job = jobs.complete(job_id)

    for table, (collection, key, _) in NAMES.items():
        expect_rows_equal(source, target, quoted(table), collection, key=key)
    assert changes_seen(job) == changes


MEGABYTE = 1 << 20


def insert_wide(source: BinlogSource, *keys: int) -> None:
    """Insert rows of ten megabytes that cannot be compressed much."""
    with source.connect() as connection, connection.cursor() as cursor:
        for key in keys:
            dice = random.Random(key)  # noqa: S311 - the same at every call
            row = key, f"title {key}", dice.randbytes(5 * MEGABYTE), dice.randbytes(5 * MEGABYTE // 2).hex()
            cursor.execute("INSERT INTO film VALUES (%s, %s, %s, %s)", row)
        connection.commit()


def test_rows_of_ten_megabytes_arrive_and_one_too_large_for_a_document_fails_the_job_with_its_key(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    source = binlog_source
    source.run("CREATE TABLE film (id INT PRIMARY KEY, title VARCHAR(20), frames LONGBLOB, script LONGTEXT)")
    insert_wide(source, 1, 2)
    job_id = jobs.post(binlog_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    insert_wide(source, 3)
    changes = 1 + source.run(
        "UPDATE film SET title = 'changed' WHERE id = 1",
        "UPDATE film SET id = 102 WHERE id = 2",
        "UPDATE film SET script = reverse(script) WHERE id = 3",
    )
    jobs.wait_for_changes(job_id, changes)
    expect_rows_equal(source, target, "film")

    source.run("INSERT INTO film VALUES (4, 'before', '', '')", "INSERT INTO film VALUES (5, 'large', '', '')")
    source.run("DELETE FROM film WHERE id = 5")
    source.run(f"INSERT INTO film SELECT 17, 'too large', repeat('x', {9 * MEGABYTE}), repeat('y', {9 * MEGABYTE})")
    source.run("INSERT INTO film VALUES (6, 'after', '', '')")
    job = jobs.wait_for_status(job_id, "FAILED")

    (error,) = (update for update in job["jobUpdates"] if update["eventType"] == "ERROR")
    assert (error["key"], job["failureError"]["setupError"]) == ({"id": "17"}, False)
    assert "film" in error["message"]
    assert "too large" in error["message"]
    assert sorted(document["_id"] for document in target["film"].find({}, {"_id": 1})) == [1, 3, 4, 102]
    assert (rows_seen(job), changes_seen(job)) == (2, changes + 3)


SOME = 10
MOST_CHANGES = 30_000
RENUMBER = "UPDATE account SET id = id + 10000, balance = balance + 1 ORDER BY id DESC"


def test_rows_of_half_told_key_changes_are_counted_and_read_again(
    stack: Stack, jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    fill_accounts(binlog_source, 1_000)
    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    (connector,) = [name for name in ask_connect(stack, "/connectors") if job_id in name]
    config = ask_connect(stack, f"/connectors/{connector}/config")
    each_record_by_itself = {"max.batch.size": "1", "transaction.boundary": "poll"}  # so that it may be restarted in between
    ask_connect(stack, f"/connectors/{connector}/config", "PUT", config | each_record_by_itself)

    changes = 0
    while not target[COLLECTION].count_documents({"job": job_id}):
        assert changes < MOST_CHANGES, "no key change was told half: the test shows nothing"
        if (seen := changes_seen(jobs.get(job_id))) + SOME > changes:
            changes += binlog_source.run(RENUMBER)
        jobs.wait_for_changes(job_id, seen + SOME)
        ask_connect(stack, f"/connectors/{connector}/restart?includeTasks=true", "POST")
    ask_connect(stack, f"/connectors/{connector}/config", "PUT", config)
    job = jobs.complete(job_id, 240)

    assert "HALF_CHANGE" in codes(job, "WARNING")
    expect_accounts_equal(binlog_source, target)
    assert (rows_seen(job), changes_seen(job)) == (1_000, changes)
    assert left_elsewhere(stack, target, job_id) == []
