"""Each path answers as the contract says, and every refusal has the contract's body."""

import asyncio
import gzip
import json
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from aiohttp import hdrs
from aiohttp.test_utils import TestClient, TestServer
from bson import ObjectId
from pydantic import SecretStr
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from api.app import LARGEST_BODY_BYTES, make_app
from pipeline.errors import ConfigError
from pipeline.jobs.job import Job, Outcome, Phase, Statistics
from pipeline.jobs.store import JobStore
from pipeline.jobs.updates import EventType, JobUpdates
from pipeline.settings import Settings
from pipeline.sources.registry import KNOWN_TYPES
from pipeline.stores import Stores

Database = AsyncDatabase[dict[str, Any]]
Service = TestClient[Any, Any]
MakeBody = Callable[..., dict[str, Any]]


async def refusal(response: aiohttp.ClientResponse, status: int) -> dict[str, Any]:
    """The error body of a refused request."""
    body: dict[str, Any] = await response.json()
    assert response.status == status, body
    assert set(body) <= {"jobId", "message", "description", "timestamp"}
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
    assert body["message"]
    return body


async def posted(service: Service, body: dict[str, Any]) -> dict[str, Any]:
    """The job that a request becomes."""
    response = await service.post("/api/v1/jobs", json=body)
    job: dict[str, Any] = await response.json()
    assert response.status == 200, job
    return job


async def test_a_posted_job_is_answered_read_and_listed(service: Service, request_body: MakeBody) -> None:
    job = await posted(service, request_body(mode="CDC"))
    assert (job["status"], job["cdcStatus"], job["projectId"]) == ("RUNNING", "NOT_STARTED", "shop")
    read = await (await service.get(f"/api/v1/jobs/{job['id']}")).json()
    listed = await (await service.get("/api/v1/jobs")).json()
    assert read == job
    assert listed == {"jobs": [job]}


async def test_twenty_posts_at_once_make_one_job_and_name_it_nineteen_times(service: Service, request_body: MakeBody) -> None:
    responses = await asyncio.gather(*(service.post("/api/v1/jobs", json=request_body()) for _ in range(20)))
    assert sorted(response.status for response in responses) == [200] + [470] * 19
    (job,) = [await response.json() for response in responses if response.status == 200]
    refusals = [await refusal(response, 470) for response in responses if response.status == 470]
    assert {refused["jobId"] for refused in refusals} == {job["id"]}


async def test_more_jobs_than_may_run_are_refused_without_naming_one(service: Service, request_body: MakeBody) -> None:
    responses = await asyncio.gather(*(service.post("/api/v1/jobs", json=request_body(f"p{number}")) for number in range(20)))
    assert sorted(response.status for response in responses) == [200] * 5 + [470] * 15
    for response in responses:
        if response.status == 470:
            assert "jobId" not in await refusal(response, 470)


async def test_a_job_that_has_ended_lets_the_project_post_again(service: Service, store: JobStore, request_body: MakeBody) -> None:
    job = await posted(service, request_body())
    await store.acquire("me", 600)
    await store.change(job["id"], "me", phase=Phase.ENDED, outcome=Outcome.COMPLETED, active=False)
    assert (await posted(service, request_body()))["id"] != job["id"]


async def test_a_request_with_faults_lists_them_and_makes_no_job(service: Service, request_body: MakeBody) -> None:
    body = request_body() | {"more": 1, "options": {"mode": "x"}}
    refused = await refusal(await service.post("/api/v1/jobs", json=body), 400)
    assert refused["description"] == "$.options.mode: should be 'SNAPSHOT', 'CDC' or 'CDC_ONLY'; $.more: is not a known property"
    assert (await (await service.get("/api/v1/jobs")).json()) == {"jobs": []}


