"""Every type of the databases that can be had here arrives exactly, or stops the reader by its column."""

from pathlib import Path
from typing import Any

import pytest
from tests.integration.sources.binlog_database import BinlogDatabase
from tests.integration.sources.database import Database

from .conftest import MakeReading
from .databases import binlog_source, duckdb_file, on_mysql_and_mariadb, postgresql_url, sqlite_file

UUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

SQLITE = [
    ("whole", "BIGINT", "9223372036854775807", 9223372036854775807),
    ("price", "DECIMAL(10, 2)", "1.5", "1.5"),
    ("large", "NUMERIC", "'123456789012345678901234567890'", "123456789012345680000000000000"),
    ("ratio", "REAL", "0.1", 0.1),
    ("infinite", "DOUBLE", "9e999", "Infinity"),
    ("text", "VARCHAR(20)", "'ä' || char(10)", "ä\n"),
    ("content", "BLOB", "x'00ff'", "AP8="),
    ("yes", "BOOLEAN", "1", True),
    ("day", "DATE", "'0001-01-01'", -719162),
    ("moment", "DATETIME", "'1969-12-31 23:59:59.999999'", -1),
    ("zoned", "TIMESTAMP", "'1970-01-01T02:00:00+02:00'", 0),
    ("clock", "TIME", "'00:00:01'", 1_000_000),
    ("uuid", "UUID", f"'{UUID}'", UUID),
    ("json", "JSON", """'{"a": 1.10}'""", '{"a": 1.10}'),
    ("any_number", "ANY", "12.5", "12.5"),
    ("untyped", "", "'x'", "x"),
    ("nothing", "TEXT", "NULL", None),
]

DUCKDB = [
    ("tiny", "UTINYINT", "255", 255),
    ("middle", "UINTEGER", "4294967295", 4294967295),
    ("largest", "UBIGINT", "18446744073709551615", "18446744073709551615"),
    ("huge", "HUGEINT", "-170141183460469231731687303715884105727", "-170141183460469231731687303715884105727"),
    ("price", "DECIMAL(18, 4)", "1.5", "1.5000"),
    ("nan", "DOUBLE", "'nan'", "NaN"),
    ("content", "BLOB", r"'\x00\xFF'::BLOB", "AP8="),
    ("day", "DATE", "'9999-12-31'", 2932896),
    ("moment", "TIMESTAMP", "'1969-12-31 23:59:59.999999'", -1),
    ("zoned", "TIMESTAMPTZ", "'2024-01-01 00:00:00+02'", "2023-12-31T22:00:00.000000Z"),
    ("nanos", "TIMESTAMP_NS", "'2024-01-01 00:00:00.123456789'", "2024-01-01 00:00:00.123456789"),
    ("clock", "TIME", "'00:00:01'", 1_000_000),
    ("uuid", "UUID", f"'{UUID}'", UUID),
    ("json", "JSON", """'{"a": 1.10}'""", '{"a": 1.10}'),
    ("mood", "ENUM('sad', 'glad')", "'glad'", "glad"),
    ("list", "INTEGER[]", "[1, NULL]", [1, None]),
    ("struct", "STRUCT(a INTEGER)", "{'a': 1}", "{'a': 1}"),
    ("nothing", "DATE", "NULL", None),
]

POSTGRESQL = [
    ("small", "smallint", "-32768", -32768),
    ("price", "numeric(30, 10)", "1.5", "1.5000000000"),
    ("nan", "numeric", "'NaN'", "NAN"),
    ("ratio", "real", "1.1", 1.1),
    ("infinite", "double precision", "'-infinity'", "-Infinity"),
    ("padded", "char(3)", "'a'", "a  "),
    ("content", "bytea", r"'\x00ff'", "AP8="),
    ("day", "date", "'0001-01-01'", -719162),
    ("moment", "timestamp", "'1969-12-31 23:59:59.999999'", -1),
    ("zoned", "timestamptz", "'2024-01-01 00:00:00+02'", "2023-12-31T22:00:00.000000Z"),
    ("clock", "time", "'00:00:01'", 1_000_000),
    ("zoned_clock", "timetz", "'01:00:00+02'", "23:00:00Z"),
    ("span", "interval", "'1 month 2 days'", "P1M2D"),
    ("uuid", "uuid", f"'{UUID}'", UUID),
    ("json", "json", """'{"a": 1.10, "a": 2}'""", '{"a": 1.10, "a": 2}'),
    ("list", "text[]", "ARRAY['a', NULL]", ["a", None]),
    ("address", "inet", "'10.0.0.1'", "10.0.0.1/32"),
    ("domain", "positive", "1.50", "1.50"),
    ("nothing", "uuid", "NULL", None),
]

