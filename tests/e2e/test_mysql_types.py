"""What values of MySQL and MariaDB become: read by a snapshot, and inserted while the job streams, they are the same."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Decimal128, Int64
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo.database import Database
from tests.e2e.harness.binlog_source import BinlogSource, binlog_request
from tests.e2e.harness.client import JobClient


@dataclass(frozen=True, slots=True)
class Case:
    """A column's type, and its values: as SQL writes them, and as BSON has them."""

    type: str
    values: Sequence[tuple[str, Any]]


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def geometry(kind: str, coordinates: Any) -> dict[str, Any]:
    return {"type": kind, "coordinates": coordinates}


CASES = {
    "tiny_one": Case("TINYINT(1)", [("-1", -1), ("2", 2)]),
    "tiny_unsigned": Case("TINYINT UNSIGNED", [("255", 255)]),
    "small": Case("SMALLINT", [("-32768", -32768)]),
    "small_unsigned": Case("SMALLINT UNSIGNED", [("65535", 65535)]),
    "medium": Case("MEDIUMINT", [("-8388608", -8388608)]),
    "medium_unsigned": Case("MEDIUMINT UNSIGNED", [("16777215", 16777215)]),
    "normal": Case("INT", [("-2147483648", -2147483648)]),
    "normal_unsigned": Case("INT UNSIGNED", [("4294967295", Int64(4294967295)), ("0", Int64(0))]),
    "large": Case("BIGINT", [("-9223372036854775808", Int64(-9223372036854775808))]),
    "large_unsigned": Case("BIGINT UNSIGNED", [("18446744073709551615", Decimal128("18446744073709551615")), ("0", Decimal128("0"))]),
    "filled": Case("INT(9) UNSIGNED ZEROFILL", [("42", Int64(42))]),
    "single": Case("FLOAT", [("16777217", 16777216.0), ("0.1", 0.1), ("3.4028234e38", 3.4028235e38)]),
    "dozen": Case("DOUBLE", [("0.1", 0.1), ("1e308", 1e308), ("5e-324", 5e-324)]),
    "exact": Case(
        "DECIMAL(34,4)",
        [("-1.1000", Decimal128("-1.1000")), ("123456789012345678901234567890.1234", Decimal128("123456789012345678901234567890.1234"))],
    ),
    "exact_unsigned": Case("DECIMAL(5,0) UNSIGNED", [("99999", Decimal128("99999"))]),
    "bit_one": Case("BIT(1)", [("b'1'", True), ("b'0'", False)]),
    "bit_nine": Case("BIT(9)", [("b'100000001'", b"\x01\x01")]),
    "bit_most": Case("BIT(64)", [("b'1" + "0" * 62 + "1'", b"\x80\0\0\0\0\0\0\x01")]),
    "fixed": Case("CHAR(5)", [("'ab '", "ab"), ("'é😀'", "é😀")]),
    "words": Case("VARCHAR(50)", [("'héllo 😀'", "héllo 😀"), ("''", "")]),
    "latin": Case("VARCHAR(9) CHARACTER SET latin1", [("'ñandú'", "ñandú")]),
    "much_text": Case("MEDIUMTEXT", [("repeat('ä', 70000)", "ä" * 70000)]),
    "fixed_bytes": Case("BINARY(4)", [("x'01020000'", b"\x01\x02\0\0"), ("x'00'", b"\0\0\0\0")]),
    "some_bytes": Case("VARBINARY(9)", [("x'00ff00'", b"\0\xff\0"), ("''", b"")]),
    "many_bytes": Case("BLOB", [("x'deadbeef'", b"\xde\xad\xbe\xef")]),
    "one_of": Case("ENUM('a', 'b,c', 'ü')", [("'b,c'", "b,c"), ("'ü'", "ü")]),
    "some_of": Case("SET('x', 'y', 'z')", [("'z,x'", ["x", "z"]), ("''", [])]),
    "days": Case("DATE", [("'2024-02-29'", day("2024-02-29")), ("'1000-01-01'", day("1000-01-01")), ("'9999-12-31'", day("9999-12-31"))]),
    "moments": Case(
        "DATETIME", [("'1582-10-10 12:00:00'", day("1582-10-10T12:00")), ("'9999-12-31 23:59:59'", day("9999-12-31T23:59:59"))]
    ),
    "fine_moments": Case("DATETIME(6)", [("'2024-02-29 12:34:56.789012'", day("2024-02-29T12:34:56.789"))]),
    "instants": Case(
        "TIMESTAMP(3) NULL",
        [("'2038-01-19 03:14:07.999'", day("2038-01-19T03:14:07.999")), ("'1970-01-01 00:00:01'", day("1970-01-01T00:00:01"))],
    ),
    "spans": Case("TIME", [("'-838:59:59'", "-838:59:59"), ("'25:00:00'", "25:00:00"), ("'00:00:00'", "00:00:00")]),
    "fine_spans": Case("TIME(6)", [("'12:34:56.000001'", "12:34:56.000001"), ("'-00:00:01.5'", "-00:00:01.500000")]),
    "years": Case("YEAR", [("2024", 2024), ("1901", 1901), ("2155", 2155)]),
    "places": Case("POINT", [("ST_GeomFromText('POINT(1 2)')", geometry("Point", [1.0, 2.0]))]),
    "routes": Case("LINESTRING", [("ST_GeomFromText('LINESTRING(0 0, 1 1)')", geometry("LineString", [[0.0, 0.0], [1.0, 1.0]]))]),
    "shapes": Case("GEOMETRY", [("ST_GeomFromText('POINT(1 2)', 3857)", geometry("Point", [1.0, 2.0]) | {"srid": 3857})]),
}
"""The values that both databases have; NULL is added to each."""

