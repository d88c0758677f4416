"""The catalogue of MySQL and of MariaDB as a job sees it."""

import pytest

from pipeline.errors import ConfigError, SourceUnavailableError
from pipeline.sources.mysql.source import MySqlSource
from pipeline.sources.mysql.url import parse
from pipeline.sources.source import Mode, Table

from .binlog_database import PASSWORD, BinlogDatabase


async def tables_of(database: BinlogDatabase) -> dict[str, Table]:
    return {table.name: table for table in await database.source().tables(Mode.CDC)}


async def test_a_job_takes_ordinary_and_partitioned_tables_in_name_order(binlog_database: BinlogDatabase) -> None:
    binlog_database.run(
        "CREATE TABLE zebra (id INT PRIMARY KEY)",
        "CREATE TABLE `Odd name, one` (id INT PRIMARY KEY)",
        "CREATE TABLE parts (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3",
        "CREATE VIEW seen AS SELECT 1 AS one",
    )
    tables = await binlog_database.source().tables(Mode.CDC)
    assert [table.name for table in tables] == sorted(["zebra", "Odd name, one", "parts"], key=str.lower)
    assert {table.schema for table in tables} == {binlog_database.name}


async def test_the_key_is_the_primary_one_or_else_a_unique_one_without_nulls(binlog_database: BinlogDatabase) -> None:
    binlog_database.run(
        "CREATE TABLE composite (a INT, b INT, c INT UNIQUE NOT NULL, PRIMARY KEY (b, a))",
        "CREATE TABLE unique_one (a INT, b INT NOT NULL, c INT NOT NULL, UNIQUE KEY one (c, b), UNIQUE KEY nullable (a))",
        "CREATE TABLE cut_short (a TEXT NOT NULL, UNIQUE KEY beginning (a(10)))",
        "CREATE TABLE keyless (a INT)",
    )
    tables = await tables_of(binlog_database)
    assert {name: table.key for name, table in tables.items()} == {
        "composite": ("b", "a"),
        "unique_one": ("c", "b"),
        "cut_short": (),
        "keyless": (),
    }


async def test_columns_have_their_types_and_say_what_a_star_leaves_out(binlog_database: BinlogDatabase) -> None:
    binlog_database.run("CREATE TABLE t (id INT UNSIGNED PRIMARY KEY, name VARCHAR(5) NOT NULL, much FLOAT, aside INT INVISIBLE)")
    (table,) = await binlog_database.source().tables(Mode.CDC)
    assert [(column.name, column.type, column.nullable, column.hidden) for column in table.columns] == [
        ("id", "int", False, False),
        ("name", "varchar", False, False),
        ("much", "float", True, False),
        ("aside", "int", True, True),
    ]


async def test_without_a_database_every_one_is_taken_but_the_servers_own(binlog_database: BinlogDatabase) -> None:
    binlog_database.run("CREATE TABLE t (id INT PRIMARY KEY)")
    source = MySqlSource(parse(binlog_database.server.jdbc_url(), "rowstream", binlog_database.server.job_password))
    schemas = {table.schema for table in await source.tables(Mode.CDC)}
    assert binlog_database.name in schemas
    assert not schemas & {"mysql", "sys", "performance_schema", "information_schema"}


async def test_a_database_whose_tables_the_user_may_not_see_is_told_of(binlog_database: BinlogDatabase) -> None:
    binlog_database.run("CREATE TABLE t (id INT PRIMARY KEY)")
    user = binlog_database.user("blind", "RELOAD ON *.*", f"EXECUTE ON `{binlog_database.name}`.*")
    with pytest.raises(ConfigError) as caught:
        await binlog_database.source(user=user).tables(Mode.SNAPSHOT)
    assert caught.value.code in ("NO_TABLES", "NO_DATABASE_ACCESS")
    assert "GRANT SELECT" in (caught.value.suggestion or "")


@pytest.mark.parametrize(
    ("url", "user", "password", "code"),
    [
        ("", "rowstream", "wrong", "WRONG_PASSWORD"),
        ("", "nobody", PASSWORD, "WRONG_PASSWORD"),
        ("_gone", "rowstream", None, "NO_SUCH_DATABASE"),
    ],
)
async def test_a_refused_connection_is_a_mistake_that_names_itself(
    binlog_database: BinlogDatabase, url: str, user: str, password: str | None, code: str
) -> None:
    source = MySqlSource(parse(binlog_database.url() + url, user, password or binlog_database.server.job_password))
    with pytest.raises(ConfigError) as caught:
        await source.tables(Mode.CDC)
    assert caught.value.code == code
    assert caught.value.suggestion
    assert (password or binlog_database.server.job_password) not in caught.value.message


async def test_a_server_that_is_away_is_an_outage() -> None:
    source = MySqlSource(parse("jdbc:mysql://127.0.0.1:1,localhost:2/shop", "app", "pw"))
    with pytest.raises(SourceUnavailableError, match="does not answer"):
        await source.tables(Mode.CDC)


async def test_the_server_says_what_it_is_whatever_the_url_says(binlog_database: BinlogDatabase) -> None:
    binlog_database.run("CREATE TABLE t (id INT PRIMARY KEY)")
    source = MySqlSource(parse(binlog_database.url().replace("mariadb", "mysql"), "rowstream", binlog_database.server.job_password))
    await source.tables(Mode.CDC)
    assert binlog_database.server.name in source.connector_class.lower()