BINLOG = [
    ("tiny_one", "TINYINT(1)", "-1", -1),
    ("small", "SMALLINT UNSIGNED", "65535", 65535),
    ("middle", "MEDIUMINT", "-8388608", -8388608),
    ("normal", "INT UNSIGNED", "4294967295", 4294967295),
    ("filled", "INT(9) UNSIGNED ZEROFILL", "42", 42),
    ("large", "BIGINT", "-9223372036854775808", -9223372036854775808),
    ("largest", "BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615"),
    ("price", "DECIMAL(34, 4)", "123456789012345678901234567890.1000", "123456789012345678901234567890.1000"),
    ("single", "FLOAT", "16777217", 16777216.0),
    ("single_part", "FLOAT UNSIGNED", "0.1", 0.10000000149011612),
    ("ratio", "DOUBLE", "0.30000000000000004", 0.30000000000000004),
    ("smallest", "DOUBLE", "5e-324", 5e-324),
    ("one_bit", "BIT(1)", "b'1'", True),
    ("nine_bits", "BIT(9)", "b'100000010'", "AQI="),
    ("padded", "CHAR(5)", "'ab '", "ab"),
    ("text", "VARCHAR(20)", "'ä😀%s:n\\n'", "ä😀%s:n\n"),
    ("latin", "TEXT CHARACTER SET latin1", "'ñandú'", "ñandú"),
    ("fixed_bytes", "BINARY(4)", "x'0102'", "AQIAAA=="),
    ("content", "BLOB", "x'00ff'", "AP8="),
    ("mood", "ENUM('sad', 'gl,ad')", "'gl,ad'", "gl,ad"),
    ("flags", "SET('x', 'y', 'z')", "'z,x'", "x,z"),
    ("day", "DATE", "'9999-12-31'", 2932896),
    ("moment", "DATETIME(6)", "'1969-12-31 23:59:59.999999'", -1),
    ("instant", "TIMESTAMP(3)", "'2024-03-31 01:30:00.5'", "2024-03-31T01:30:00.500000Z"),
    ("span", "TIME(6)", "'-00:00:01.5'", -1_500_000),
    ("long_span", "TIME", "'838:59:59'", 3020399_000_000),
    ("year", "YEAR", "2155", 2155),
    ("place", "POINT", "ST_GeomFromText('POINT(1 2)')", "POINT(1 2)"),
    ("computed", "INT GENERATED ALWAYS AS (id + 1)", "DEFAULT", 2),
    ("nothing", "DATETIME", "NULL", None),
    ("a b%c:d", "INT", "1", 1),
]
MYSQL = [
    *BINLOG,
    ("json", "JSON", """'{"a": [1, 2.5]}'""", '{"a": [1, 2.5]}'),
    ("embedding", "VECTOR(3)", "string_to_vector('[1, 2.5, -3]')", "[1.00000e+00,2.50000e+00,-3.00000e+00]"),
]
MARIADB = [
    *BINLOG,
    ("json", "JSON", """'{"a": 1.50}'""", '{"a": 1.50}'),
    ("uuid", "UUID", f"'{UUID}'", UUID),
    ("address", "INET6", "'::1'", "::1"),
]

Columns = list[tuple[str, str, str, Any]]


def made(columns: Columns, quote: str = '"') -> tuple[str, str]:
    """The statements that make a table `t` of these columns, with one row."""
    names = ", ".join(f"{quote}{name}{quote} {type_}" for name, type_, _, _ in columns)
    values = ", ".join(literal for _, _, literal, _ in columns)
    return f"CREATE TABLE t (id INTEGER PRIMARY KEY, {names})", f"INSERT INTO t VALUES (1, {values})"


async def expect_images(readings: MakeReading, source_type: str, url: str, schema: str, columns: Columns) -> None:
    reading = await readings(source_type, url, schema, {"t": ("id",)})
    assert reading.run() is None
    (image,) = reading.images("t")
    assert image == {"id": 1} | {name: json for name, _, _, json in columns}


async def test_sqlites_types_arrive_exactly(readings: MakeReading, tmp_path: Path) -> None:
    await expect_images(readings, "sqlite", sqlite_file(tmp_path / "t.db", *made(SQLITE)), "main", SQLITE)


async def test_duckdbs_types_arrive_exactly(readings: MakeReading, tmp_path: Path) -> None:
    await expect_images(readings, "duckdb", duckdb_file(tmp_path / "t.duckdb", *made(DUCKDB)), "main", DUCKDB)


