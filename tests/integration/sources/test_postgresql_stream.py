"""What Debezium makes of the configuration, on real servers: events, topics, and an application that never notices."""

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from pipeline.connect.client import ConnectClient
from pipeline.connect.trace import explain
from pipeline.sources.postgresql.source import PostgresSource
from pipeline.sources.source import Mode
from stack.ports import free_ports
from stack.postgresql import PostgreSQL
from stack.stack import Stack

from .database import Database
from .stream import StreamFactory

ODD = '"Odd.Schema"."T $,:;ä a"'

SCHEMA = f"""
CREATE TABLE keyed (id int PRIMARY KEY, v text, n numeric);
CREATE TABLE "KEYED" (id int PRIMARY KEY DEFERRABLE);
CREATE TABLE keyless (a int, b text);
CREATE SCHEMA "Odd.Schema";
CREATE TABLE {ODD} ("K:;, 1" int NOT NULL, "Ü" text);
CREATE UNIQUE INDEX identity ON {ODD} ("K:;, 1");
ALTER TABLE {ODD} REPLICA IDENTITY USING INDEX identity;
CREATE TABLE parted (id int, r text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
CREATE TABLE parted_b PARTITION OF parted FOR VALUES IN ('b');
CREATE TABLE computed (id int PRIMARY KEY, a int, s int GENERATED ALWAYS AS (a + 1) STORED);
INSERT INTO keyed VALUES (1, 'a', 'NaN'), (2, 'b', 1.50);
INSERT INTO "KEYED" VALUES (7);
INSERT INTO keyless VALUES (1, 'x');
INSERT INTO {ODD} VALUES (1, 'x');
INSERT INTO parted VALUES (1, 'a');
INSERT INTO computed VALUES (1, 1);
"""

APPLICATION = (
    "INSERT INTO keyed VALUES (3, 'c')",
    "UPDATE keyed SET id = 5 WHERE id = 1",
    "DELETE FROM keyed WHERE id = 2",
    "TRUNCATE keyed",
    'UPDATE "KEYED" SET id = id + 1',
    'DELETE FROM "KEYED"',
    "INSERT INTO keyless VALUES (2, 'y')",
    "UPDATE keyless SET b = 'z'",
    "DELETE FROM keyless WHERE a = 1",
    "INSERT INTO keyless VALUES (3, 'w')",
    f'UPDATE {ODD} SET "K:;, 1" = 2',
    "UPDATE parted SET r = 'b'",
    "UPDATE computed SET a = 5",
)


async def test_every_change_arrives_and_no_statement_of_the_application_fails(database: Database, streams: StreamFactory) -> None:
    database.run(SCHEMA)
    stream = await streams.start(database.source(), Mode.CDC)
    await stream.notifications("COMPLETED")
    database.run(*APPLICATION)
    await stream.pass_marker()

    nothing = {"v": None, "n": None}
    assert await stream.changes("keyed", 7) == [
        ("r", None, {"id": 1, "v": "a", "n": "NAN"}),
        ("r", None, {"id": 2, "v": "b", "n": "1.50"}),
        ("c", None, {"id": 3, "v": "c", "n": None}),
        ("d", {"id": 1, **nothing}, None),
        ("c", None, {"id": 5, "v": "a", "n": "NAN"}),
        ("d", {"id": 2, **nothing}, None),
        ("t", None, None),
    ]
    assert await stream.changes("KEYED", 1) == [("r", None, {"id": 7})]
    assert await stream.changes("keyless", 3) == [
        ("r", None, {"a": 1, "b": "x"}),
        ("c", None, {"a": 2, "b": "y"}),
        ("c", None, {"a": 3, "b": "w"}),
    ]
    assert await stream.changes("T $,:;ä a", 3) == [
        ("r", None, {"K:;, 1": 1, "Ü": "x"}),
        ("d", {"K:;, 1": 1, "Ü": None}, None),
        ("c", None, {"K:;, 1": 2, "Ü": "x"}),
    ]
    assert await stream.changes("parted", 3) == [
        ("r", None, {"id": 1, "r": "a"}),
        ("d", {"id": 1, "r": "a"}, None),
        ("c", None, {"id": 1, "r": "b"}),
    ]
    assert await stream.changes("computed", 2) == [("r", None, {"id": 1, "a": 1, "s": 2}), ("u", None, {"id": 1, "a": 5, "s": 6})]
    assert {name for name in await stream.topics.names() if stream.owned.topic_prefix in name} == stream.topic_names


async def test_the_snapshots_course_is_told_table_by_table(database: Database, streams: StreamFactory) -> None:
    database.run("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b SELECT generate_series(1, 12)")
    stream = await streams.start(database.source(), Mode.CDC)
    notes = await stream.notifications("COMPLETED")
    assert notes[0].type == "STARTED"
    assert [note.scanning for note in notes if note.scanning] == ["public.a", "public.b"]
    assert [(table.name, table.rows) for note in notes for table in note.scanned] == [("public.a", 0), ("public.b", 12)]


