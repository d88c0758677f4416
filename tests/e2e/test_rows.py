"""Rows of every shape become documents that equal them, read in the snapshot or changed afterwards."""

from typing import Any

from pymongo.database import Database
from tests.e2e.harness.client import JobClient, changes_seen, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase

TYPES = """
CREATE TYPE mood AS ENUM ('sad', 'so so', 'glücklich');
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE everyday (
    id int PRIMARY KEY,
    tiny smallint, large bigint, yes boolean, one_bit bit(1), eight_bits bit(8), twelve_bits bit(12),
    amount numeric(12, 2), any_number numeric, price money, single real, exact double precision,
    long_text text, short_text varchar(20), padded char(6), feeling mood,
    day date, moment timestamp, moment_ms timestamp(3), moment_s timestamp(0), instant timestamptz, clock time,
    token uuid, settings jsonb, raw_settings json, address inet, hardware macaddr, span int4range, search tsvector,
    tags text[], numbers int[], bigs bigint[], prices numeric(8, 3)[], moods mood[], tokens uuid[], flags boolean[],
    content bytea, place point, embedding vector(3),
    defaulted int DEFAULT 7, "_id" text
);
"""
FULL = """(
    -32768, 9223372036854775807, true, B'1', B'10100101', B'101000001111',
    1234567890.10, 12345678901234567890.12345678901234, '$1,234.56', 1.1, 0.1,
    E'line\\nwith \\u00e9 and "quotes" },"payload":{', 'short', 'ab', 'glücklich',
    '2024-02-29', '2024-02-29 23:59:59.123456', '1969-12-31 23:59:59.999', '2024-01-01', '2024-03-31 02:30:00.5+02', '12:34:56.789012',
    '0e37df36-f698-11e6-8dd4-cb9ced3df976', '{"a": [1, 2.50, null, {"b": 3000000000}], "c": {}, "$d": "x.y", "e.f": true}', '[1,"two"]',
    '192.168.0.1', '08:00:2b:01:02:03', '[1,10)', 'a fat cat',
    '{a,"b c",NULL,"d,e"}', '{1,NULL,3}', '{9000000000}', '{1.5,2.25}', '{sad,"so so"}',
    '{0e37df36-f698-11e6-8dd4-cb9ced3df976}', '{t,f,NULL}',
    '\\x00ff10', '(1.5,-2)', '[1,2.5,-3]', 8, 'an id of its own'
)"""
EXTREME = """(
    0, -9223372036854775808, false, B'0', B'00000000', B'000000000001',
    -0.01, 'NaN', '-$0.01', 'Infinity', '-Infinity',
    '', '', '', 'sad',
    '0001-01-01', '0001-01-01 00:00:00', '9999-12-31 23:59:59.999', '1583-01-01 00:00:00', '9999-12-31 23:59:59.999+00', '00:00:00',
    '00000000-0000-0000-0000-000000000000', '"just text"', '1', '::1', 'ff:ff:ff:ff:ff:ff', 'empty', '',
    '{}', '{}', '{}', '{}', '{}', '{}', '{}', '\\x', '(0,0)', '[0,0,0]', 0, ''
)"""
TOAST = "repeat(md5(({})::text), 120)"


def test_the_everyday_types_arrive_without_loss_from_the_snapshot_and_from_changes(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.admin("CREATE EXTENSION IF NOT EXISTS vector")
    source.run(TYPES, *_insert_types(1))
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)

    changes = source.run(
        *_insert_types(11),
        "UPDATE everyday SET yes = NOT yes, any_number = 0.000, defaulted = NULL, tags = array['x'] WHERE id IN (1, 11)",
        "UPDATE everyday SET day = NULL, moment = NULL, settings = NULL, numbers = NULL, content = NULL, place = NULL WHERE id = 12",
    )
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"everyday": "everyday"})
    assert changes_seen(job) == changes


