"""The catalogue names every table with the key by which its rows can be told."""

from pathlib import Path

import pytest
from tests.integration.sources.binlog_database import BinlogDatabase
from tests.integration.sources.database import PASSWORD, Database

from pipeline.errors import ConfigError, SourceUnavailableError
from pipeline.sources.registry import open_source
from pipeline.sources.source import Mode, Severity
from stack.ports import LOOPBACK, free_ports

from .databases import binlog_source, duckdb_file, on_mysql_and_mariadb, postgresql_url, sqlite_file

TABLES = (
    "CREATE TABLE by_primary_key (b INTEGER NOT NULL, a INTEGER NOT NULL, PRIMARY KEY (b, a))",
    "CREATE TABLE by_unique_key (n INTEGER UNIQUE, code VARCHAR(9) NOT NULL UNIQUE)",
    "CREATE TABLE without_key (a INTEGER, n INTEGER UNIQUE)",
    "CREATE VIEW seen AS SELECT * FROM without_key",
)
KEYS = {"by_primary_key": ("b", "a"), "by_unique_key": ("code",), "without_key": ()}


async def keys(source_type: str, url: str) -> dict[str, tuple[str, ...]]:
    """The keys by the names of the tables."""
    return {table.name: table.key for table in await open_source(source_type, url).tables(Mode.SNAPSHOT)}


async def test_keys_are_primary_or_unique_without_nulls(tmp_path: Path, postgresql: Database) -> None:
    postgresql.run(*TABLES)
    assert await keys("sqlite", sqlite_file(tmp_path / "t.db", *TABLES)) == KEYS
    assert await keys("duckdb", duckdb_file(tmp_path / "t.duckdb", *TABLES)) == KEYS
    assert await keys("postgresql+psycopg", postgresql_url(postgresql)) == KEYS


@on_mysql_and_mariadb
async def test_the_tables_of_one_database_of_mysql_and_mariadb_are_taken_with_their_keys(binlog_database: BinlogDatabase) -> None:
    binlog_database.run(
        *TABLES,
        "CREATE TABLE `Odd ``name` (`a b` INT, `%s` INT UNSIGNED, PRIMARY KEY (`%s`, `a b`)) PARTITION BY HASH (`a b`) PARTITIONS 3",
        "CREATE TEMPORARY TABLE passing (a INT PRIMARY KEY)",
    )
    source_type, url, schema = binlog_source(binlog_database)
    source = open_source(source_type, url)
    tables = await source.tables(Mode.SNAPSHOT)
    assert {table.name: table.key for table in tables} == KEYS | {"Odd `name": ("%s", "a b")}
    assert {table.schema for table in tables} == {schema}
    findings = await source.check(Mode.SNAPSHOT, tables)
    assert [(finding.check, finding.table) for finding in findings] == [("NO_KEY", f"{schema}.without_key")]


@on_mysql_and_mariadb
async def test_what_mysql_and_mariadb_refuse_is_told_without_the_password(binlog_database: BinlogDatabase) -> None:
    binlog_database.run("CREATE TABLE t (a INT PRIMARY KEY)")
    source_type, url, _ = binlog_source(binlog_database)
    with pytest.raises(ConfigError, match="Access denied") as refused:
        await open_source(source_type, url, "root", "wrong-secret").tables(Mode.SNAPSHOT)
    assert "wrong-secret" not in refused.value.message
    with pytest.raises(ConfigError, match="Unknown database"):
        await open_source(source_type, f"{url}_not").tables(Mode.SNAPSHOT)
    with pytest.raises(ConfigError, match="useSSL"):
        await open_source(source_type, f"{url}?useSSL=false").tables(Mode.SNAPSHOT)
    blind = binlog_database.user("blind")
    with pytest.raises(ConfigError, match="Access denied"):
        await open_source(source_type, url, blind, PASSWORD).tables(Mode.SNAPSHOT)


async def test_a_primary_key_of_sqlite_counts_only_while_no_row_has_null_in_it(tmp_path: Path) -> None:
    made = "CREATE TABLE t (code TEXT PRIMARY KEY)"
    assert await keys("sqlite", sqlite_file(tmp_path / "a.db", made, "INSERT INTO t VALUES ('a')")) == {"t": ("code",)}
    assert await keys("sqlite", sqlite_file(tmp_path / "b.db", made, "INSERT INTO t VALUES ('a'), (NULL), (NULL)")) == {"t": ()}