async def test_changes_between_the_slot_and_the_connectors_start_arrive(database: Database, streams: StreamFactory) -> None:
    database.run("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    stream = await streams.prepare(database.source(), Mode.CDC_ONLY)
    database.run("INSERT INTO t VALUES (2)")
    await stream.start()
    await stream.notifications("SKIPPED")
    database.run("INSERT INTO t VALUES (3)")
    await stream.pass_marker()
    assert await stream.changes("t", 2) == [("c", None, {"id": 2}), ("c", None, {"id": 3})]


async def test_a_snapshot_needs_select_alone_and_no_logical_log(replica_level: Database, streams: StreamFactory) -> None:
    reader = replica_level.role("reader")
    replica_level.run(f"CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); GRANT SELECT ON t TO {reader}")
    source = replica_level.source(user=reader)
    assert not [finding for finding in await source.check(Mode.SNAPSHOT, await source.tables(Mode.SNAPSHOT)) if finding.severity == "ERROR"]
    stream = await streams.start(source, Mode.SNAPSHOT)
    await stream.notifications("COMPLETED")
    assert await stream.changes("t", 1) == [("r", None, {"id": 1})]
    assert replica_level.run("SELECT FROM pg_replication_slots UNION ALL SELECT FROM pg_publication") == []


async def test_a_restart_of_the_source_is_survived_without_a_gap(own_server: PostgreSQL, streams: StreamFactory) -> None:
    database = Database(own_server, "restarted")
    database.create()
    database.run("CREATE TABLE t (id int PRIMARY KEY)")
    stream = await streams.start(database.source(), Mode.CDC)
    await stream.notifications("COMPLETED")
    database.run("INSERT INTO t VALUES (1)")
    own_server.kill()
    own_server.start()
    database.run("INSERT INTO t VALUES (2)")
    await stream.pass_marker()
    assert [after for _, _, after in await stream.changes("t", 2)] == [{"id": 1}, {"id": 2}]
    assert (await stream.status(lambda status: status.running)).running


async def test_a_slot_that_somebody_dropped_fails_the_task_and_is_told_as_final(database: Database, streams: StreamFactory) -> None:
    database.run("CREATE TABLE t (id int PRIMARY KEY)")
    stream = await streams.start(database.source(), Mode.CDC)
    await stream.notifications("COMPLETED")
    await stream.pass_marker()
    with database.session(superuser=True) as connection:
        while True:
            connection.execute(
                "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s", [stream.owned.slot]
            )
            try:
                connection.execute("SELECT pg_drop_replication_slot(%s)", [stream.owned.slot])
                break
            except psycopg.errors.ObjectInUse:
                continue
    reason = explain((await stream.status(lambda status: status.failed)).trace or "")
    assert (reason.code, reason.final) == ("SLOT_LOST", True)


async def test_a_connector_is_stopped_forgotten_and_made_again(connect: ConnectClient, database: Database, streams: StreamFactory) -> None:
    database.run("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    stream = await streams.start(database.source(), Mode.SNAPSHOT)
    name = stream.owned.connector
    await stream.notifications("COMPLETED")
    await stream.status(lambda status: status.running)
    await connect.restart(name)
    await connect.stop(name)
    assert (await connect.status(name)).stopped
    assert await connect.offsets(name) != []
    await connect.remove(name)
    await connect.remove(name)
    await stream.status(lambda status: status.absent)
    await stream.start()
    assert [operation for operation, _, _ in await stream.changes("t", 2)] == ["r", "r"], "without offsets the snapshot is read anew"


@pytest.mark.parametrize("mode", list(Mode))
async def test_connect_knows_every_property_that_is_set(
    mode: Mode, connect: ConnectClient, database: Database, streams: StreamFactory
) -> None:
    database.run("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE k (v text)")
    stream = await streams.prepare(database.source("?socketTimeout=90&sslmode=prefer"), mode)
    defined = {value["name"] for value in await connect.definitions(PostgresSource.connector_class, stream.config)}
    own = {name for name in stream.config if not name.startswith(("driver.", "producer.override."))}
    assert own - defined - CONVERTERS == (SIGNALS if mode.streams else set())


async def test_a_value_that_debezium_cannot_convert_ends_the_task_and_is_never_dropped(database: Database, streams: StreamFactory) -> None:
    database.run("CREATE TABLE t (id int PRIMARY KEY, n numeric); INSERT INTO t VALUES (1, 'NaN')")
    stream = await streams.prepare(database.source(), Mode.SNAPSHOT)
    await stream.connect.put(stream.owned.connector, stream.config | {"decimal.handling.mode": "precise"})
    reason = explain((await stream.status(lambda status: status.failed)).trace or "")
    assert (reason.code, reason.final) == ("VALUE_NOT_CONVERTIBLE", True)


CONVERTERS = {f"{kind}.converter.{name}" for kind in ("key", "value", "header") for name in ("schemas.enable", "replace.null.with.default")}
"""Defined by Kafka's JsonConverter (JsonConverterConfig)."""

SIGNALS = {f"signal.kafka.{name}" for name in ("bootstrap.servers", "groupId", "poll.timeout.ms", "topic")}
"""Read by Debezium's signal channel, which the connector does not list (its documentation: "Debezium signaling Kafka topic")."""


@pytest.fixture
def own_server(stack: Stack) -> Iterator[PostgreSQL]:
    """A PostgreSQL that a test may kill."""
    server = PostgreSQL(free_ports(1)[0], stack.layout, name=f"own-{secrets.token_hex(3)}")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def replica_level(stack: Stack) -> Iterator[Database]:
    """A database of a server without logical decoding."""
    server = PostgreSQL(free_ports(1)[0], stack.layout, name=f"replica-{secrets.token_hex(3)}", settings={"wal_level": "replica"})
    server.start()
    database = Database(server, "plain")
    database.create()
    yield database
    database.drop()
    server.stop()