def test_tables_of_one_name_in_two_schemas_have_a_collection_each(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE SCHEMA sales", 'CREATE SCHEMA "Back Office"')
    for schema in ("sales", '"Back Office"'):
        source.run(f"CREATE TABLE {schema}.item (id int PRIMARY KEY, text text)", f"INSERT INTO {schema}.item VALUES (1, '{schema[:5]}')")
    source.run("CREATE TABLE sales.only_here (id int PRIMARY KEY)", "INSERT INTO sales.only_here VALUES (5)")
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    source.run(
        "INSERT INTO sales.item VALUES (2, 'x')", "UPDATE \"Back Office\".item SET text = 'y'", "DELETE FROM sales.item WHERE id = 1"
    )
    jobs.complete(job_id)

    collections = {"sales.item": "salesItem", '"Back Office".item': "backOfficeItem", "sales.only_here": "onlyHere"}
    expect_documents_equal_rows(source, target, collections)


def test_names_of_every_kind_become_fields_and_collections(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        'CREATE TABLE "Order Größe" ("Primary Key" int PRIMARY KEY, "select" text, "HTTPStatus" text, "CUSTOMER_ID" int, "naïve col" text)',
        """INSERT INTO "Order Größe" VALUES (1, 'a', 'b', 2, 'c'), (2, NULL, NULL, NULL, NULL)""",
        'CREATE TABLE "user" ("$ref" text, "a.b" text, "from" int PRIMARY KEY, "日本" text, _x int, a__b int)',
        """INSERT INTO "user" VALUES ('dollar', 'dot', 1, 'japan', 1, 2)""",
        'CREATE TABLE "a b" (id int PRIMARY KEY, one text)',
        'CREATE TABLE "a.b" (id int PRIMARY KEY, two text)',
        """INSERT INTO "a b" VALUES (1, 'space')""",
        """INSERT INTO "a.b" VALUES (1, 'dot')""",
    )
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    changes = source.run(
        """UPDATE "Order Größe" SET "HTTPStatus" = 'd', "naïve col" = 'e' WHERE "Primary Key" = 2""",
        """INSERT INTO "user" ("$ref", "a.b", "from") VALUES ('$new', 'x', 2)""",
        """UPDATE "user" SET "$ref" = '$changed', "a.b" = NULL WHERE "from" = 1""",
        """INSERT INTO "a b" VALUES (2, 'space again')""",
        """UPDATE "a.b" SET two = 'dot again'""",
    )
    job = jobs.complete(job_id)

    collections = {'"Order Größe"': "orderGröße", '"user"': "user", '"a b"': "aB", '"a.b"': "a.b"}
    expect_documents_equal_rows(source, target, collections)
    assert target["orderGröße"].find_one({"_id": 2}) == {
        "_id": 2,
        "select": None,
        "httpStatus": "d",
        "customerId": None,
        "naïveCol": "e",
    }
    assert changes_seen(job) == changes


def test_keys_of_several_columns_and_keys_that_change_move_their_documents(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE line (order_id bigint, line_no smallint, sku text, PRIMARY KEY (line_no, order_id))",
        "INSERT INTO line SELECT n / 3, n % 3, 'sku ' || n FROM generate_series(3, 60) AS n",
        "CREATE TABLE place (id int, text text, CONSTRAINT place_key PRIMARY KEY (id))",
        "INSERT INTO place SELECT n, 'text ' || n FROM generate_series(1, 40) AS n",
        "CREATE TABLE token (id uuid PRIMARY KEY, day date)",
        "INSERT INTO token SELECT md5(n::text)::uuid, date '2024-01-01' + n FROM generate_series(1, 20) AS n",
    )
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    changes = source.run(
        "UPDATE line SET line_no = line_no + 10 WHERE order_id < 5",
        "UPDATE place SET id = id + 1000 WHERE id <= 10",
        "DELETE FROM line WHERE line_no = 11 AND order_id = 2",
        "UPDATE token SET id = md5('new ' || day)::uuid WHERE day < '2024-01-05'",
    )
    changes += source.transact(
        "UPDATE place SET id = -1 WHERE id = 20", "UPDATE place SET id = 20 WHERE id = 21", "UPDATE place SET id = 21 WHERE id = -1"
    )
    changes += source.transact("DELETE FROM place WHERE id = 30", "INSERT INTO place VALUES (30, 'born again')")
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"line": "line", "place": "place", "token": "token"})
    assert changes_seen(job) == changes


