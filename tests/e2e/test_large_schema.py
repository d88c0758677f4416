"""A schema of two hundred tables of every kind is moved by one job, and followed."""

from collections.abc import Iterable
from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.harness.binlog_source import BinlogSource, binlog_request
from tests.e2e.harness.client import JobClient, changes_seen, rows_seen
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase
from tests.proofs.kinds import Kind

TABLES = 200
ROWS = 3
LONG_ENOUGH = 300.0

POSTGRESQL_TYPES = """
CREATE SCHEMA sales;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN small_positive AS positive CHECK (VALUE < 1000);
CREATE TYPE spot AS (x int, y text)
"""
POSTGRESQL_TABLE = """
CREATE TABLE {name} (id int GENERATED {identity} AS IDENTITY PRIMARY KEY, parent int REFERENCES {parent}, amount small_positive, place spot,
                     doubled int GENERATED ALWAYS AS (amount * 2) STORED)
"""
POSTGRESQL_OTHERS = """
CREATE VIEW seen AS SELECT * FROM t1;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM t1;
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY);
CREATE TABLE parted (id int, amount int, PRIMARY KEY (id, amount)) PARTITION BY RANGE (amount);
CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (MINVALUE) TO (10);
CREATE TABLE parted_rest PARTITION OF parted DEFAULT PARTITION BY HASH (id);
CREATE TABLE parted_rest_0 PARTITION OF parted_rest FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_rest_1 PARTITION OF parted_rest FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE ancestor (id int PRIMARY KEY, amount int, born date);
CREATE TABLE heir (more text, PRIMARY KEY (id)) INHERITS (ancestor);
CREATE TABLE sales.t1 (id int PRIMARY KEY, amount int);
INSERT INTO unlogged VALUES (1);
INSERT INTO parted SELECT n, n * 5 FROM generate_series(1, 4) n;
INSERT INTO ancestor VALUES (1, 1, '1582-10-10'), (2, 2, NULL);
INSERT INTO heir VALUES (1, 10, '2024-02-29', 'of its own'), (7, 70, NULL, NULL);
INSERT INTO sales.t1 VALUES (1, 100)
"""

BINLOG_TABLE = """
CREATE TABLE {name} (id INT AUTO_INCREMENT PRIMARY KEY, parent INT, amount INT, place ENUM('here', 'there'),
                     doubled INT GENERATED ALWAYS AS (amount * 2) STORED, tripled INT GENERATED ALWAYS AS (amount * 3) VIRTUAL,
                     FOREIGN KEY (parent) REFERENCES {parent} (id))
"""
BINLOG_OTHERS = (
    "CREATE VIEW seen AS SELECT * FROM t1",
    "CREATE TABLE parted (id INT, amount INT, PRIMARY KEY (id, amount)) PARTITION BY RANGE (amount) "
    "(PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN MAXVALUE)",
    "INSERT INTO parted VALUES (1, 5), (2, 10), (3, 15), (4, 20)",
)

CHANGES = (
    "UPDATE {name} SET amount = amount + 100 WHERE id = 1",
    "DELETE FROM {name} WHERE id = 2",
    "INSERT INTO {name} (parent, amount) VALUES (1, 7)",
)


def numbered() -> Iterable[tuple[str, str]]:
    """The names of the tables, each with the one that it refers to."""
    return ((f"t{number}", f"t{max(number - 1, 1)}") for number in range(1, TABLES + 1))


def documents(target: Database[Any], collection: str) -> dict[Any, dict[str, Any]]:
    return {each["_id"]: each for each in target[collection].find()}


@pytest.mark.proves(Kind.RUN, "POSTGRESQL")
def test_postgresql(jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str) -> None:
    source.run(*POSTGRESQL_TYPES.split(";"))
    for number, (name, parent) in enumerate(numbered()):
        identity = "ALWAYS" if number % 2 else "BY DEFAULT"
        source.run(
            POSTGRESQL_TABLE.format(name=name, parent=parent, identity=identity),
            f"INSERT INTO {name} (parent, amount, place) SELECT 1, n, (n, 'at ' || n)::spot FROM generate_series(1, {ROWS}) n",
        )
    source.run(*POSTGRESQL_OTHERS.split(";"))

    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id, LONG_ENOUGH)
    for name, _ in numbered():
        source.transact(*(change.format(name=name) for change in CHANGES))
    source.run(
        "UPDATE parted SET amount = 6 WHERE id = 4",
        "UPDATE heir SET amount = 11 WHERE id = 1",
        "UPDATE ONLY ancestor SET amount = 3",
    )
    job = jobs.complete(job_id, LONG_ENOUGH)

    kept = {"parted", "ancestor", "heir", "publicT1", "salesT1", *(name for name, _ in numbered() if name != "t1")}
    assert {name for name in target.list_collection_names() if not name.startswith("_rowstream")} == kept
    for name, _ in numbered():
        rows = source.ask(f"SELECT id, parent, amount, place::text, doubled FROM {name}")
        expected = {row[0]: dict(zip(("_id", "parent", "amount", "place", "doubled"), row, strict=True)) for row in rows}
        assert documents(target, "publicT1" if name == "t1" else name) == expected
    assert [each["_id"] for each in target["parted"].find(sort=[("_id.id", 1)])] == [
        {"id": key, "amount": amount} for key, amount in source.ask("SELECT id, amount FROM parted ORDER BY id")
    ]
    assert {key: each["amount"] for key, each in documents(target, "ancestor").items()} == {1: 3, 2: 3}
    assert {key: each["amount"] for key, each in documents(target, "heir").items()} == {1: 11, 7: 70}
    assert documents(target, "salesT1") == {1: {"_id": 1, "amount": 100}}
    assert rows_seen(job) == ROWS * TABLES + 4 + 2 + 2 + 1
    moved_to_another_partition = 2  # PostgreSQL tells a delete and an insert
    assert changes_seen(job) == len(CHANGES) * TABLES + moved_to_another_partition + 1 + 2


def test_mysql_and_mariadb(jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str) -> None:
    for name, parent in numbered():
        binlog_source.run(
            BINLOG_TABLE.format(name=name, parent=parent),
            f"INSERT INTO {name} (id, parent, amount, place) VALUES (1, 1, 1, 'here'), (2, 1, 2, 'there'), (3, 1, 3, NULL)",
        )
    binlog_source.run(*BINLOG_OTHERS)

    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id, LONG_ENOUGH)
    for name, _ in numbered():
        binlog_source.run(*(change.format(name=name) for change in CHANGES))
    binlog_source.run("UPDATE parted SET amount = 6 WHERE id = 4")
    job = jobs.complete(job_id, LONG_ENOUGH)

    kept = {"parted", *(name for name, _ in numbered())}
    assert {name for name in target.list_collection_names() if not name.startswith("_rowstream")} == kept
    for name, _ in numbered():
        rows = binlog_source.ask(f"SELECT id, parent, amount, place, doubled, tripled FROM {name}")
        expected = {row[0]: dict(zip(("_id", "parent", "amount", "place", "doubled", "tripled"), row, strict=True)) for row in rows}
        assert documents(target, name) == expected
    assert [each["_id"] for each in target["parted"].find(sort=[("_id.id", 1)])] == [
        {"id": key, "amount": amount} for key, amount in binlog_source.ask("SELECT id, amount FROM parted ORDER BY id")
    ]
    assert (rows_seen(job), changes_seen(job)) == (ROWS * TABLES + 4, len(CHANGES) * TABLES + 1)
