"""What a project chooses is what its jobs do: which tables they take, and how documents are written."""

from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.harness.client import JobClient, RefusedError, changes_seen, codes, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.oracle import Style
from tests.e2e.harness.requests import job_request, own_reader_request
from tests.e2e.harness.rest import ask_connect
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import WIDE

from stack.stack import Stack

OWN_NAMES = Style(source_names=True)
NO_NULLS = Style(omitted_nulls=True)
BOTH = Style(source_names=True, omitted_nulls=True)


def collections(target: Database[Any]) -> set[str]:
    """The collections of a job."""
    return set(target.list_collection_names(filter={"name": {"$regex": "^(?!_rowstream)"}}))


def test_only_the_tables_that_the_project_takes_are_looked_at_read_and_followed(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run("CREATE SCHEMA archive")
    for table in ("public.orders", "public.customer", "archive.orders", "public.audit_1"):
        source.run(f"CREATE TABLE {table} (id int PRIMARY KEY, text text)", f"INSERT INTO {table} VALUES (1, 'a'), (2, 'b')")
    source.run("CREATE TABLE keyless (text text)", "INSERT INTO keyless VALUES ('x')", "CREATE TABLE unreadable (id int, prices money[])")
    request = job_request(source, target_url, "CDC")
    assert "COLUMN_TYPE" in {check["check"] for check in jobs.ask("POST", "/jobs/readiness", request)["checks"]}
    left_out = ["public.audit_*", "public.keyless", "public.unreadable", "x.*"]
    jobs.write_project(request, tables={"include": ["public.*"], "exclude": left_out})

    readiness = jobs.ask("POST", "/jobs/readiness", request)
    assert readiness["ready"] is True
    assert [check["check"] for check in readiness["checks"] if check["severity"] == "WARNING"] == ["TABLE_NOT_FOUND"]
    preview = jobs.ask("POST", "/jobs/preview", request)
    assert {table["table"]: table["collection"] for table in preview["tables"]} == {
        "public.customer": "customer",
        "public.orders": "orders",
    }
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)
    jobs.write_project(request)
    assert (collections(target), codes(jobs.get(job_id), "WARNING")) == ({"orders", "customer"}, ["TABLE_NOT_FOUND"])
    assert ask_connect(stack, f"/connectors/rowstream_{job_id}_g1/config")["table.include.list"].count(",") == 1

    source.run("UPDATE keyless SET text = 'y'", "DELETE FROM keyless", "UPDATE archive.orders SET text = 'z'")
    source.run("CREATE TABLE audit_2 (id int PRIMARY KEY)", "CREATE TABLE late (id int PRIMARY KEY)", "INSERT INTO late VALUES (1)")
    jobs.wait(job_id, "the new table is told", lambda job: "NEW_TABLE" in codes(job))
    seen = source.run("UPDATE customer SET text = 'c' WHERE id = 2")  # the capture starts again from here, after the new table's first row
    jobs.wait(job_id, "the change is counted", lambda job: changes_seen(job) == seen)
    for name in ("archive.orders", "public.audit_2"):
        with pytest.raises(RefusedError) as refused:
            jobs.refresh(job_id, "public.late", name)
        assert refused.value.status == 409
        assert name in refused.value.body["description"]
    jobs.refresh(job_id, "public.late", "public.orders")
    jobs.wait_until_refreshed(job_id)
    seen += source.run("INSERT INTO late VALUES (2)", "UPDATE customer SET id = 3 WHERE id = 1", "DELETE FROM orders WHERE id = 1")
    job = jobs.complete(job_id)

    settings = f"By the settings of project {request['projectId']}: 2 of 6 tables, names CAMEL_CASE, nulls KEEP"
    assert settings in [update["message"] for update in job["jobUpdates"]]
    told = [update["locationName"] for update in job["jobUpdates"] if update.get("errorCode") == "NEW_TABLE"]
    assert told == ["public.late"]
    expect_documents_equal_rows(source, target, {"orders": "orders", "customer": "customer", "late": "late"})
    assert (rows_seen(job), changes_seen(job)) == (5, seen)
    assert left_behind(stack, source, target, job_id) == []


