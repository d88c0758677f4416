"""PostgreSQL over TLS that proves who it is, and several hosts of which one answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict
from pymongo.database import Database
from tests.e2e.harness.certificates import Certificates, make_certificates
from tests.e2e.harness.client import JobClient, changes_seen, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.tls_front import tls_front
from tests.e2e.harness.traffic import fill

from stack.ports import LOOPBACK, free_ports
from stack.stack import Stack

ROWS = 300


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return make_certificates(tmp_path / "certificates")


@pytest.fixture
def front(source: SourceDatabase, certificates: Certificates) -> Iterator[int]:
    """The port at which the source is reached over TLS alone."""
    with tls_front(int(conninfo_to_dict(source.admin_dsn)["port"] or 0), certificates) as port:
        yield port


def request_at(source: SourceDatabase, target_url: str, mode: str, places: str) -> dict[str, Any]:
    """A request for the source at other hosts, with properties behind its name."""
    hosts, _, properties = places.partition("?")
    request = job_request(source, target_url, mode)
    request["jdbcConnectionDetails"]["url"] = f"jdbc:postgresql://{hosts}/{source.name}?{properties}"
    return request


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_a_job_follows_a_server_that_proves_who_it_is(
    stack: Stack,
    jobs: JobClient,
    source: SourceDatabase,
    front: int,
    certificates: Certificates,
    target: Database[Any],
    target_url: str,
    mode: str,
) -> None:
    fill(source, ROWS)
    trusted = "" if mode == "require" else f"&sslrootcert={certificates.authority}"
    request = request_at(source, target_url, "CDC", f"{LOOPBACK}:{front}?sslmode={mode}{trusted}")
    assert jobs.ask("POST", "/jobs/readiness", request)["ready"] is True
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)
    changes = source.run("DELETE FROM account WHERE id < 10")
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert (rows_seen(job), changes_seen(job)) == (ROWS, changes)
    assert left_behind(stack, source, target, job_id) == []


def test_a_server_that_cannot_prove_it_is_not_read(
    jobs: JobClient, source: SourceDatabase, front: int, tmp_path: Path, target: Database[Any], target_url: str
) -> None:
    others = make_certificates(tmp_path / "others")
    request = request_at(source, target_url, "SNAPSHOT", f"{LOOPBACK}:{front}?sslmode=verify-ca&sslrootcert={others.authority}")
    job = jobs.wait_for_status(jobs.post(request), "FAILED")
    assert job["failureError"]["errorType"] == "TLS"
    assert "sslrootcert" in job["failureError"]["message"]
    assert target.list_collection_names() == []


def test_of_several_hosts_the_one_that_answers_is_followed(
    stack: Stack, jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    fill(source, ROWS)
    places = f"{LOOPBACK}:{free_ports(1)[0]},{LOOPBACK}:{conninfo_to_dict(source.admin_dsn)['port']}?targetServerType=primary"
    job_id = jobs.post(request_at(source, target_url, "CDC", places))
    jobs.wait_until_streaming(job_id)
    changes = source.run("DELETE FROM account WHERE id < 10")
    job = jobs.complete(job_id)

    expect_documents_equal_rows(source, target, {"account": "account"})
    assert (rows_seen(job), changes_seen(job)) == (ROWS, changes)
    assert left_behind(stack, source, target, job_id) == []