@pytest.mark.parametrize("character", ["\0", "\ud800"])
async def test_a_text_that_cannot_be_kept_is_400(service: Service, request_body: MakeBody, character: str) -> None:
    body = request_body() | {"projectId": "p"}
    body["jdbcConnectionDetails"]["url"] = f"jdbc:postgresql://h:1/shop{character}"
    refused = await refusal(await service.post("/api/v1/jobs", json=body), 400)
    assert refused["description"].startswith("$.jdbcConnectionDetails.url: ")


async def test_a_connection_string_without_a_database_is_440(service: Service, request_body: MakeBody) -> None:
    body = request_body() | {"mongodbConnectionDetails": {"connectionString": "mongodb://127.0.0.1:27017"}}
    response = await service.post("/api/v1/jobs", json=body)
    assert "database" in (await refusal(response, 440))["message"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
async def test_a_body_of_another_type_is_415(service: Service, request_body: MakeBody, content_type: str) -> None:
    headers = {hdrs.CONTENT_TYPE: content_type}
    await refusal(await service.post("/api/v1/jobs", data=json.dumps(request_body()), headers=headers), 415)


async def test_a_charset_beside_the_type_does_not_matter(service: Service, request_body: MakeBody) -> None:
    headers = {hdrs.CONTENT_TYPE: "application/json; charset=utf-8"}
    assert (await service.post("/api/v1/jobs", data=json.dumps(request_body()), headers=headers)).status == 200


@pytest.mark.parametrize("compressed", [False, True])
async def test_a_body_that_is_too_large_is_413(service: Service, compressed: bool) -> None:
    data, headers = b" " * (LARGEST_BODY_BYTES + 1), {hdrs.CONTENT_TYPE: "application/json"}
    if compressed:
        data, headers = gzip.compress(data), headers | {hdrs.CONTENT_ENCODING: "gzip"}
    assert (
        str(LARGEST_BODY_BYTES)
        in (await refusal(await service.post("/api/v1/jobs", data=BytesIO(data), headers=headers), 413))["description"]
    )


@pytest.mark.parametrize(
    ("data", "headers"),
    [(b'{"a": "\xff"}', {}), (b"{", {}), (b"", {}), (b"not gzip", {hdrs.CONTENT_ENCODING: "gzip"})],
)
async def test_a_body_that_cannot_be_read_is_400(service: Service, data: bytes, headers: dict[str, str]) -> None:
    headers = {hdrs.CONTENT_TYPE: "application/json"} | headers
    await refusal(await service.post("/api/v1/jobs", data=data, headers=headers), 400)


@pytest.mark.parametrize("path", ["/api/v1/jobs/unknown", "/api/v1/jobs/a%2Fb", "/api/v1/nothing", "/", "/api/v1/jobs/"])
async def test_what_is_not_there_is_404(service: Service, path: str) -> None:
    await refusal(await service.get(path), 404)


@pytest.mark.parametrize("action", ["stop", "cancel"])
async def test_asking_an_unknown_job_is_404(service: Service, action: str) -> None:
    await refusal(await service.post(f"/api/v1/jobs/{ObjectId()}/{action}"), 404)


async def test_a_method_that_a_path_has_not_is_405_and_names_those_it_has(service: Service) -> None:
    response = await service.delete("/api/v1/jobs")
    assert response.headers[hdrs.ALLOW] == "GET, HEAD, POST"
    assert "POST" in (await refusal(response, 405))["description"]


async def test_an_expectation_that_no_path_meets_is_417(service: Service) -> None:
    assert service.app is not None
    for route in service.app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical.format(id=ObjectId(), error=ObjectId())
        response = await service.request(route.method, path, headers={hdrs.EXPECT: "more"})
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        if route.method != hdrs.METH_HEAD:
            await refusal(response, 417)


async def test_a_body_may_wait_until_the_service_asks_for_it(service: Service, request_body: MakeBody) -> None:
    assert (await service.post("/api/v1/jobs", json=request_body(), expect100=True)).status == 200


async def test_a_stop_in_the_snapshot_cancels_and_nothing_more_is_allowed_then(service: Service, request_body: MakeBody) -> None:
    job = await posted(service, request_body(mode="CDC"))
    stopped = await (await service.post(f"/api/v1/jobs/{job['id']}/stop")).json()
    assert (stopped["status"], stopped["cdcStatus"]) == ("CANCELLING", "CANCELLED")
    refused = await refusal(await service.post(f"/api/v1/jobs/{job['id']}/cancel"), 409)
    assert (refused["jobId"], refused["description"]) == (job["id"], "Allowed now: none")


async def test_a_stop_while_streaming_completes_and_may_still_be_cancelled(
    service: Service, store: JobStore, request_body: MakeBody
) -> None:
    job = await posted(service, request_body(mode="CDC"))
    await store.acquire("me", 600)
    await store.change(job["id"], "me", phase=Phase.STREAMING)
    stopped = await (await service.post(f"/api/v1/jobs/{job['id']}/stop", json={})).json()
    assert (stopped["status"], stopped["cdcStatus"]) == ("RUNNING", "COMPLETING")
    refused = await refusal(await service.post(f"/api/v1/jobs/{job['id']}/stop"), 409)
    assert refused["description"] == "Allowed now: cancel"
    cancelled = await (await service.post(f"/api/v1/jobs/{job['id']}/cancel")).json()
    assert cancelled["status"] == "CANCELLING"


async def test_an_action_takes_no_parameters(service: Service, request_body: MakeBody) -> None:
    job = await posted(service, request_body())
    path = f"/api/v1/jobs/{job['id']}/stop"
    await refusal(await service.post(path, json={"force": True}), 400)
    await refusal(await service.post(path, data="{}", headers={hdrs.CONTENT_TYPE: "text/plain"}), 415)
    assert (await (await service.get(f"/api/v1/jobs/{job['id']}")).json())["status"] == "RUNNING"


async def test_lists_are_paged_and_filtered(service: Service, store: JobStore, request_body: MakeBody) -> None:
    jobs = [await posted(service, request_body(f"p{number}")) for number in range(3)]
    first = await (await service.get("/api/v1/jobs", params={"limit": 2})).json()
    assert [job["id"] for job in first["jobs"]] == [jobs[2]["id"], jobs[1]["id"]]
    rest = await (await service.get("/api/v1/jobs", params={"limit": 2, "cursor": first["next"]})).json()
    assert [job["id"] for job in rest["jobs"]] == [jobs[0]["id"]]
    assert "next" not in rest
    await service.post(f"/api/v1/jobs/{jobs[0]['id']}/cancel")
    for params, expected in (
        ([("status", "CANCELLING")], [0]),
        ([("status", "CANCELLING"), ("status", "RUNNING")], [2, 1, 0]),
        ([("projectId", "p1")], [1]),
        ([("projectId", "p1"), ("status", "FAILED")], []),
    ):
        found = await (await service.get("/api/v1/jobs", params=params)).json()
        assert [job["id"] for job in found["jobs"]] == [jobs[number]["id"] for number in expected]


async def test_a_query_with_faults_is_400(service: Service) -> None:
    refused = await refusal(await service.get("/api/v1/jobs", params={"limit": "x", "page": "1"}), 400)
    assert "?limit: " in refused["description"]
    assert "?page: " in refused["description"]


async def test_a_list_shows_the_end_of_each_story_and_a_job_all_of_it(
    service: Service, updates: JobUpdates, request_body: MakeBody
) -> None:
    job = await posted(service, request_body())
    for number in range(25):
        await updates.append(job["id"], EventType.INFO, f"entry {number}")
    listed = (await (await service.get("/api/v1/jobs")).json())["jobs"][0]
    read = await (await service.get(f"/api/v1/jobs/{job['id']}")).json()
    assert [entry["message"] for entry in listed["jobUpdates"]] == [f"entry {number}" for number in range(5, 25)]
    assert len(read["jobUpdates"]) == 25


@pytest.mark.parametrize("host", ["example.org", "example.org:8278", "127.0.0.1.example.org", "10.0.0.1:8278", "", "[::2]:1"])
async def test_a_request_for_another_host_is_refused(service: Service, host: str) -> None:
    await refusal(await service.get("/api/v1/jobs", headers={hdrs.HOST: host}), 403)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8278", "127.1.2.3", "[::1]:8278", "[::1]"])
async def test_every_name_of_this_machine_will_do(service: Service, host: str) -> None:
    assert (await service.get("/api/v1/jobs", headers={hdrs.HOST: host})).status == 200


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1:1", "https://127.0.0.1:8278", ""])
async def test_a_page_of_another_site_can_neither_read_nor_post(service: Service, request_body: MakeBody, origin: str) -> None:
    headers = {hdrs.ORIGIN: origin, hdrs.HOST: "127.0.0.1:8278"}
    await refusal(await service.get("/api/v1/jobs", headers=headers), 403)
    await refusal(await service.post("/api/v1/jobs", json=request_body(), headers=headers), 403)
    preflight = await service.options("/api/v1/jobs", headers=headers | {hdrs.ACCESS_CONTROL_REQUEST_METHOD: "POST"})
    assert hdrs.ACCESS_CONTROL_ALLOW_ORIGIN not in preflight.headers
    assert (await (await service.get("/api/v1/jobs")).json()) == {"jobs": []}


async def test_a_page_of_the_service_itself_may_post(service: Service, request_body: MakeBody) -> None:
    headers = {hdrs.ORIGIN: "http://127.0.0.1:8278", hdrs.HOST: "127.0.0.1:8278"}
    assert (await service.post("/api/v1/jobs", json=request_body(), headers=headers)).status == 200


async def test_answers_are_neither_kept_nor_guessed_at(service: Service) -> None:
    for path in ("/api/v1/jobs", "/api/v1/nothing"):
        response = await service.get(path)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers[hdrs.CACHE_CONTROL] == "no-store"
        assert response.content_type == "application/json"


async def test_the_service_lives_is_ready_and_tells_what_it_is(service: Service) -> None:
    assert (await service.get("/healthz")).status == 200
    ready = await service.get("/readyz")
    assert await ready.json() == {"ready": True, "checks": {"control": "ok", "connect": "ok", "kafka": "ok"}}
    info = await (await service.get("/api/v1/info")).json()
    assert (info["name"], info["sources"]) == ("rowstream", list(KNOWN_TYPES))
    assert (await (await service.get("/api/v1/openapi.json")).json())["openapi"] == "3.1.0"


async def test_servers_that_are_away_are_named_and_requests_answered_503(settings: Settings, unused_tcp_port: int) -> None:
    nowhere = f"127.0.0.1:{unused_tcp_port}"
    away = settings.model_copy(
        update={
            "control_url": SecretStr(f"mongodb://{nowhere}/"),
            "connect_url": f"http://{nowhere}",
            "kafka_bootstrap_servers": nowhere,
        }
    )
    async with AsyncMongoClient[dict[str, Any]](away.control_url.get_secret_value(), serverSelectionTimeoutMS=100) as client:
        database = client["control"]
        app = make_app(away, Stores.of(database, away), statistics=_no_counts, ping_control=lambda: database.command("ping"))
        async with TestClient(TestServer(app, host="127.0.0.1")) as service:
            ready = await service.get("/readyz")
            assert ready.status == 503
            assert set((await ready.json())["checks"].values()) == {"does not answer"}
            assert (await service.get("/healthz")).status == 200
            response = await service.get("/api/v1/jobs")
            assert hdrs.RETRY_AFTER in response.headers
            assert nowhere not in str(await refusal(response, 503))


async def _no_counts(_job: Job) -> Statistics | None:
    return None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.org"])  # noqa: S104 - what must be refused
async def test_a_service_that_others_could_reach_is_refused(settings: Settings, stores: Stores, host: str) -> None:
    with pytest.raises(ConfigError, match="loopback"):
        make_app(settings.model_copy(update={"host": host}), stores, statistics=_no_counts, ping_control=_ping)


async def _ping() -> None:
    return None