@pytest.mark.parametrize(
    ("tables", "named"),
    [
        ({"include": ["public.costumer", "public.customer"]}, "public.costumer"),
        ({"exclude": ["PUBLIC.customer"]}, "The source has public.customer"),
        ({"include": ["public.customer"], "exclude": ["*"]}, "leave no table"),
    ],
    ids=["misspelt", "in other letters", "nothing left"],
)
def test_a_choice_that_means_no_table_fails_the_job_with_advice(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str, tables: dict[str, Any], named: str
) -> None:
    source.run("CREATE TABLE customer (id int PRIMARY KEY)")
    request = job_request(source, target_url, "SNAPSHOT")
    jobs.write_project(request, tables=tables)
    (error,) = [check for check in jobs.ask("POST", "/jobs/readiness", request)["checks"] if check["severity"] == "ERROR"]
    with pytest.raises(RefusedError) as refused:
        jobs.ask("POST", "/jobs/preview", request)
    job_id = jobs.post(request)
    job = jobs.wait_for_status(job_id, "FAILED")

    assert refused.value.status == 409
    assert job["failureError"]["setupError"] is True
    assert job["failureError"]["errorType"] == error["check"]
    for told in (job["failureError"]["message"], f"{error['message']}. {error['suggestion']}"):
        assert named in told
        assert "PUT /api/v1/projects" in told
    assert left_behind(stack, source, target, job_id) == []


def test_under_the_sources_own_names_every_change_finds_its_document(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE SCHEMA sales",
        'CREATE TABLE "Order_Line" ("Order_ID" int, line_no int, some_text text, "someText" text, "_id" text,'
        ' PRIMARY KEY ("Order_ID", line_no))',
        'CREATE TABLE "order_line" ("a.b" int PRIMARY KEY, "$x" text, long_text text)',
        "ALTER TABLE order_line ALTER long_text SET STORAGE EXTERNAL",
        "CREATE TABLE item (item_no int PRIMARY KEY, full_name text)",
        "CREATE TABLE sales.item (item_no int PRIMARY KEY, full_name text)",
        """INSERT INTO "Order_Line" SELECT n, n % 3, 'a', NULL, 'own' FROM generate_series(1, 50) AS n""",
        f"INSERT INTO order_line SELECT n, 'x', repeat('y', {WIDE}) FROM generate_series(1, 50) AS n",
        "INSERT INTO item VALUES (1, 'one'), (2, 'two')",
        "INSERT INTO sales.item VALUES (1, 'one of sales')",
    )
    request = job_request(source, target_url, "CDC")
    assert not jobs.ask("POST", "/jobs/readiness", request)["ready"], "in camelCase these names collide"
    jobs.write_project(request, names="SOURCE")
    assert jobs.ask("POST", "/jobs/readiness", request)["ready"] is True
    preview = jobs.ask("POST", "/jobs/preview", request)
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)

    names = {'"Order_Line"': "Order_Line", "order_line": "order_line", "public.item": "public.item", "sales.item": "sales.item"}
    assert {table["collection"] for table in preview["tables"]} == collections(target) == set(names.values())
    changes = source.run(
        """UPDATE "Order_Line" SET line_no = 7, "_id" = NULL WHERE "Order_ID" < 10""",
        """UPDATE "order_line" SET "$x" = NULL WHERE "a.b" < 20""",
        """UPDATE "order_line" SET "a.b" = "a.b" + 100, "$x" = 'moved' WHERE "a.b" < 5""",
        """DELETE FROM "Order_Line" WHERE "Order_ID" > 40""",
        "UPDATE sales.item SET full_name = 'changed'",
    )
    jobs.wait_for_changes(job_id, changes)
    expect_documents_equal_rows(source, target, names, OWN_NAMES)

    target["Order_Line"].insert_one({"_id": {"orderId": 1, "lineNo": 7}})
    target["Order_Line"].delete_one({"_id": {"Order_ID": 11, "line_no": 2}})
    source.run("CREATE TABLE new_one (new_id int PRIMARY KEY)", "INSERT INTO new_one VALUES (1)")
    jobs.refresh(job_id, "public.Order_Line", "public.new_one")
    jobs.wait_until_refreshed(job_id)
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {**names, "new_one": "new_one"}, OWN_NAMES)
    assert "ORPHANS_REMOVED" in codes(job, "WARNING")
    assert changes_seen(job) == changes


