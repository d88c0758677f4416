"""The service's OpenAPI document, made from the models of its bodies."""

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from api import contract
from api.jobs.query import DEFAULT_LIMIT, LARGEST_LIMIT
from pipeline.jobs.request import PROJECT_ID, JobRequest, RefreshRequest
from pipeline.jobs.status import Status

CONTRACT_VERSION = "1.13.0"
"""The version of the contract of `POST /jobs` and of the job object."""

_MODELS: tuple[type[BaseModel], ...] = (
    JobRequest,
    RefreshRequest,
    contract.Job,
    contract.JobList,
    contract.Error,
    contract.Info,
    contract.Readiness,
)


class ContractSchema(GenerateJsonSchema):
    """Schemas in the contract's words: what may be left out is optional, never null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """A property that may be absent is described by what it is when present."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Absence is not a default."""
        described = super().default_schema(schema)
        if described.get("default", ...) is None:
            del described["default"]
        return described

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Titles would only repeat the names."""
        return False


_EXAMPLE = {
    "projectId": "shop",
    "jdbcConnectionDetails": {"type": "POSTGRESQL", "url": "jdbc:postgresql://127.0.0.1:5432/shop", "user": "app", "password": "secret"},
    "mongodbConnectionDetails": {"connectionString": "mongodb://127.0.0.1:27017/shop"},
    "options": {"mode": "CDC"},
    "verification": {"enabled": False},
}


def openapi_text(host: str, port: int) -> str:
    """The document for a service at this address, as JSON."""
    return json.dumps(openapi(host, port))


def openapi(host: str, port: int) -> dict[str, Any]:
    """The document for a service at this address."""
    root = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    return {
        "openapi": "3.1.0",
        "info": {"title": "Migration jobs", "version": CONTRACT_VERSION},
        "servers": [{"url": f"{root}/api/v1"}],
        "paths": _paths() | {path: item | {"servers": [{"url": root}]} for path, item in _root_paths().items()},
        "components": {"schemas": _schemas()},
    }


def _schemas() -> dict[str, Any]:
    _, document = models_json_schema(
        [(model, "validation") for model in _MODELS], ref_template="#/components/schemas/{model}", schema_generator=ContractSchema
    )
    schemas: dict[str, Any] = document["$defs"]
    return schemas


def _paths() -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": _json("JobRequest")["application/json"] | {"example": _EXAMPLE}}}
    page = {"parameters": _list_parameters()}
    return {
        "/jobs": {
            "post": _operation("postJob", "Post a new migration job", "Job", _POST_ERRORS) | {"requestBody": body},
            "get": _operation("listJobs", "List jobs, newest first", "JobList", _READ_ERRORS | _BAD_REQUEST) | page,
        },
        "/jobs/{id}": {"parameters": [_ID], "get": _operation("getJob", "One job, its statistics live", "Job", _READ_ERRORS | _NOT_FOUND)},
        "/jobs/{id}/stop": {
            "parameters": [_ID],
            "post": _action("stopJob", "Complete a streaming job; cancel one that does not stream yet"),
        },
        "/jobs/{id}/cancel": {"parameters": [_ID], "post": _action("cancelJob", "End a job now and clean up")},
        "/jobs/{id}/refresh": {"parameters": [_ID], "post": _refresh()},
        "/info": {"get": _operation("getInfo", "What this service is and can", "Info", _ANY_ERRORS)},
        "/openapi.json": {"get": _free("getOpenApi", "This document")},
    }


def _root_paths() -> dict[str, Any]:
    ready = _operation("getReadiness", "Whether everything the service needs answers", "Readiness", _ANY_ERRORS)
    ready["responses"]["503"] = {"description": "Something does not answer", "content": _json("Readiness")}
    return {"/healthz": {"get": _free("getHealth", "Whether the service lives")}, "/readyz": {"get": ready}}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _errors(descriptions: dict[str, str]) -> dict[str, Any]:
    return {status: {"description": text, "content": _json("Error")} for status, text in descriptions.items()}


_ANY_ERRORS = _errors(
    {"403": "The request names another host or comes from another site", "417": "The Expect header is something else than 100-continue"}
)
_READ_ERRORS = _ANY_ERRORS | _errors(
    {"500": "Internal server error", "503": "The control database, or a source that must be asked, does not answer"}
)
_BAD_REQUEST = _errors({"400": "The text of the request has faults; `description` lists every one"})
_NOT_FOUND = _errors({"404": "There is no such job"})
_BODY_ERRORS = _BAD_REQUEST | _errors({"413": "The body is too large", "415": "The body is not application/json"})
_POST_ERRORS = (
    _READ_ERRORS
    | _BODY_ERRORS
    | _errors({"440": "Invalid as connection string did not contain a database name", "470": "Migration job already running"})
)
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{PROJECT_ID.pattern}$"}}


def _operation(name: str, summary: str, answer: str, errors: dict[str, Any]) -> dict[str, Any]:
    responses = {"200": {"description": "OK", "content": _json(answer)}} | errors
    return {"operationId": name, "summary": summary, "responses": dict(sorted(responses.items()))}


def _action(name: str, summary: str) -> dict[str, Any]:
    conflict = _errors({"409": "The job's state forbids it; `description` names what is allowed"})
    return _operation(name, summary, "Job", _READ_ERRORS | _BODY_ERRORS | _NOT_FOUND | conflict)


def _refresh() -> dict[str, Any]:
    action = _action("refreshJob", "Read tables of a streaming job again, or take new ones in")
    action["responses"] |= _errors({"404": "There is no such job, or no such table"})
    example = {"tables": ["public.customer"]}
    return action | {
        "requestBody": {
            "required": True,
            "content": {"application/json": _json("RefreshRequest")["application/json"] | {"example": example}},
        }
    }


def _free(name: str, summary: str) -> dict[str, Any]:
    anything = {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {"operationId": name, "summary": summary, "responses": {"200": anything} | _ANY_ERRORS}


def _list_parameters() -> list[dict[str, Any]]:
    statuses = {"type": "array", "items": {"type": "string", "enum": [status.value for status in Status]}}
    limit = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
    return [
        {"name": "projectId", "in": "query", "schema": {"type": "string", "pattern": f"^{PROJECT_ID.pattern}$"}},
        {"name": "status", "in": "query", "schema": statuses, "style": "form", "explode": True},
        {"name": "limit", "in": "query", "schema": limit},
        {"name": "cursor", "in": "query", "schema": {"type": "string", "pattern": "^[0-9a-f]{24}$"}, "description": "An answer's `next`"},
    ]
