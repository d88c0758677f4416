"""MySQL and MariaDB that speak to nobody but over TLS, and several hosts of which one answers."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from pymongo.database import Database
from tests.e2e.harness.binlog_source import (
    BinlogSource,
    binlog_request,
    drop_binlog_source,
    expect_accounts_equal,
    fill_accounts,
    make_binlog_source,
)
from tests.e2e.harness.certificates import STORE_PASSWORD, Certificates, make_certificates
from tests.e2e.harness.client import JobClient, changes_seen, rows_seen
from tests.e2e.harness.leftovers import left_elsewhere

from stack.layout import Layout
from stack.mysql import BinlogServer, MariaDB, MySQL
from stack.ports import LOOPBACK, free_ports
from stack.stack import Stack

ROWS = 300


@pytest.fixture(scope="module")
def certificates(annex: Layout) -> Certificates:
    return make_certificates(annex.home.parent / "certificates")


@pytest.fixture(scope="module", params=[MySQL, MariaDB], ids=["mysql", "mariadb"])
def tls_server(request: pytest.FixtureRequest, annex: Layout, stack: Stack, certificates: Certificates) -> Iterator[BinlogServer]:
    """A server that takes no connection but over TLS."""
    settings = {
        "ssl-ca": certificates.authority,
        "ssl-cert": certificates.certificate,
        "ssl-key": certificates.key,
        "require-secure-transport": "ON",
    }
    made: type[BinlogServer] = request.param
    server = made(free_ports(1)[0], annex, stack.mysql.cache, name=f"{made.scheme}-tls", settings=settings)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def tls_source(tls_server: BinlogServer) -> Iterator[BinlogSource]:
    made = make_binlog_source(tls_server, "over_tls")
    fill_accounts(made, ROWS)
    yield made
    drop_binlog_source(made)


def url(source: BinlogSource, mode: str, store: Path | None = None) -> str:
    """The database's address with what is asked of TLS."""
    trusted = "" if store is None else f"&trustCertificateKeyStoreUrl=file:{store}&trustCertificateKeyStorePassword={quote(STORE_PASSWORD)}"
    return f"{source.server.jdbc_url(source.name)}?sslMode={mode}{trusted}"


@pytest.mark.parametrize("mode", ["REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"])
def test_a_job_follows_a_server_that_proves_who_it_is(
    stack: Stack,
    jobs: JobClient,
    tls_source: BinlogSource,
    certificates: Certificates,
    target: Database[dict[str, object]],
    target_url: str,
    mode: str,
) -> None:
    store = certificates.store if mode != "REQUIRED" else None
    request = binlog_request(tls_source, target_url, "CDC", url=url(tls_source, mode, store))
    assert [check for check in jobs.ask("POST", "/jobs/readiness", request)["checks"] if check["severity"] == "ERROR"] == []
    job_id = jobs.post(request)
    jobs.wait_until_streaming(job_id)
    changes = tls_source.run("UPDATE account SET balance = balance + 1", "DELETE FROM account WHERE id <= 10")
    job = jobs.complete(job_id)

    expect_accounts_equal(tls_source, target)
    assert (rows_seen(job), changes_seen(job)) == (ROWS, changes)
    assert left_elsewhere(stack, target, job_id) == []


def test_a_server_that_cannot_prove_it_is_not_read(
    jobs: JobClient, tls_source: BinlogSource, annex: Layout, target: Database[dict[str, object]], target_url: str
) -> None:
    others = make_certificates(annex.home.parent / "other-certificates")
    without = "TLS" if tls_source.server.scheme == "mysql" else "WRONG_PASSWORD"  # which is what MariaDB says
    for asked, code in ((url(tls_source, "VERIFY_CA", others.store), "TLS"), (url(tls_source, "DISABLED"), without)):
        job = jobs.wait_for_status(jobs.post(binlog_request(tls_source, target_url, "SNAPSHOT", url=asked)), "FAILED")
        assert job["failureError"]["errorType"] == code
        assert "sslMode" in job["failureError"]["message"]
        assert STORE_PASSWORD not in str(job)
    assert target.list_collection_names() == []


def test_of_several_hosts_the_one_that_answers_is_followed(
    stack: Stack, jobs: JobClient, binlog_source: BinlogSource, target: Database[dict[str, object]], target_url: str
) -> None:
    fill_accounts(binlog_source, ROWS)
    dead = f"{LOOPBACK}:{free_ports(1)[0]}"
    several = binlog_source.server.jdbc_url(binlog_source.name).replace("//", f"//{dead},", 1)
    job_id = jobs.post(binlog_request(binlog_source, target_url, "CDC", url=several))
    jobs.wait_until_streaming(job_id)
    changes = binlog_source.run("UPDATE account SET balance = 0")
    job = jobs.complete(job_id)

    expect_accounts_equal(binlog_source, target)
    assert (rows_seen(job), changes_seen(job)) == (ROWS, changes)
    assert left_elsewhere(stack, target, job_id) == []