def test_a_value_too_long_to_be_told_again_stays_when_other_columns_change(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE book (id int PRIMARY KEY, title text, body text, body_2 text)",
        "ALTER TABLE book ALTER body SET STORAGE EXTERNAL, ALTER body_2 SET STORAGE EXTERNAL",
        f"INSERT INTO book SELECT n, 'title ' || n, {TOAST.format('n')}, {TOAST.format('-n')} FROM generate_series(1, 30) AS n",
    )
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    changes = source.run(
        "UPDATE book SET title = 'changed' WHERE id <= 10",
        f"UPDATE book SET body = {TOAST.format('id + 1000')} WHERE id BETWEEN 5 AND 15",
        "UPDATE book SET body = NULL WHERE id = 16",
        "UPDATE book SET id = id + 100 WHERE id IN (20, 21)",
        "UPDATE book SET title = 'changed again' WHERE id IN (8, 120)",
    )
    changes += source.transact("UPDATE book SET id = 500 WHERE id = 25", "UPDATE book SET title = 'moved, then changed' WHERE id = 500")
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"book": "book"})
    assert changes_seen(job) == changes
    assert rows_seen(job) == 30


def test_a_column_that_is_unique_but_may_be_null_is_no_key(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE coupon (id int PRIMARY KEY, code text UNIQUE)",
        "INSERT INTO coupon VALUES (1, NULL), (2, NULL), (3, 'three'), (4, 'four')",
        "CREATE TABLE draft (code text UNIQUE, note text)",
        "INSERT INTO draft VALUES (NULL, 'a'), (NULL, 'b'), ('c', 'c')",
    )
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    changes = source.run(
        "INSERT INTO coupon VALUES (5, NULL), (6, 'six')",
        "UPDATE coupon SET code = NULL WHERE id IN (3, 6)",
        "UPDATE coupon SET code = 'three' WHERE id = 1",
        "DELETE FROM coupon WHERE id = 2",
        "INSERT INTO draft VALUES (NULL, 'a'), (NULL, NULL), ('d', 'd')",
    )
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"coupon": "coupon", "draft": "draft"})
    assert (rows_seen(job), changes_seen(job)) == (7, changes)


def test_many_changes_of_one_row_in_one_transaction_come_to_its_last_state(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE counter (id int PRIMARY KEY, value int NOT NULL, body text)",
        "ALTER TABLE counter ALTER body SET STORAGE EXTERNAL",
        f"INSERT INTO counter SELECT n, 0, {TOAST.format('n')} FROM generate_series(1, 3) AS n",
    )
    job_id = jobs.post(job_request(source, target_url, "CDC"))
    jobs.wait_until_streaming(job_id)
    count = ["UPDATE counter SET value = value + 1 WHERE id = 1"] * 300
    changes = source.transact(
        *count, "UPDATE counter SET id = 10 WHERE id = 1", "UPDATE counter SET id = 1, value = -value WHERE id = 10", *count
    )
    changes += source.transact(
        "DELETE FROM counter WHERE id = 2", *(["INSERT INTO counter VALUES (2, 7)", "DELETE FROM counter WHERE id = 2"] * 50)
    )
    changes += source.transact(
        "DELETE FROM counter WHERE id = 3",
        f"INSERT INTO counter SELECT 3, 5, {TOAST.format('-id')} FROM counter WHERE id = 1",
        *(["UPDATE counter SET value = value * 2 WHERE id = 3"] * 10),
    )
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"counter": "counter"})
    assert [(document["_id"], document["value"]) for document in target["counter"].find(sort=[("_id", 1)])] == [(1, 0), (3, 5120)]
    assert changes_seen(job) == changes


def test_a_table_of_100_000_rows_arrives_whole(jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str) -> None:
    source.run(
        "CREATE TABLE reading (sensor int, at timestamptz, value double precision, note text, id bigint PRIMARY KEY)",
        "INSERT INTO reading SELECT n % 97, timestamptz '2020-01-01+00' + n * interval '1.001 s', sqrt(n), left(md5(n::text), n % 9),"
        " n FROM generate_series(1, 100000) AS n",
    )
    job_id = jobs.post(job_request(source, target_url, "SNAPSHOT"))
    job = jobs.wait_for_status(job_id, "COMPLETED", 240)

    expect_documents_equal_rows(source, target, {"reading": "reading"})
    assert rows_seen(job) == 100_000


def _insert_types(first_id: int) -> list[str]:
    full, extreme = FULL.strip()[1:], EXTREME.strip()[1:]
    return [
        f"INSERT INTO everyday VALUES ({first_id}, {full}",
        f"INSERT INTO everyday VALUES ({first_id + 1}, {extreme}",
        f"INSERT INTO everyday (id, defaulted) VALUES ({first_id + 2}, NULL)",
    ]