OF_MYSQL = {
    "documents": Case(
        "JSON",
        [
            (
                '\'{"a": 1.5, "b": [1, null], "c": 12345678901, "é": {}}\'',
                {"a": Decimal128("1.5"), "b": [1, None], "c": 12345678901, "é": {}},
            ),
            ("'3'", 3),
        ],
    )
}
OF_MARIADB = {
    "documents": Case("JSON", [("'{\"a\": 1.50}'", '{"a": 1.50}')]),
    "identities": Case("UUID", [("'123e4567-e89b-12d3-a456-426614174001'", None)]),
}


OFF_AFTER_A_SNAPSHOT = [("moments", day("1582-10-20T12:00"), day("1582-10-10T12:00"))]
"""What docs/sources/mysql.md tells of: the column, the snapshot's value, the right one."""


def cases_of(source: BinlogSource) -> dict[str, Case]:
    return CASES | (OF_MYSQL if source.server.name == "mysql" else OF_MARIADB)


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.title() for part in others)


def test_values_come_the_same_from_the_snapshot_and_from_the_log(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    cases = cases_of(binlog_source)
    columns = ", ".join(f"{name} {case.type}" for name, case in cases.items())
    binlog_source.run(f"CREATE TABLE everything (id INT PRIMARY KEY, {columns})")
    rows = max(len(case.values) for case in cases.values()) + 1  # the last is all NULL

    def insert(first: int) -> None:
        for place in range(rows):
            values = [case.values[place][0] if place < len(case.values) else "NULL" for case in cases.values()]
            binlog_source.run(f"INSERT INTO everything VALUES ({first + place}, {', '.join(values)})")

    insert(0)
    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    insert(100)
    jobs.complete(job_id)

    options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO)
    documents = {document["_id"]: document for document in target.get_collection("everything", options).find()}
    assert sorted(documents) == [*range(rows), *range(100, 100 + rows)]
    wrong = []
    for place in range(rows):
        for name, case in cases.items():
            expected = case.values[place][1] if place < len(case.values) else None
            read, told = (documents[first + place][camel(name)] for first in (0, 100))
            if expected is None and place < len(case.values):
                expected = read
                assert read is not None
            if (name, read, told) in OFF_AFTER_A_SNAPSHOT:
                read = told
            if not read == told == expected or type(read) is not type(told) or type(read) is not type(expected):
                wrong.append(
                    f"{name} {case.values[place][0] if place < len(case.values) else 'NULL'}: {read!r}, {told!r}, not {expected!r}"
                )
    assert not wrong, "\n".join(wrong)


def test_zero_dates_become_null(jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str) -> None:
    nullable = binlog_source.server.name == "mariadb"  # its connector has no remedy for columns that are not
    columns = "d DATE {0}, m DATETIME(6) {0}, t TIMESTAMP {0} DEFAULT CURRENT_TIMESTAMP".format("NULL" if nullable else "NOT NULL")
    zeros = "'0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00'"
    insert = f"INSERT INTO zero VALUES (%s, {zeros})"
    with binlog_source.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = ''")
        cursor.execute(f"CREATE TABLE zero (id INT PRIMARY KEY, {columns})")
        cursor.execute("INSERT INTO zero VALUES (0, '2024-01-01', '2024-01-01 00:00:00', '2024-01-01 00:00:00')")
        cursor.execute(insert, (1,))
        connection.commit()
        job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC"))
        jobs.wait_until_streaming(job_id)
        cursor.execute(insert, (2,))
        connection.commit()
    jobs.complete(job_id)

    first = day("2024-01-01")
    assert list(target["zero"].find().sort("_id", 1)) == [
        {"_id": 0, "d": first, "m": first, "t": first},
        {"_id": 1, "d": None, "m": None, "t": None},
        {"_id": 2, "d": None, "m": None, "t": None},
    ]


@pytest.mark.parametrize("value", ["9" * 35 + "." + "9" * 30])
def test_a_number_of_more_digits_than_decimal128_has_fails_the_job_with_its_column(
    jobs: JobClient, binlog_source: BinlogSource, target_url: str, value: str
) -> None:
    binlog_source.run("CREATE TABLE long_one (id INT PRIMARY KEY, n DECIMAL(65,30))", f"INSERT INTO long_one VALUES (1, {value})")
    job_id = jobs.post(binlog_request(binlog_source, target_url, "SNAPSHOT"))
    job = jobs.wait_for_status(job_id, "FAILED")
    assert "34" in json.dumps(job["failureError"])
    assert any(update.get("fieldName") == "n" for update in job["jobUpdates"])
    jobs.cancel(job_id)
