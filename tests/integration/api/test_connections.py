"""Connections are saved, read, changed and forgotten; their passwords are encrypted, and jobs copy what they need of them."""

import asyncio
import base64
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import hdrs
from aiohttp.test_utils import TestClient, TestServer
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pydantic import SecretStr
from pymongo.asynchronous.database import AsyncDatabase

from api.app import make_app
from pipeline.connections.store import ConnectionStore
from pipeline.jobs.job import Job, Statistics
from pipeline.jobs.store import JobStore
from pipeline.jobs.vault import Vault
from pipeline.settings import Settings
from pipeline.stores import Stores

Database = AsyncDatabase[dict[str, Any]]
Service = TestClient[Any, Any]
MakeBody = Callable[..., dict[str, Any]]

PASSWORD = "hunter-two-hunter"
SOURCE = {
    "jdbcConnectionDetails": {
        "type": "POSTGRESQL",
        "url": "jdbc:postgresql://127.0.0.1:5432/shop",
        "user": "app",
        "password": PASSWORD,
    }
}
TARGET = {"mongodbConnectionDetails": {"connectionString": f"mongodb://app:{PASSWORD}@127.0.0.1:27017/shop", "clusterName": "Cluster0"}}


async def ask(service: Service, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    """The JSON of an answer of this status, which holds no password."""
    response = await service.request(method, f"/api/v1{path}", json=body)
    assert PASSWORD not in await response.text()
    answer = await response.json()
    assert response.status == status, answer
    return answer


async def save(service: Service, body: dict[str, Any]) -> dict[str, Any]:
    """The connection that was saved."""
    connection: dict[str, Any] = await ask(service, "POST", "/connections", body)
    return connection


async def secrets_of(settings: Settings, store: JobStore, job_id: str) -> dict[str, str]:
    """What the workers of a job connect with."""
    job = await store.get(job_id)
    assert job is not None
    return Vault(settings.secret_key).open(job_id, job.secrets or b"")


async def records(control: Database) -> bytes:
    """Everything that stands in the control database, as it is stored."""
    raw = control.with_options(codec_options=control.codec_options.with_options(document_class=RawBSONDocument))
    return b"".join([record.raw for name in await control.list_collection_names() async for record in raw[name].find()])


def using(connection: dict[str, Any], body: dict[str, Any], **details: Any) -> dict[str, Any]:
    """The job request, its source taken from a saved connection."""
    shown = connection["jdbcConnectionDetails"]
    named = {"type": shown["type"], "url": shown["url"], "existingConnectionId": connection["id"], **details}
    return {**body, "jdbcConnectionDetails": named}


async def test_a_connection_is_answered_without_its_password_and_kept_encrypted(service: Service, control: Database) -> None:
    source, target = await save(service, SOURCE), await save(service, TARGET)
    assert source == {
        "id": source["id"],
        "jdbcConnectionDetails": {
            "type": "POSTGRESQL",
            "url": "jdbc:postgresql://127.0.0.1:5432/shop",
            "user": "app",
            "isManualUri": False,
        },
        "passwordSaved": True,
        "savedAt": source["savedAt"],
    }
    assert target["mongodbConnectionDetails"] == {"connectionString": "mongodb://app:***@127.0.0.1:27017/shop", "clusterName": "Cluster0"}
    assert await ask(service, "GET", f"/connections/{source['id']}") == source
    assert await ask(service, "GET", "/connections") == {"connections": [target, source]}
    stored = await records(control)
    assert b"jdbc:postgresql://127.0.0.1:5432/shop" in stored
    assert PASSWORD.encode() not in stored


async def test_connections_are_paged(service: Service) -> None:
    saved = [await save(service, SOURCE) for _ in range(3)]
    first = await ask(service, "GET", "/connections?limit=2")
    rest = await ask(service, "GET", f"/connections?limit=2&cursor={first['next']}")
    assert [each["id"] for each in (*first["connections"], *rest["connections"])] == [each["id"] for each in reversed(saved)]
    assert "next" not in rest
    refused = await ask(service, "GET", "/connections?limit=0&status=RUNNING", status=400)
    assert refused["description"].count("?") == 2


async def test_a_change_replaces_all_of_a_connection(service: Service, connections: ConnectionStore) -> None:
    saved = await save(service, SOURCE)
    other = {"jdbcConnectionDetails": {"type": "MYSQL", "url": "jdbc:mysql://h/shop", "user": "me", "isManualUri": True}}
    changed = await ask(service, "PUT", f"/connections/{saved['id']}", other)
    assert changed == {**other, "id": saved["id"], "passwordSaved": False, "savedAt": changed["savedAt"]}
    assert await ask(service, "GET", f"/connections/{saved['id']}") == changed
    found = (await connections.find([saved["id"]]))[saved["id"]]
    assert "password" not in getattr(found, "details", {"password": found})


async def test_a_connection_that_is_forgotten_is_gone(service: Service, control: Database) -> None:
    saved = await save(service, SOURCE)
    assert await ask(service, "DELETE", f"/connections/{saved['id']}") == saved
    for method, body in (("GET", None), ("DELETE", None), ("PUT", SOURCE)):
        refused = await ask(service, method, f"/connections/{saved['id']}", body, status=404)
        assert refused["message"] == "There is no such connection"
    assert await ask(service, "GET", "/connections") == {"connections": []}
    assert await control["connections"].count_documents({}) == 0


async def test_a_connection_with_faults_is_refused_and_changes_nothing(service: Service) -> None:
    saved = await save(service, SOURCE)
    wrong = {"jdbcConnectionDetails": {"type": "FOXPRO", "url": f"jdbc:x:{PASSWORD}", "password": "***"}}
    for method, path in (("POST", "/connections"), ("PUT", f"/connections/{saved['id']}")):
        refused = await ask(service, method, path, wrong, status=400)
        assert refused["message"] == "The request has 2 faults"
    assert await ask(service, "GET", "/connections") == {"connections": [saved]}
    response = await service.post("/api/v1/connections", data="{}", headers={hdrs.CONTENT_TYPE: "text/plain"})
    assert response.status == 415


async def test_a_job_copies_the_connection_that_it_names(
    settings: Settings, service: Service, store: JobStore, request_body: MakeBody
) -> None:
    source, target = await save(service, SOURCE), await save(service, TARGET)
    body = using(source, request_body())
    body["mongodbConnectionDetails"] = {
        "connectionString": target["mongodbConnectionDetails"]["connectionString"],
        "existingConnectionId": target["id"],
    }
    job = await ask(service, "POST", "/jobs", body)
    for connection in (source, target):
        await ask(service, "DELETE", f"/connections/{connection['id']}")
    assert await secrets_of(settings, store, job["id"]) == {
        "jdbcUrl": "jdbc:postgresql://127.0.0.1:5432/shop",
        "user": "app",
        "password": PASSWORD,
        "mongodbUrl": f"mongodb://app:{PASSWORD}@127.0.0.1:27017/shop",
    }
    assert job["atlasMetadata"] == {"mongoDbClusterName": "Cluster0"}
    refused = await ask(service, "POST", "/jobs", body, status=400)
    assert refused["description"].count("existingConnectionId: is not the id of a saved connection") == 2


@pytest.mark.parametrize("path", ["/jobs", "/jobs/readiness", "/jobs/preview"])
async def test_whatever_takes_a_job_request_knows_saved_connections(service: Service, request_body: MakeBody, path: str) -> None:
    saved = await save(service, SOURCE)
    unknown = using(saved | {"id": str(ObjectId())}, request_body())
    refused = await ask(service, "POST", path, unknown, status=400)
    assert refused["description"].startswith("$.jdbcConnectionDetails.existingConnectionId: ")
    elsewhere = using(saved, request_body(), url="jdbc:postgresql://127.0.0.1:1/other")
    refused = await ask(service, "POST", path, elsewhere, status=400)
    assert refused["description"].startswith("$.jdbcConnectionDetails.url: is not the saved connection's")


async def test_the_details_of_a_job_are_saved_where_it_asks_for_that(
    settings: Settings, service: Service, store: JobStore, control: Database, request_body: MakeBody
) -> None:
    details = {name: {**each, "savePassword": True} for name, each in (SOURCE | TARGET).items()}
    job = await ask(service, "POST", "/jobs", request_body("first") | details)
    target, source = (await ask(service, "GET", "/connections"))["connections"]
    assert source["passwordSaved"]
    assert target["passwordSaved"]
    told = [update["message"] for update in job["jobUpdates"]]
    assert told == [
        f"jdbcConnectionDetails are saved as connection {source['id']}",
        f"mongodbConnectionDetails are saved as connection {target['id']}",
    ]
    second = await ask(service, "POST", "/jobs", using(source, request_body("second")))
    assert (await secrets_of(settings, store, second["id"]))["password"] == PASSWORD
    assert PASSWORD.encode() not in await records(control)


async def test_details_are_not_saved_without_being_asked_for_nor_by_a_job_that_is_refused(service: Service, request_body: MakeBody) -> None:
    await ask(service, "POST", "/jobs", request_body())
    saving = request_body() | {"jdbcConnectionDetails": {**SOURCE["jdbcConnectionDetails"], "savePassword": True}}
    await ask(service, "POST", "/jobs", saving, status=470)
    assert await ask(service, "GET", "/connections") == {"connections": []}


async def test_saving_again_changes_the_password_and_makes_no_other_connection(
    settings: Settings, service: Service, store: JobStore, request_body: MakeBody
) -> None:
    for number, password in enumerate(("old", PASSWORD)):
        details = SOURCE["jdbcConnectionDetails"] | {"password": password, "savePassword": True}
        await ask(service, "POST", "/jobs", request_body(f"p{number}") | {"jdbcConnectionDetails": details})
    (saved,) = (await ask(service, "GET", "/connections"))["connections"]
    job = await ask(service, "POST", "/jobs", using(saved, request_body("p2")))
    assert (await secrets_of(settings, store, job["id"]))["password"] == PASSWORD
    await ask(service, "POST", "/jobs", using(saved, request_body("p3"), user="me", password="other", savePassword=True))
    (changed,) = (await ask(service, "GET", "/connections"))["connections"]
    assert (changed["id"], changed["jdbcConnectionDetails"]["user"]) == (saved["id"], "me")


async def test_a_job_without_a_password_takes_none_from_a_connection(service: Service, request_body: MakeBody) -> None:
    saved = await save(service, SOURCE)
    without = {name: value for name, value in SOURCE["jdbcConnectionDetails"].items() if name != "password"} | {"savePassword": True}
    await ask(service, "POST", "/jobs", request_body() | {"jdbcConnectionDetails": without})
    assert await ask(service, "GET", "/connections") == {"connections": [saved]}


async def test_a_connection_of_another_key_is_still_listed_and_told_of_when_named(
    settings: Settings, control: Database, service: Service, stores: Stores, request_body: MakeBody
) -> None:
    saved = await save(service, SOURCE)
    other = SecretStr(base64.urlsafe_b64encode(os.urandom(32)).decode())
    rekeyed_stores = replace(stores, connections=ConnectionStore(control, other))
    app = make_app(settings, rekeyed_stores, statistics=_no_counts, ping_control=lambda: control.command("ping"))
    async with TestClient(TestServer(app, host="127.0.0.1")) as rekeyed:
        assert await ask(rekeyed, "GET", "/connections") == {"connections": [saved]}
        refused = await ask(rekeyed, "POST", "/jobs", using(saved, request_body()), status=400)
        assert "cannot be decrypted with this ROWSTREAM_SECRET_KEY" in refused["description"]
        await ask(rekeyed, "PUT", f"/connections/{saved['id']}", SOURCE)
        await ask(rekeyed, "POST", "/jobs", using(saved, request_body()))


async def _no_counts(_job: Job) -> Statistics | None:
    return None


async def test_many_jobs_at_once_read_one_connection(service: Service, request_body: MakeBody) -> None:
    saved = await save(service, SOURCE)
    bodies = [using(saved, request_body(f"p{number}")) for number in range(5)]
    jobs = await asyncio.gather(*(ask(service, "POST", "/jobs", body) for body in bodies))
    assert len({job["id"] for job in jobs}) == 5
