"""Passwords of posted jobs and saved connections are in no answer, no log and nowhere in the control database."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.database import AsyncDatabase

from api.app import make_app
from pipeline.jobs.job import Job, Statistics
from pipeline.jobs.store import JobStore
from pipeline.jobs.updates import EventType, JobUpdates
from pipeline.jobs.vault import Vault
from pipeline.log import configure_logging
from pipeline.settings import Settings
from pipeline.stores import Stores

Database = AsyncDatabase[dict[str, Any]]
SECRETS = [f"hunter{number}hunter" for number in range(7)]
MONGODB_URL = (
    f"mongodb://app:{SECRETS[0]}@127.0.0.1:27017/shop?authMechanism=MONGODB-AWS&authMechanismProperties=AWS_SESSION_TOKEN:{SECRETS[1]}"
)
JDBC_URL = f"jdbc:postgresql://127.0.0.1:5432/shop?user=app&password={SECRETS[2]}&ssl=false"


def leaked(text: str) -> list[str]:
    """The secrets that stand in a text."""
    return [secret for secret in SECRETS if secret in text]


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """What the service has logged, at the most talkative level."""
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    written = StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", written)
        configure_logging("DEBUG")
    yield written.getvalue
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


def bodies(make: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """Requests with passwords in every place where they can stand, good ones and such that are refused."""
    good = make("good") | {
        "jdbcConnectionDetails": {"type": "POSTGRESQL", "url": JDBC_URL, "user": "app", "password": SECRETS[4], "savePassword": True},
        "mongodbConnectionDetails": {"connectionString": MONGODB_URL, "savePassword": True},
    }
    before_host = {"type": "POSTGRESQL", "url": f"jdbc:postgresql://app:{SECRETS[5]}@127.0.0.1/shop", "password": SECRETS[4]}
    with_key = {"type": "POSTGRESQL", "url": f"{JDBC_URL}&sslpassword={SECRETS[3]}"}
    return [
        good,
        good,
        good | {"projectId": "k", "jdbcConnectionDetails": with_key},
        good | {"projectId": "a", "jdbcConnectionDetails": before_host},
        good | {"projectId": "b", "jdbcConnectionDetails": good["jdbcConnectionDetails"] | {"password": [SECRETS[4]]}},
        good | {"projectId": "c", "mongodbConnectionDetails": {"connectionString": f"mongodb://app:{SECRETS[6]}@@h/shop"}},
        good | {"projectId": "d", "mongodbConnectionDetails": {"connectionString": f"mongodb://app:{SECRETS[6]}@h"}},
        good | {"projectId": "e", "mongodbConnectionDetails": {"connectionString": f"mongodb://h/shop?maxPoolSize={SECRETS[6]}"}},
    ]


def connections_of(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The connection details of job requests, each as a connection to save."""
    kinds = ("jdbcConnectionDetails", "mongodbConnectionDetails")
    return [
        {kind: {name: value for name, value in request[kind].items() if name != "savePassword"}} for request in requests for kind in kinds
    ]


async def test_passwords_stay_where_they_belong(
    settings: Settings,
    control: Database,
    store: JobStore,
    updates: JobUpdates,
    stores: Stores,
    request_body: Callable[..., dict[str, Any]],
    logs: Callable[[], str],
) -> None:
    async def broken(job: Job) -> Statistics | None:
        if job.project_id == "broken":
            raise ValueError(f"cannot read {MONGODB_URL}")
        return Statistics()

    answers, statuses = [], []
    app = make_app(settings, stores, statistics=broken, ping_control=lambda: control.command("ping"))
    async with TestClient(TestServer(app, host="127.0.0.1")) as service:
        requests = bodies(request_body)
        for body in [*requests, requests[0] | {"projectId": "broken"}]:
            response = await service.post("/api/v1/jobs", json=body)
            statuses.append(response.status)
            answers.append(await response.text())
        for connection in connections_of(requests):
            answers.append(await (await service.post("/api/v1/connections", json=connection)).text())
        answers.append(await (await service.get("/api/v1/connections")).text())
        job_id = json.loads(answers[0])["id"]
        await updates.append(job_id, EventType.ERROR, f"cannot reach {MONGODB_URL} from {JDBC_URL}")
        answers.append(await (await service.get(f"/api/v1/jobs/{job_id}")).text())
    assert statuses == [200, 470, 400, 400, 400, 400, 440, 400, 500]
    for answer in answers:
        assert leaked(answer) == []
    logged = logs()
    assert "internal server error" in logged
    assert leaked(logged) == []
    assert await leaked_into(control) == []
    await the_vault_has_them(settings, store, job_id)


async def leaked_into(control: Database) -> list[str]:
    """The secrets that stand in any record of the database, which must hold the job at all."""
    raw = control.with_options(codec_options=control.codec_options.with_options(document_class=RawBSONDocument))
    records = b""
    for name in await control.list_collection_names():
        records += b"".join([record.raw async for record in raw[name].find()])
    assert b"jdbc:postgresql://127.0.0.1:5432/shop?user=app&password=***&ssl=false" in records
    assert b"cannot reach mongodb://app:***@127.0.0.1:27017" in records
    return [secret for secret in SECRETS if secret.encode() in records]


async def the_vault_has_them(settings: Settings, store: JobStore, job_id: str) -> None:
    """Whoever has the key can connect as the request said."""
    job = await store.get(job_id)
    assert job is not None
    assert Vault(settings.secret_key).open(job_id, job.secrets or b"") == {
        "jdbcUrl": JDBC_URL,
        "user": "app",
        "password": SECRETS[4],
        "mongodbUrl": MONGODB_URL,
    }


def test_the_search_would_find_a_secret() -> None:
    assert leaked(f"x{SECRETS[3]}y") == [SECRETS[3]]