async def test_postgresqls_types_arrive_exactly(readings: MakeReading, postgresql: Database) -> None:
    postgresql.run("CREATE DOMAIN positive AS numeric(9, 2) CHECK (value > 0)", *made(POSTGRESQL))
    await expect_images(readings, "postgresql+psycopg", postgresql_url(postgresql), "public", POSTGRESQL)


@on_mysql_and_mariadb
async def test_types_of_mysql_and_mariadb_arrive_exactly(readings: MakeReading, binlog_database: BinlogDatabase) -> None:
    columns = MYSQL if binlog_database.server.name == "mysql" else MARIADB
    binlog_database.run(*made(columns, "`"))
    await expect_images(readings, *binlog_source(binlog_database), columns)


@on_mysql_and_mariadb
@pytest.mark.parametrize(
    ("type_", "literal"),
    [("DATE", "0000-00-00"), ("DATE", "2024-00-10"), ("DATETIME(6)", "0000-00-00"), ("TIMESTAMP", "0000-00-00")],
)
async def test_a_date_with_zeros_stops_the_reader(readings: MakeReading, binlog_database: BinlogDatabase, type_: str, literal: str) -> None:
    binlog_database.run(
        "SET SESSION sql_mode = ''", f"CREATE TABLE t (id INT PRIMARY KEY, odd {type_} NULL)", f"INSERT INTO t VALUES (7, '{literal}')"
    )
    reading = await readings(*binlog_source(binlog_database), {"t": ("id",)})
    complaint = reading.run()
    assert complaint is not None
    assert (complaint["code"], complaint["column"], complaint["final"]) == ("VALUE_NOT_CONVERTIBLE", "odd", True)
    assert "id = 7" in complaint["cause"]


@pytest.mark.parametrize(
    ("type_", "literal"),
    [("INTEGER", "'many'"), ("DECIMAL", "'dear'"), ("DATE", "20240229"), ("TIMESTAMP", "'today'"), ("BOOLEAN", "2"), ("TEXT", "x'ff'")],
)
async def test_a_value_that_is_none_of_its_columns_type_stops_the_reader(
    readings: MakeReading, tmp_path: Path, type_: str, literal: str
) -> None:
    url = sqlite_file(tmp_path / "t.db", f"CREATE TABLE t (id INTEGER PRIMARY KEY, odd {type_})", f"INSERT INTO t VALUES (7, {literal})")
    reading = await readings("sqlite", url, "main", {"t": ("id",)})
    complaint = reading.run()
    assert complaint is not None
    assert (complaint["code"], complaint["table"], complaint["column"], complaint["final"]) == (
        "VALUE_NOT_CONVERTIBLE",
        "main.t",
        "odd",
        True,
    )
    assert "id = 7" in complaint["cause"]


@pytest.mark.parametrize("type_", ["DATE", "TIMESTAMP", "TIMESTAMPTZ"])
async def test_infinite_dates_stop_the_reader(readings: MakeReading, tmp_path: Path, postgresql: Database, type_: str) -> None:
    statements = (f"CREATE TABLE t (id INTEGER PRIMARY KEY, odd {type_})", "INSERT INTO t VALUES (7, 'infinity')")
    postgresql.run(*statements)
    urls = {
        "duckdb": (duckdb_file(tmp_path / "t.duckdb", *statements), "main"),
        "postgresql+psycopg": (postgresql_url(postgresql), "public"),
    }
    for source_type, (url, schema) in urls.items():
        reading = await readings(source_type, url, schema, {"t": ("id",)})
        complaint = reading.run()
        assert complaint is not None, source_type
        assert (complaint["code"], complaint["final"]) == ("VALUE_NOT_CONVERTIBLE", True)
        assert reading.images("t") == []


async def test_a_reader_ends_with_its_complaint_while_other_tables_are_being_read(readings: MakeReading, tmp_path: Path) -> None:
    long = [f"CREATE TABLE long_{n} AS SELECT range AS id, range::VARCHAR AS text FROM range(3000000)" for n in range(3)]
    odd = ("CREATE TABLE odd (id INTEGER PRIMARY KEY, odd DATE)", "INSERT INTO odd VALUES (7, 'infinity')")
    tables = {"long_0": ("id",), "long_1": ("id",), "long_2": ("id",), "odd": ("id",)}
    reading = await readings("duckdb", duckdb_file(tmp_path / "t.duckdb", *long, *odd), "main", tables)
    complaint = reading.run()
    assert complaint is not None
    assert (complaint["code"], complaint["final"]) == ("VALUE_NOT_CONVERTIBLE", True)
