"""`rowstream serve` starts, stops, and says in a line what keeps it from starting."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pymongo import AsyncMongoClient, MongoClient

from pipeline.connections.connection import Kind, Saved
from pipeline.connections.store import ConnectionStore
from pipeline.settings import Settings
from stack.ports import PortPlan
from stack.stack import Stack

Environment = dict[str, str]


@pytest.fixture
def environment(settings: Settings, tmp_path: Path) -> Iterator[Environment]:
    """The environment of a service of its own."""
    assert settings.secret_key is not None
    database = f"api_{os.getpid()}_{tmp_path.name}"
    yield {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "ROWSTREAM_HOME": str(tmp_path),
        "ROWSTREAM_PORT": str(PortPlan.free().kafka),
        "ROWSTREAM_CONTROL_URL": settings.control_url.get_secret_value(),
        "ROWSTREAM_CONTROL_DATABASE": database,
        "ROWSTREAM_KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "ROWSTREAM_CONNECT_URL": settings.connect_url,
        "ROWSTREAM_CONNECT_SECRETS_DIR": str(tmp_path),
        "ROWSTREAM_SECRET_KEY": settings.secret_key.get_secret_value(),
    }
    with MongoClient[dict[str, object]](settings.control_url.get_secret_value()) as client:
        client.drop_database(database)


def start(environment: Mapping[str, str], *arguments: str, stdin: int | None = None) -> subprocess.Popen[str]:
    """Start the command line."""
    command = [sys.executable, "-m", "api.cli", *arguments]
    return subprocess.Popen(command, env=environment, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def refusal(environment: Mapping[str, str]) -> str:
    """What a service that does not start says before it exits with 1."""
    process = start(environment, "serve", "--workers", "0")
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert output == ""
    assert "Traceback" not in errors
    assert errors.startswith("Error: ")
    assert len(errors.splitlines()) <= 2
    return errors


async def test_a_service_answers_until_it_is_told_to_end(environment: Environment) -> None:
    process = start(environment, "serve", "--workers", "1")
    try:
        base = f"http://127.0.0.1:{environment['ROWSTREAM_PORT']}"
        assert process.stderr is not None
        assert base in next(line for line in process.stderr if "listening" in line)
        async with aiohttp.ClientSession() as session, session.get(f"{base}/healthz") as response:
            assert response.status == 200
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "Traceback" not in errors
    finally:
        process.kill()


async def test_a_port_that_is_taken_is_named(environment: Environment) -> None:
    first = start(environment, "serve", "--workers", "0")
    try:
        assert first.stderr is not None
        assert any("listening" in line for line in first.stderr)
        assert f"cannot listen on 127.0.0.1:{environment['ROWSTREAM_PORT']}" in refusal(environment)
    finally:
        first.terminate()
        first.communicate(timeout=60)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ROWSTREAM_CONTROL_URL", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100", "the control MongoDB"),
        ("ROWSTREAM_CONTROL_URL", "mongodb://u:hun@ter2@h/", "ROWSTREAM_CONTROL_URL"),
        ("ROWSTREAM_HOST", "0.0.0.0", "loopback"),  # noqa: S104 - what must be refused
        ("ROWSTREAM_SECRET_KEY", "short", "ROWSTREAM_SECRET_KEY"),
        ("ROWSTREAM_SECRET_KEY", None, "ROWSTREAM_SECRET_KEY"),
        ("ROWSTREAM_PORT", "many", "ROWSTREAM_PORT"),
        ("ROWSTREAM_LOG_LEVEL", "loud", "ROWSTREAM_LOG_LEVEL"),
    ],
)
def test_a_setting_that_keeps_it_from_starting_is_named(environment: Environment, name: str, value: str | None, says: str) -> None:
    changed = {key: text for key, text in (environment | {name: value or ""}).items() if key != name or value is not None}
    errors = refusal(changed)
    assert says in errors
    assert "ter2" not in errors


def test_a_request_is_checked_without_a_service(
    environment: Environment, stack: Stack, request_body: Callable[..., dict[str, Any]]
) -> None:
    body = request_body()
    body["mongodbConnectionDetails"]["connectionString"] = stack.connections.control_url.replace("/?", "/shop?")
    body["jdbcConnectionDetails"] |= {"url": f"jdbc:postgresql://127.0.0.1:{PortPlan.free().kafka}/shop", "password": "not-to-be-seen"}
    for arguments in (["check", "-"], ["check", "--json", "-"]):
        process = start(environment, *arguments, stdin=subprocess.PIPE)
        output, complaints = process.communicate(json.dumps(body), timeout=60)
        assert process.returncode == 1, complaints
        assert "SOURCE_UNAVAILABLE" in output
        assert "can be written to in transactions" in output
        assert "not-to-be-seen" not in output + complaints
    assert json.loads(output)["ready"] is False


async def test_a_saved_connection_is_read_by_check(
    environment: Environment, settings: Settings, stack: Stack, request_body: Callable[..., dict[str, Any]]
) -> None:
    url = f"jdbc:postgresql://127.0.0.1:{PortPlan.free().kafka}/shop"
    details = {"type": "POSTGRESQL", "url": url, "user": "app", "password": "not-to-be-seen"}
    async with AsyncMongoClient[dict[str, Any]](settings.control_url.get_secret_value()) as client:
        connections = ConnectionStore(client[environment["ROWSTREAM_CONTROL_DATABASE"]], settings.secret_key)
        saved = await connections.add(Saved(Kind.JDBC, details))
    body = request_body()
    body["mongodbConnectionDetails"]["connectionString"] = stack.connections.control_url.replace("/?", "/shop?")
    for connection_id, says in ((saved.id, "SOURCE_UNAVAILABLE"), ("unknown", "$.jdbcConnectionDetails.existingConnectionId: is not")):
        body["jdbcConnectionDetails"] = {"type": "POSTGRESQL", "url": url, "existingConnectionId": connection_id}
        process = start(environment, "check", "-", stdin=subprocess.PIPE)
        output, complaints = process.communicate(json.dumps(body), timeout=60)
        assert process.returncode == 1
        assert says in output + complaints
        assert "not-to-be-seen" not in output + complaints


def test_check_says_that_it_needs_the_control_database_for_a_saved_connection(
    environment: Environment, request_body: Callable[..., dict[str, Any]]
) -> None:
    body = request_body()
    body["jdbcConnectionDetails"]["existingConnectionId"] = "any"
    for name, value in (("CONTROL_URL", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"), ("SECRET_KEY", "")):
        process = start(environment | {f"ROWSTREAM_{name}": value}, "check", "-", stdin=subprocess.PIPE)
        _, complaints = process.communicate(json.dumps(body), timeout=60)
        assert process.returncode == 1
        assert f"ROWSTREAM_{name}" in complaints
        assert "Traceback" not in complaints


def test_every_fault_of_a_request_is_told_by_check(environment: Environment, tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text('{"projectId": "shop", "options": {"mode": "ALL"}}')
    process = start(environment, "check", str(file))
    output, complaints = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == ""
    assert "$.options.mode" in complaints
    assert "$.jdbcConnectionDetails" in complaints


@pytest.fixture
def help_text(tmp_path: Path) -> Callable[[], str]:
    """What the command line says of itself."""

    def read() -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "dumb"}
        return start(environment, "--help").communicate(timeout=60)[0]

    return read


def test_every_command_is_listed(help_text: Callable[[], str]) -> None:
    text = help_text()
    for command in ("serve", "worker", "check", "up", "down", "status", "demo"):
        assert f" {command} " in text
