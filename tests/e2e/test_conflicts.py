"""Jobs that would get into each other's way are refused, and those that run are unharmed."""

from typing import Any

import pytest
from pymongo.database import Database
from tests.e2e.harness.client import JobClient, RefusedError, changes_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import expect_nothing_left_soon, left_behind
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.traffic import fill

from stack.stack import Stack


def test_a_project_has_one_active_job_and_the_refusal_names_it(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 50)
    first = jobs.post(job_request(source, target_url, "CDC"))

    with pytest.raises(RefusedError) as refused:
        jobs.post(job_request(source, target_url + "_other", "SNAPSHOT"))

    assert refused.value.status == 470
    assert refused.value.body["jobId"] == first
    jobs.wait_until_streaming(first)
    jobs.complete(first)
    second = jobs.post(job_request(source, target_url, "SNAPSHOT"))
    jobs.wait_for_status(second, "COMPLETED")
    expect_documents_equal_rows(source, target, {"account": "account"})


def test_a_job_that_would_write_a_collection_of_another_is_refused_and_the_other_is_unharmed(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, 500)
    first = jobs.post(job_request(source, target_url, "CDC", project="the-first"))
    jobs.wait_until_streaming(first)
    source.run("UPDATE account SET balance = 1 WHERE id < 10")

    request = job_request(source, target_url, "CDC", project="the-second")
    request["options"]["dropCollections"] = True
    second = jobs.post(request)
    job = jobs.wait_for_status(second, "FAILED")

    assert job["failureError"]["setupError"]
    assert "account" in job["failureError"]["message"]
    assert first in job["failureError"]["message"]
    expect_nothing_left_soon(stack, source, target, second)
    source.run("UPDATE account SET balance = 2 WHERE id BETWEEN 5 AND 20")
    ended = jobs.complete(first)
    expect_documents_equal_rows(source, target, {"account": "account"})
    assert changes_seen(ended) == 9 + 16
    assert left_behind(stack, source, target, first) == []
