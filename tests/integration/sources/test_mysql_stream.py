"""Real connectors on MySQL and MariaDB: what they write, where they stand."""

from pipeline.sources.source import Mode

from .binlog_database import BinlogDatabase
from .stream import StreamFactory


async def test_an_initial_read_is_followed_by_changes(binlog_database: BinlogDatabase, streams: StreamFactory) -> None:
    binlog_database.run("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), f FLOAT)", "INSERT INTO t VALUES (1, 'één', 16777217)")
    stream = await streams.start(binlog_database.source(), Mode.CDC)
    await stream.notifications("COMPLETED")
    binlog_database.run(
        "UPDATE t SET v = 'zwei' WHERE id = 1", "INSERT INTO t VALUES (2, '😀', NULL)", "DELETE FROM t WHERE id = 1", "TRUNCATE t"
    )

    changes = await stream.changes("t", 5)

    first = {"id": 1, "v": "één", "f": 16777216.0}
    assert changes == [
        ("r", None, first),
        ("u", first, {**first, "v": "zwei"}),
        ("c", None, {"id": 2, "v": "😀", "f": None}),
        ("d", {**first, "v": "zwei"}, None),
        ("t", None, None),
    ]


async def test_a_passage_is_passed_once_the_connector_has_read_all_whichever_table_was_written(
    binlog_database: BinlogDatabase, streams: StreamFactory
) -> None:
    binlog_database.run("CREATE TABLE t (id INT PRIMARY KEY)")
    stream = await streams.start(binlog_database.source(), Mode.CDC_ONLY)
    await stream.notifications("COMPLETED")
    other = BinlogDatabase(binlog_database.server, f"{binlog_database.name}_other")
    other.create()
    try:
        other.run("CREATE TABLE o (id INT PRIMARY KEY)", "INSERT INTO o VALUES (1), (2)")
        binlog_database.run("INSERT INTO t VALUES (1)")
        for last in ("INSERT INTO o VALUES (3)", "CREATE TABLE p (id INT)", "FLUSH BINARY LOGS", "DROP TABLE p"):
            other.run(last)
            await stream.pass_marker()
        assert [operation for operation, _, _ in await stream.changes("t", 1)] == ["c"]
    finally:
        other.drop()


async def test_a_table_that_was_made_later_is_known_to_the_connector_once_it_is_told_to_take_it(
    binlog_database: BinlogDatabase, streams: StreamFactory
) -> None:
    binlog_database.run("CREATE TABLE t (id INT PRIMARY KEY)")
    stream = await streams.start(binlog_database.source(), Mode.CDC)
    await stream.notifications("COMPLETED")
    binlog_database.run("CREATE TABLE later (id INT PRIMARY KEY, v INT)")
    await stream.pass_marker()

    stream.tables = await stream.source.tables(Mode.CDC)
    await stream.topics.create({name: {} for name in stream.topic_names})
    await stream.start()
    await stream.notifications("SKIPPED")  # says the task that has been started anew
    binlog_database.run("INSERT INTO later VALUES (1, 2)")

    assert await stream.changes("later", 1) == [("c", None, {"id": 1, "v": 2})]
