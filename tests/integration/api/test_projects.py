"""Projects are read and written; jobs keep the settings that they were posted with."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.jobs.store import JobStore
from pipeline.mapping.style import Nulls
from pipeline.projects.choice import TableChoice

Database = AsyncDatabase[dict[str, Any]]
Service = TestClient[Any, Any]
MakeBody = Callable[..., dict[str, Any]]

DEFAULTS = {"tables": {"exclude": []}, "names": "CAMEL_CASE", "nulls": "KEEP", "topicRetentionSeconds": 604_800}


async def ask(service: Service, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    """The JSON of an answer of this status."""
    response = await service.request(method, f"/api/v1{path}", json=body)
    answer = await response.json()
    assert response.status == status, answer
    return answer


async def test_a_project_that_was_never_written_has_the_defaults(service: Service, control: Database) -> None:
    assert await ask(service, "GET", "/projects/Any-1") == {"projectId": "Any-1", **DEFAULTS}
    assert await control["projects"].count_documents({}) == 0


async def test_a_project_is_written_as_a_whole(service: Service) -> None:
    tables = {"include": ["public.*"], "exclude": ["public.audit"]}
    body = {"tables": tables, "names": "SOURCE", "nulls": "OMIT", "topicRetentionSeconds": 3600}
    written = await ask(service, "PUT", "/projects/shop", body)
    assert {name: written[name] for name in body} == body
    assert await ask(service, "GET", "/projects/shop") == written
    again = await ask(service, "PUT", "/projects/shop", {"tables": {"exclude": ["public.audit"]}})
    assert again == {"projectId": "shop", **DEFAULTS, "tables": {"exclude": ["public.audit"]}, "savedAt": again["savedAt"]}
    assert await ask(service, "GET", "/projects/other") == {"projectId": "other", **DEFAULTS}


async def test_settings_with_faults_are_refused_by_their_places_and_change_nothing(service: Service) -> None:
    before = await ask(service, "PUT", "/projects/shop", {"nulls": "OMIT"})
    wrong = {"mapping": {}, "nulls": "DROP", "tables": {"only": []}, "topicRetentionSeconds": 1}
    refused = await ask(service, "PUT", "/projects/shop", wrong, status=400)
    assert refused["message"] == "The request has 4 faults"
    assert "$.mapping: is not available in this version" in refused["description"]
    assert "$.tables.only: is not a known property" in refused["description"]
    assert await ask(service, "GET", "/projects/shop") == before
    response = await service.put("/api/v1/projects/shop", data="{}", headers={"Content-Type": "text/plain"})
    assert response.status == 415


@pytest.mark.parametrize("path", ["/projects/a_b", "/projects/a%20b", "/projects/"])
async def test_an_id_that_no_job_could_name_is_no_project(service: Service, path: str) -> None:
    for method in ("GET", "PUT"):
        await ask(service, method, path, {} if method == "PUT" else None, status=404)
    await ask(service, "DELETE", "/projects/shop", status=405)


async def test_a_job_keeps_the_settings_that_it_was_posted_with(service: Service, store: JobStore, request_body: MakeBody) -> None:
    await ask(service, "PUT", "/projects/shop", {"tables": {"include": ["public.*"]}, "nulls": "OMIT"})
    posted = await ask(service, "POST", "/jobs", request_body())
    await ask(service, "PUT", "/projects/shop", {})
    other = await ask(service, "POST", "/jobs", request_body("other"))
    job, unwritten = await store.get(posted["id"]), await store.get(other["id"])
    assert job is not None
    assert (job.project.tables, job.project.nulls) == (TableChoice(include=("public.*",)), Nulls.OMIT)
    assert unwritten is not None
    assert unwritten.project.nulls is Nulls.KEEP