async def test_an_index_of_some_rows_or_of_an_expression_is_no_key(tmp_path: Path, postgresql: Database) -> None:
    statements = (
        "CREATE TABLE t (a INTEGER NOT NULL, b VARCHAR(9) NOT NULL)",
        "CREATE UNIQUE INDEX partial ON t (a) WHERE a > 5",
        "CREATE UNIQUE INDEX expression ON t (lower(b))",
    )
    postgresql.run(*statements)
    assert await keys("sqlite", sqlite_file(tmp_path / "t.db", *statements)) == {"t": ()}
    assert await keys("postgresql+psycopg", postgresql_url(postgresql)) == {"t": ()}


async def test_system_tables_are_left_out_and_every_schema_is_taken(tmp_path: Path, postgresql: Database) -> None:
    statements = ("CREATE SCHEMA other", "CREATE TABLE other.t (a INTEGER PRIMARY KEY)", "CREATE TABLE t (a INTEGER PRIMARY KEY)")
    postgresql.run(*statements)
    for source_type, url, own in (
        ("postgresql+psycopg", postgresql_url(postgresql), "public"),
        ("duckdb", duckdb_file(tmp_path / "t.duckdb", *statements), "main"),
    ):
        tables = await open_source(source_type, url).tables(Mode.SNAPSHOT)
        assert sorted((table.schema, table.name) for table in tables) == sorted([("other", "t"), (own, "t")])


async def test_partitions_are_read_with_the_table_that_they_are_part_of(postgresql: Database) -> None:
    postgresql.run(
        "CREATE TABLE event (id int PRIMARY KEY, n int) PARTITION BY RANGE (id)",
        "CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (10)",
    )
    assert await keys("postgresql+psycopg", postgresql_url(postgresql)) == {"event": ("id",)}


async def test_what_is_special_about_a_table_is_told_before_the_job_starts(tmp_path: Path) -> None:
    url = sqlite_file(tmp_path / "t.db", "CREATE TABLE a (x TEXT)", "CREATE TABLE b (id JSON PRIMARY KEY NOT NULL, odd ANY)")
    source = open_source("sqlite", url)
    findings = await source.check(Mode.SNAPSHOT, await source.tables(Mode.SNAPSHOT))
    assert {(finding.check, finding.table) for finding in findings} == {
        ("WRITERS_WAIT", None),
        ("NO_KEY", "main.a"),
        ("KEY_NOT_COMPARABLE", "main.b"),
        ("TYPE_AS_TEXT", "main.b"),
    }
    assert {finding.severity for finding in findings} == {Severity.WARNING}


async def test_a_database_without_tables_is_an_error(tmp_path: Path) -> None:
    source = open_source("duckdb", duckdb_file(tmp_path / "t.duckdb"))
    (finding,) = await source.check(Mode.SNAPSHOT, await source.tables(Mode.SNAPSHOT))
    assert (finding.check, finding.severity) == ("NO_TABLES", Severity.ERROR)
    assert finding.suggestion


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    for source_type in ("sqlite", "duckdb"):
        path = tmp_path / f"absent.{source_type}"
        with pytest.raises((ConfigError, SourceUnavailableError)) as refused:
            await open_source(source_type, f"jdbc:{source_type}:{path}").tables(Mode.SNAPSHOT)
        assert str(path) in refused.value.message
        assert not path.exists()


async def test_what_a_server_refuses_is_told_without_the_password(postgresql: Database) -> None:
    url = postgresql_url(postgresql)
    with pytest.raises(ConfigError, match="password authentication failed") as refused:
        await open_source("postgresql+psycopg", url, postgresql.name, "wrong-secret").tables(Mode.SNAPSHOT)
    assert "wrong-secret" not in refused.value.message
    with pytest.raises(ConfigError, match="does not exist"):
        await open_source("postgresql+psycopg", f"{url}_not").tables(Mode.SNAPSHOT)
    with pytest.raises(ConfigError, match="invalid connection option"):
        await open_source("postgresql+psycopg", f"{url}?useSSL=false").tables(Mode.SNAPSHOT)


async def test_a_server_that_does_not_answer_is_waited_for() -> None:
    url = f"postgresql+psycopg://app:secret@{LOOPBACK}:{free_ports(1)[0]}/shop"
    with pytest.raises(SourceUnavailableError, match="does not answer"):
        await open_source("postgresql+psycopg", url).tables(Mode.SNAPSHOT)


async def test_a_driver_that_is_not_installed_is_told_by_its_extra() -> None:
    with pytest.raises(ConfigError) as refused:
        await open_source("SQLANYWHERE", "jdbc:sqlanywhere:Host=h;DBN=demo", "dba", "sql").tables(Mode.SNAPSHOT)
    assert refused.value.code == "DRIVER_MISSING"
    assert refused.value.suggestion is not None
    assert "rowstream[sqlanywhere]" in refused.value.suggestion
