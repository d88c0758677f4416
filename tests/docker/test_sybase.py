"""Sybase ASE, a real one in a container, read as the reader reads any database."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import json
from sqlalchemy import text
from tests.proofs.kinds import Kind

from pipeline.reader import rows
from pipeline.reader.position import ReadPosition
from pipeline.reader.task import ReadTable
from pipeline.sources.dialects.engine import Database, connection, open_database
from pipeline.sources.dialects.url import parse
from pipeline.sources.registry import open_source
from pipeline.sources.source import Mode

pytestmark = [pytest.mark.docker, pytest.mark.sybase, pytest.mark.proves(Kind.CONTAINER, "SYBASE")]

IMAGE = "datagrip/sybase:16.0"
USER, PASSWORD, DATABASE = "tester", "guest1234", "testdb"
PORT = 5000
START_SECONDS = 300

COLUMNS: list[tuple[str, str, str, Any]] = [
    ("small", "tinyint", "255", 255),
    ("large", "unsigned bigint", "18446744073709551615", "18446744073709551615"),
    ("price", "numeric(30, 4)", "1.5", "1.5000"),
    ("paid", "money", "-922337203685477.5808", "-922337203685477.5808"),
    ("ratio", "float", "0.1", 0.1),
    ("yes", "bit", "1", True),
    ("word", "varchar(10)", "'a'", "a"),
    ("unicode", "univarchar(10)", "'ä'", "ä"),
    ("long", "text", f"'{'x' * 40_000}'", "x" * 40_000),
    ("content", "varbinary(4)", "0x00ff", "AP8="),
    ("day", "date", "'2024-02-29'", 19782),
    ("moment", "datetime", "'1970-01-01 00:00:01'", 1_000_000),
    ("nothing", "int null", "NULL", None),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The JDBC URL of a server in a container."""
    docker = pytest.importorskip("docker")
    try:
        docker.from_env().ping()
    except docker.errors.DockerException as error:
        if os.environ.get("CI"):
            pytest.fail(f"no Docker engine: {error}: on CI every test runs")
        pytest.skip(f"NOT TESTED: there is no Docker engine: {error}")
    from testcontainers.core.container import DockerContainer  # what is wrong without a Docker engine is told above
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    initialized = LogMessageWaitStrategy("SYBASE INITIALIZED").with_startup_timeout(START_SECONDS)
    with DockerContainer(IMAGE).with_exposed_ports(PORT).waiting_for(initialized) as container:
        yield f"jdbc:sybase:Tds:{container.get_container_host_ip()}:{container.get_exposed_port(PORT)}/{DATABASE}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The database, without the test's table at its beginning and its end."""
    made = open_database("SYBASE", parse("SYBASE", url, USER, PASSWORD))
    run(made, "IF object_id('t') IS NOT NULL DROP TABLE t")
    yield made
    run(made, "DROP TABLE t")


def run(database: Database, *statements: str) -> None:
    """Run statements, a transaction each."""
    with connection(database) as opened:
        for statement in statements:
            opened.execute(text(statement))
            opened.commit()


def images(database: Database, key: tuple[str, ...], position: ReadPosition | None = None) -> list[dict[str, Any]]:
    """The rows of the table `t` behind the position."""
    with connection(database) as opened:
        owner = opened.execute(text("SELECT user_name()")).scalar_one()
    chunks = rows.read_rows(database, ReadTable(owner, "t", key, "topic"), "p", position or ReadPosition())
    return [json.decode(value)["payload"]["after"] for chunk in chunks for _, value in chunk.records]


async def test_ases_types_arrive_exactly(url: str, database: Database) -> None:
    columns = ", ".join(f"{name} {type_}" for name, type_, _, _ in COLUMNS)
    run(
        database,
        f"CREATE TABLE t (id int NOT NULL PRIMARY KEY, {columns})",
        f"INSERT INTO t VALUES (1, {', '.join(c[2] for c in COLUMNS)})",
    )
    (table,) = [each for each in await open_source("SYBASE", url, USER, PASSWORD).tables(Mode.SNAPSHOT) if each.name == "t"]
    assert table.key == ("id",)
    assert images(database, table.key) == [{"id": 1} | {name: value for name, _, _, value in COLUMNS}]


def test_a_reading_goes_on_in_the_order_of_the_server(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    words = ["a", "B", "c", "D", "Z", "aa", "A1", "_", "~", "E", "ab"]
    run(
        database,
        "CREATE TABLE t (word varchar(9) NOT NULL, n int NOT NULL, PRIMARY KEY (word, n))",
        *(f"INSERT INTO t VALUES ('{word}', {n})" for word in words for n in (1, 2)),
    )
    monkeypatch.setattr(rows, "FIRST_ROWS", 1)
    monkeypatch.setattr(rows, "MOST_ROWS", 1)
    with connection(database) as opened:
        owner = opened.execute(text("SELECT user_name()")).scalar_one()
    table = ReadTable(owner, "t", ("word", "n"), "topic")
    read = images(database, table.key)
    assert len(read) == 2 * len(words)
    for number, chunk in enumerate(rows.read_rows(database, table, "p", ReadPosition()), 1):
        if chunk.records:
            assert images(database, table.key, chunk.position) == read[number:]