def test_two_columns_that_would_be_one_field_fail_the_job_under_either_names(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run('CREATE TABLE thing (id int PRIMARY KEY, "_id" int, "_id_" int)')
    request = job_request(source, target_url, "SNAPSHOT")
    for names in ("CAMEL_CASE", "SOURCE"):
        jobs.write_project(request, names=names)
        job = jobs.wait_for_status(jobs.post(request), "FAILED")
        assert '"_id_"' in job["failureError"]["message"]


def test_omitted_nulls_leave_documents_whatever_change_makes_them(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    columns = "small int, small_text text, long_text text, doc jsonb, numbers int[]"
    storage = [f"ALTER TABLE {table} ALTER long_text SET STORAGE EXTERNAL" for table in ("keyed", "bag", "late")]
    wide = f"repeat('x', {WIDE})"
    source.run(
        f"CREATE TABLE keyed (id int PRIMARY KEY, {columns})",
        f"CREATE TABLE late (id int, {columns}, CONSTRAINT late_key PRIMARY KEY (id) DEFERRABLE)",
        f"CREATE TABLE bag ({columns})",
        *storage,
        *(f"ALTER TABLE {table} REPLICA IDENTITY FULL" for table in ("late", "bag")),
        *(
            f"INSERT INTO {table} SELECT n, NULLIF(n % 3, 0), NULL, {wide}, CASE n % 2 WHEN 0 THEN 'null'::jsonb END, '{{1,NULL}}' "
            "FROM generate_series(1, 40) AS n"
            for table in ("keyed", "late")
        ),
        f"INSERT INTO bag SELECT NULLIF(n % 3, 0), NULL, {wide}, '{{\"a\": null}}', NULL FROM generate_series(1, 40) AS n",
    )
    request = job_request(source, target_url, "CDC")
    jobs.write_project(request, nulls="OMIT")
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)
    collections_of = {"keyed": "keyed", "late": "late", "bag": "bag"}
    expect_documents_equal_rows(source, target, collections_of, NO_NULLS)

    changes = source.run(
        *(
            statement
            for table in ("keyed", "late")
            for statement in (
                f"UPDATE {table} SET small = NULL, doc = NULL WHERE id < 10",  # the long text is not told
                f"UPDATE {table} SET small_text = 'now there', long_text = NULL WHERE id BETWEEN 5 AND 15",
                f"UPDATE {table} SET id = id + 1000, numbers = NULL WHERE id BETWEEN 12 AND 20",  # moves, with and without it
                f"INSERT INTO {table} VALUES (500, NULL, NULL, NULL, NULL, NULL), (501, 1, NULL, {wide}, '[null]', '{{}}')",
                f"UPDATE {table} SET small = 5, long_text = {wide} WHERE id = 500",
            )
        ),
        "UPDATE bag SET small = NULL WHERE ctid IN (SELECT ctid FROM bag WHERE small = 1 LIMIT 3)",
        "UPDATE bag SET small_text = 'now there', long_text = NULL WHERE ctid IN (SELECT ctid FROM bag WHERE small = 2 LIMIT 5)",
        "DELETE FROM bag WHERE ctid IN (SELECT ctid FROM bag WHERE small IS NULL LIMIT 4)",
        "INSERT INTO bag VALUES (NULL, NULL, NULL, NULL, NULL), (NULL, NULL, NULL, NULL, NULL)",
        "DELETE FROM bag WHERE ctid IN (SELECT ctid FROM bag WHERE doc IS NULL LIMIT 1)",
    )
    changes += source.transact("UPDATE late SET id = id + 1 WHERE id BETWEEN 25 AND 40", "UPDATE late SET small = NULL WHERE id = 26")
    jobs.wait_for_changes(job_id, changes)
    expect_documents_equal_rows(source, target, collections_of, NO_NULLS)

    source.run("ALTER TABLE bag ADD added int", "ALTER TABLE keyed ADD added int DEFAULT 5")
    changes += source.run(
        "UPDATE bag SET added = 1 WHERE ctid IN (SELECT ctid FROM bag WHERE small = 1 LIMIT 1)",
        "DELETE FROM bag WHERE ctid IN (SELECT ctid FROM bag WHERE added IS NULL AND small = 1 LIMIT 1)",
        "UPDATE keyed SET added = NULL WHERE id < 5",
    )
    jobs.refresh(job_id, "public.keyed", "public.late")
    jobs.wait_until_refreshed(job_id)
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, collections_of, NO_NULLS)
    assert changes_seen(job) == changes
    assert left_behind(stack, source, target, job_id) == []


def test_rowstreams_own_reader_heeds_the_project(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    source.run(
        "CREATE TABLE order_line (order_id int, line_no int, unit_price numeric, some_text text, PRIMARY KEY (order_id, line_no))",
        "INSERT INTO order_line SELECT n, n % 3, NULLIF(n % 4, 0), NULL FROM generate_series(1, 500) AS n",
        "CREATE TABLE not_taken (id int PRIMARY KEY)",
        "INSERT INTO not_taken VALUES (1)",
    )
    request = own_reader_request(source, target_url)
    jobs.write_project(request, tables={"include": ["public.order*"]}, names="SOURCE", nulls="OMIT")
    assert [table["collection"] for table in jobs.ask("POST", "/jobs/preview", request)["tables"]] == ["order_line"]
    job_id = jobs.post(request)
    job = jobs.wait_for_status(job_id, "COMPLETED")

    assert collections(target) == {"order_line"}
    expect_documents_equal_rows(source, target, {"order_line": "order_line"}, BOTH)
    assert rows_seen(job) == 500
    assert left_behind(stack, source, target, job_id) == []
