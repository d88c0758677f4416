"""No password of a job stands anywhere it could be read."""

import base64
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.database import Database
from tests.e2e.conftest import MakeService
from tests.e2e.harness.client import JobClient
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.rest import ask_connect
from tests.e2e.harness.service import Service
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.topic import latest_records

from stack.connect import PROPERTIES
from stack.stack import Stack

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


@pytest.fixture
def mongodb_password(stack: Stack, target_name: str) -> Iterator[str]:
    """The password of a MongoDB user named like the target."""
    password = "pw/" + secrets.token_urlsafe(18)
    with MongoClient[Any](stack.connections.control_url) as client:
        client.admin.command("createUser", target_name, pwd=password, roles=["root"])
        yield password
        client.admin.command("dropUser", target_name)


def test_passwords_are_nowhere_to_be_read_while_a_job_runs_after_it_failed_and_after_it_has_ended(
    stack: Stack,
    make_service: MakeService,
    source: SourceDatabase,
    target: Database[Any],
    target_url: str,
    mongodb_password: str,
) -> None:
    source.run("CREATE TABLE thing (id int PRIMARY KEY)", "INSERT INTO thing SELECT generate_series(1, 10)")
    wrong = "wrong-" + secrets.token_urlsafe(18)
    service = make_service(ROWSTREAM_LOG_LEVEL="DEBUG")
    service.start()
    jobs = JobClient(service)
    url = target_url.replace("mongodb://", f"mongodb://{target.name}:{quote(mongodb_password, safe='')}@") + "&authSource=admin"
    passwords = [source.password, mongodb_password, wrong]

    in_url = job_request(source, url, "SNAPSHOT", url=f"{source.jdbc_url}?user={source.role}&password={wrong}")
    del in_url["jdbcConnectionDetails"]["user"], in_url["jdbcConnectionDetails"]["password"]
    jobs.wait_for_status(jobs.post(in_url), "FAILED")
    job_id = jobs.post(job_request(source, url, "CDC"))
    jobs.wait_until_streaming(job_id)
    found_while_streaming = _found(passwords, stack, service, jobs, target)
    source.admin(f"SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name LIKE '%{job_id}%'")
    source.run("INSERT INTO thing VALUES (11)")
    jobs.wait_for_changes(job_id, 1)
    jobs.complete(job_id)

    assert target["thing"].count_documents({}) == 11
    assert found_while_streaming == []
    assert _found(passwords, stack, service, jobs, target) == []
    assert _sealed(service) == []


def _found(passwords: list[str], stack: Stack, service: Service, jobs: JobClient, target: Database[Any]) -> list[str]:
    """The places in which any of the passwords stands, in any of the usual spellings."""
    spelt = {spelling.encode() for password in passwords for spelling in _spellings(password)}
    return [place for place, content in _places(stack, service, jobs, target) if any(each in content for each in spelt)]


def _spellings(password: str) -> set[str]:
    return {password, quote(password, safe=""), base64.b64encode(password.encode()).decode().rstrip("=")[:-1]}


def _places(stack: Stack, service: Service, jobs: JobClient, target: Database[Any]) -> Iterator[tuple[str, bytes]]:
    yield "the API's answers", str([jobs.get(job["id"]) for job in jobs.ask("GET", "/jobs")["jobs"]]).encode()
    yield "the service's log", service.log.read_bytes()
    for log in (stack.layout.home / "logs").iterdir():
        yield f"the log {log.name}", log.read_bytes()
    yield "Connect's connectors", str(ask_connect(stack, "/connectors?expand=info&expand=status")).encode()
    for name in ask_connect(stack, "/connectors"):
        yield f"the tasks of {name}", str(ask_connect(stack, f"/connectors/{name}/tasks")).encode()
    for topic in ("config.storage.topic", "offset.storage.topic", "status.storage.topic"):
        yield f"Connect's {topic}", str(latest_records(stack.connections.kafka_bootstrap_servers, str(PROPERTIES[topic]))).encode()
    with MongoClient[Any](service.control_url) as client:
        yield from _documents(client[service.control_database])
    yield from _documents(target)
    for process in Path("/proc").glob("[0-9]*"):
        yield f"the command line of {process.name}", _command_line(process)


def _documents(database: Database[Any]) -> Iterator[tuple[str, bytes]]:
    for name in database.list_collection_names():
        for document in database.get_collection(name, codec_options=RAW).find():
            yield f"{database.name}.{name}", document.raw


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def _sealed(service: Service) -> list[Any]:
    """The jobs that still keep encrypted secrets."""
    with MongoClient[Any](service.control_url) as client:
        return list(client[service.control_database]["jobs"].find({"secrets": {"$exists": True}}, {"status": 1}))
