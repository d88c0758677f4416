"""Wherever a table's reading stopped, the rest is what comes behind in the database's own order."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from tests.integration.sources.binlog_database import BinlogDatabase
from tests.integration.sources.database import Database

from pipeline.reader import rows
from pipeline.reader.position import ReadPosition, decode_position, encode_position
from pipeline.reader.task import ReadTable
from pipeline.sources.dialects.catalogue import read_catalogue
from pipeline.sources.dialects.engine import connection, open_database
from pipeline.sources.dialects.url import parse

from .databases import binlog_source, duckdb_file, on_mysql_and_mariadb, postgresql_url, sqlite_file

WORD_LIST = ["a", "B", "c", "D", "ä", "Z", "", " ", "a ", "aa", "A1", "_", "~", "ß", "é", "E", "ab", "aB0"]
WORDS = ", ".join(f"'{word}'" for word in WORD_LIST)
SQLITE = {
    "without case": ("k TEXT COLLATE NOCASE NOT NULL PRIMARY KEY", f"SELECT value FROM json_each(json_array({WORDS}))"),
    "without blanks": (
        "k TEXT COLLATE RTRIM NOT NULL PRIMARY KEY",
        "SELECT value FROM json_each(json_array('a', 'b', 'B ', ' c', 'a  b'))",
    ),
    "decimals": ("k NUMERIC NOT NULL PRIMARY KEY", "SELECT value FROM json_each(json_array(1, 1.5, 0.1, 0.30000000000000004, -2))"),
    "binary": ("k BLOB NOT NULL PRIMARY KEY", "VALUES (x''), (x'00'), (x'ff'), (x'7f'), (x'0000')"),
}
DUCKDB = {
    "without case": ("k VARCHAR COLLATE NOCASE PRIMARY KEY", f"SELECT unnest([{WORDS}])"),
    "decimals": ("k DECIMAL(10, 3) PRIMARY KEY", "SELECT unnest([1.5, 1.499, -2, 0])"),
    "timestamps": ("k TIMESTAMP PRIMARY KEY", "SELECT TIMESTAMP '2024-01-01' + INTERVAL (i) MICROSECOND FROM range(9) AS r(i)"),
    "uuids": ("k UUID PRIMARY KEY", "SELECT uuid() FROM range(9)"),
    "large": ("k HUGEINT PRIMARY KEY", "SELECT unnest([170141183460469231731687303715884105727::HUGEINT, -1, 0, 9223372036854775808])"),
}
POSTGRESQL = {
    "padded": ("k char(4) PRIMARY KEY", "SELECT unnest(ARRAY['a', 'B', 'ab', '', '~', 'ä'])"),
    "words": ("k text PRIMARY KEY", f"SELECT unnest(ARRAY[{WORDS}])"),
    "words of C": ('k text COLLATE "C" PRIMARY KEY', f"SELECT unnest(ARRAY[{WORDS}])"),
    "decimals": ("k numeric PRIMARY KEY", "SELECT unnest(ARRAY[1.50, 1.5000001, -2, 0, 1e30])"),
    "instants": (
        "k timestamptz PRIMARY KEY",
        "SELECT '2024-03-31 00:59:59.999999+00'::timestamptz + i * interval '1 microsecond' FROM generate_series(1, 9) i",
    ),
    "days": ("k date PRIMARY KEY", "SELECT '2024-02-28'::date + i FROM generate_series(1, 9) i"),
    "binary": ("k bytea PRIMARY KEY", r"SELECT unnest(ARRAY['\x', '\x00', '\xff', '\x7f']::bytea[])"),
    "uuids": ("k uuid PRIMARY KEY", "SELECT gen_random_uuid() FROM generate_series(1, 9)"),
    "doubles": ("k double precision PRIMARY KEY", "SELECT unnest(ARRAY[0.1, 0.30000000000000004, 1e-300, -1])"),
}
MOMENTS = ["2024-02-29 12:00:00", "1000-01-01 00:00:00.000001", "9999-12-31 23:59:59.999999", "2024-02-29 12:00:00.000001"]
BINLOG: dict[str, tuple[str, Sequence[Any]]] = {
    "without case": ("VARCHAR(9)", WORD_LIST),
    "without case and accents": ("VARCHAR(9) COLLATE utf8mb4_unicode_ci", WORD_LIST),
    "words by their bytes": ("VARCHAR(9) COLLATE utf8mb4_bin", WORD_LIST),
    "words of Western Europe": ("VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_german2_ci", WORD_LIST),
    "padded": ("CHAR(9) COLLATE utf8mb4_general_ci", WORD_LIST),
    "words alike in their first thousand bytes": ("VARCHAR(700) COLLATE utf8mb4_general_ci", ["a" * 690 + word for word in "BaCzdYé"]),
    "unsigned": ("BIGINT UNSIGNED", [2**64 - 1, 2**63, 2**63 - 1, 0, 1]),
    "signed": ("BIGINT", [-(2**63), 2**63 - 1, 0, -1]),
    "decimals": ("DECIMAL(30, 10)", ["1.5", "1.4999999999", "-2", "12345678901234567890.0000000001", "12345678901234567890"]),
    "doubles": ("DOUBLE", ["0.1", "0.30000000000000004", "0.3", "1e-300", "-1e300", "1.7976931348623157e308"]),
    "days": ("DATE", ["2024-02-29", "1000-01-01", "9999-12-31", "2024-03-01"]),
    "moments": ("DATETIME(6)", MOMENTS),
    "instants": (
        "TIMESTAMP(6)",
        ["2024-03-31 00:59:59.999999", "2024-03-31 01:00:00", "1970-01-01 00:00:01", "2038-01-19 03:14:07.999999"],
    ),
    "spans": ("TIME(6)", ["-838:59:59", "-00:00:00.000001", "00:00:00", "838:59:58.999999", "-01:30:00", "25:00:00"]),
    "years": ("YEAR", [1901, 2155, 2000, 1999]),
    "bytes": ("VARBINARY(9)", [b"", b"\0", b"\xff", b"\x7f'", b"\0\0", b"a", b"A"]),
    "bytes of one length": ("BINARY(4)", [b"", b"\1", b"\xff", b"\x7f'", b"a", b"A"]),
}
"""Types of columns with values, of which some may be equal to others for the database."""


def expect_the_rest_everywhere(monkeypatch: pytest.MonkeyPatch, source_type: str, url: str, schema: str) -> None:
    """Row by row: what is read from each row on is what was read behind it at first."""
    monkeypatch.setattr(rows, "FIRST_ROWS", 1)
    monkeypatch.setattr(rows, "MOST_ROWS", 1)
    database = open_database(source_type, parse(source_type, url))
    with connection(database) as opened:
        (found,) = read_catalogue(opened)
    table = ReadTable(schema, found.name, found.key, "topic")
    assert found.key
    chunks = list(rows.read_rows(database, table, "p", ReadPosition()))
    read = [image(chunk) for chunk in chunks if chunk.records]
    assert len(read) > 3
    for number, chunk in enumerate(chunks[:-1], 1):
        _, position = decode_position(*encode_position(schema, found.name, chunk.position))
        assert [image(later) for later in rows.read_rows(database, table, "p", position) if later.records] == read[number:]


def image(chunk: rows.Chunk) -> Any:
    """The one row of a chunk."""
    ((_, value),) = chunk.records
    return json.decode(value)["payload"]["after"]


@pytest.mark.parametrize(("column", "values"), SQLITE.values(), ids=SQLITE.keys())
def test_keys_of_sqlite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, column: str, values: str) -> None:
    url = sqlite_file(tmp_path / "t.db", f"CREATE TABLE t ({column})", f"INSERT INTO t {values}")
    expect_the_rest_everywhere(monkeypatch, "sqlite", url, "main")


@pytest.mark.parametrize(("column", "values"), DUCKDB.values(), ids=DUCKDB.keys())
def test_keys_of_duckdb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, column: str, values: str) -> None:
    url = duckdb_file(tmp_path / "t.duckdb", f"CREATE TABLE t ({column})", f"INSERT INTO t {values}")
    expect_the_rest_everywhere(monkeypatch, "duckdb", url, "main")


@pytest.mark.parametrize(("column", "values"), POSTGRESQL.values(), ids=POSTGRESQL.keys())
def test_keys_of_postgresql(monkeypatch: pytest.MonkeyPatch, postgresql: Database, column: str, values: str) -> None:
    postgresql.run(f"CREATE TABLE t ({column})", f"INSERT INTO t {values}")
    expect_the_rest_everywhere(monkeypatch, "postgresql+psycopg", postgresql_url(postgresql), "public")


@on_mysql_and_mariadb
@pytest.mark.parametrize(("type_", "values"), BINLOG.values(), ids=BINLOG.keys())
def test_keys_of_mysql_and_mariadb(
    monkeypatch: pytest.MonkeyPatch, binlog_database: BinlogDatabase, type_: str, values: Sequence[Any]
) -> None:
    binlog_database.run(f"CREATE TABLE t (k {type_} PRIMARY KEY)")
    binlog_database.insert("INSERT IGNORE INTO t VALUES (%s)", [[value] for value in values])
    expect_the_rest_everywhere(monkeypatch, *binlog_source(binlog_database))


@on_mysql_and_mariadb
@pytest.mark.parametrize("name", ["without case", "words alike in their first thousand bytes"])
def test_keys_in_whose_order_mysql_and_mariadb_do_not_store_rows(
    monkeypatch: pytest.MonkeyPatch, binlog_database: BinlogDatabase, name: str
) -> None:
    type_, values = BINLOG[name]
    binlog_database.run(f"CREATE TABLE t (place INT AUTO_INCREMENT UNIQUE, k {type_} NOT NULL UNIQUE)")
    binlog_database.insert("INSERT IGNORE INTO t (k) VALUES (%s)", [[value] for value in values])
    expect_the_rest_everywhere(monkeypatch, *binlog_source(binlog_database))


@on_mysql_and_mariadb
def test_keys_of_several_columns_of_mysql_and_mariadb(monkeypatch: pytest.MonkeyPatch, binlog_database: BinlogDatabase) -> None:
    binlog_database.run(
        "CREATE TABLE t (a INT UNSIGNED, b VARCHAR(9) COLLATE utf8mb4_general_ci, c DATETIME(3), PRIMARY KEY (b, a, c))",
    )
    keys = [
        *product([0, 2**32 - 1], ["x", "Y", "", "é"], ["2024-01-01 12:00:00.001", "2024-01-02"]),
        (7, "X", "2024-01-01"),
        (7, "y", "2024-01-01"),
    ]
    binlog_database.insert("INSERT INTO t VALUES (%s, %s, %s)", keys)
    expect_the_rest_everywhere(monkeypatch, *binlog_source(binlog_database))


def test_keys_of_several_columns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, postgresql: Database) -> None:
    made = "CREATE TABLE t (a INTEGER NOT NULL, b VARCHAR(9) NOT NULL, c DATE NOT NULL, n INTEGER, PRIMARY KEY (b, a, c))"
    keys = [(1, "x", "01"), (1, "x", "02"), (2, "X", "01"), (1, "X", "01"), (2, "x", "03"), (0, "y", "01"), (3, "", "01")]
    values = ", ".join(f"({a}, '{b}', '2024-01-{c}', NULL)" for a, b, c in keys)
    statements = (made, f"INSERT INTO t VALUES {values}")
    postgresql.run(*statements)
    expect_the_rest_everywhere(monkeypatch, "postgresql+psycopg", postgresql_url(postgresql), "public")
    expect_the_rest_everywhere(monkeypatch, "sqlite", sqlite_file(tmp_path / "t.db", *statements), "main")
    expect_the_rest_everywhere(monkeypatch, "duckdb", duckdb_file(tmp_path / "t.duckdb", *statements), "main")
