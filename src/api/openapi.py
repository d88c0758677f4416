"""The service's OpenAPI document, made from the models of its bodies."""

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from api import contract
from api.page import PARAMETERS as PAGE
from pipeline.connections.request import ConnectionRequest
from pipeline.jobs.request import PROJECT_ID, JobRequest, LetterReplayRequest, RefreshRequest, ReplayRequest
from pipeline.jobs.status import Status
from pipeline.projects.request import ProjectRequest
from pipeline.sink.letter import LetterStatus

CONTRACT_VERSION = "1.13.0"
"""The version of the contract of `POST /jobs` and of the job object."""

_MODELS: tuple[type[BaseModel], ...] = (
    JobRequest,
    RefreshRequest,
    LetterReplayRequest,
    ReplayRequest,
    ConnectionRequest,
    ProjectRequest,
    contract.Project,
    contract.Connection,
    contract.ConnectionList,
    contract.DeadLetter,
    contract.DeadLetterList,
    contract.Job,
    contract.JobList,
    contract.JobPreview,
    contract.JobReadiness,
    contract.LetterReplay,
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
_CONNECTION = {"jdbcConnectionDetails": {"type": "POSTGRESQL", "url": "jdbc:postgresql://127.0.0.1:5432/shop", "user": "app"}}


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
    page = {"parameters": _list_parameters()}
    return {
        "/jobs": {
            "post": _of_request("postJob", "Post a new migration job", "Job", _POST_ERRORS),
            "get": _operation("listJobs", "List jobs, newest first", "JobList", _READ_ERRORS | _BAD_REQUEST) | page,
        },
        "/jobs/readiness": {
            "post": _of_request("checkReadiness", "What source, target and engine still lack for a job", "JobReadiness", _REQUEST_ERRORS)
        },
        "/jobs/preview": {
            "post": _of_request("previewJob", "What Kafka Connect would be sent, and which tables taken", "JobPreview", _PREVIEW_ERRORS)
        },
        "/jobs/{id}": {"parameters": [_ID], "get": _operation("getJob", "One job, its statistics live", "Job", _READ_ERRORS | _NOT_FOUND)},
        "/jobs/{id}/stop": {
            "parameters": [_ID],
            "post": _action("stopJob", "Complete a streaming job; cancel one that does not stream yet"),
        },
        "/jobs/{id}/cancel": {"parameters": [_ID], "post": _action("cancelJob", "End a job now and clean up")},
        "/jobs/{id}/retry": {"parameters": [_ID], "post": _retry()},
        "/jobs/{id}/pause": {"parameters": [_ID], "post": _action("pauseJob", "Stop applying changes; they are read on")},
        "/jobs/{id}/resume": {"parameters": [_ID], "post": _action("resumeJob", "Go on with a paused job")},
        "/jobs/{id}/replay": {"parameters": [_ID], "post": _replay()},
        **_letter_paths(),
        "/jobs/{id}/refresh": {"parameters": [_ID], "post": _refresh()},
        **_connection_paths(),
        "/projects/{id}": _project_path(),
        "/info": {"get": _operation("getInfo", "What this service is and can", "Info", _ANY_ERRORS)},
        "/openapi.json": {"get": _free("getOpenApi", "This document")},
    }


def _letter_paths() -> dict[str, Any]:
    error = _ID | {"name": "error"}
    missing = _READ_ERRORS | _NOT_FOUND | _errors({"409": "The job's state, or its target, forbids it"})
    replay = _request_body("LetterReplayRequest", {"table": "public.customer"})
    return {
        "/jobs/{id}/errors": {
            "parameters": [_ID],
            "get": _operation("listErrors", "Records that could not be applied, oldest first", "DeadLetterList", missing | _BAD_REQUEST)
            | {"parameters": _letter_parameters()},
        },
        "/jobs/{id}/errors/replay": {
            "parameters": [_ID],
            "post": _operation("replayErrors", "Try open ones again, in order", "LetterReplay", missing | _BODY_ERRORS) | replay,
        },
        "/jobs/{id}/errors/{error}": {
            "parameters": [_ID, error],
            "get": _operation("getError", "One of them, its record whole", "DeadLetter", missing),
        },
    }


def _connection_paths() -> dict[str, Any]:
    saving, one = _request_body("ConnectionRequest", _CONNECTION), _READ_ERRORS | _errors({"404": "There is no such connection"})
    return {
        "/connections": {
            "post": _operation("postConnection", "Save a connection", "Connection", _READ_ERRORS | _BODY_ERRORS) | saving,
            "get": _operation("listConnections", "List saved connections, newest first", "ConnectionList", _READ_ERRORS | _BAD_REQUEST)
            | {"parameters": PAGE},
        },
        "/connections/{id}": {
            "parameters": [_ID],
            "get": _operation("getConnection", "One saved connection", "Connection", one),
            "put": _operation("putConnection", "Save other details in its place", "Connection", one | _BODY_ERRORS) | saving,
            "delete": _operation("deleteConnection", "Forget it; jobs posted with it go on", "Connection", one | _BODY_ERRORS),
        },
    }


def _project_path() -> dict[str, Any]:
    errors = _READ_ERRORS | _errors({"404": "The id is none that a job could name"})
    writing = _request_body("ProjectRequest", {"tables": {"exclude": ["public.audit*"]}, "nulls": "OMIT"})
    return {
        "parameters": [_ID],
        "get": _operation("getProject", "The settings of a project, or the defaults", "Project", errors),
        "put": _operation("putProject", "Write all settings of a project, for jobs to come", "Project", errors | _BODY_ERRORS) | writing,
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
_REQUEST_ERRORS = _READ_ERRORS | _BODY_ERRORS | _errors({"440": "Invalid as connection string did not contain a database name"})
_POST_ERRORS = _REQUEST_ERRORS | _errors({"470": "Migration job already running"})
_PREVIEW_ERRORS = _REQUEST_ERRORS | _errors({"409": "The source cannot be read; `description` says why"})
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{PROJECT_ID.pattern}$"}}


def _operation(name: str, summary: str, answer: str, errors: dict[str, Any]) -> dict[str, Any]:
    responses = {"200": {"description": "OK", "content": _json(answer)}} | errors
    return {"operationId": name, "summary": summary, "responses": dict(sorted(responses.items()))}


def _action(name: str, summary: str) -> dict[str, Any]:
    conflict = _errors({"409": "The job's state forbids it; `description` names what is allowed"})
    return _operation(name, summary, "Job", _READ_ERRORS | _BODY_ERRORS | _NOT_FOUND | conflict)


def _of_request(name: str, summary: str, answer: str, errors: dict[str, Any]) -> dict[str, Any]:
    return _operation(name, summary, answer, errors) | _request_body("JobRequest", _EXAMPLE)


def _request_body(schema: str, example: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": _json(schema)["application/json"] | {"example": example}}}}


def _refresh() -> dict[str, Any]:
    action = _action("refreshJob", "Read tables of a streaming job again, or take new ones in")
    action["responses"] |= _errors({"404": "There is no such job, or no such table"})
    return action | _request_body("RefreshRequest", {"tables": ["public.customer"]})


def _retry() -> dict[str, Any]:
    action = _action("retryJob", "Have a failed job go on from its checkpoints")
    action["responses"] |= _errors({"470": "Migration job already running"})
    return action


def _replay() -> dict[str, Any]:
    action = _action("replayJob", "Apply changes again, into the same collections or others")
    action["responses"] |= _errors(
        {
            "404": "There is no such job, table or topic",
            "409": "The job's state forbids it, or Kafka no longer has the records; `description` says what to do",
            "470": "Migration job already running",
        }
    )
    return action | _request_body("ReplayRequest", {"from": "beginning", "tables": ["public.customer"]})


def _letter_parameters() -> list[dict[str, Any]]:
    statuses = {"type": "array", "items": {"type": "string", "enum": [status.value for status in LetterStatus]}}
    return [
        {"name": "table", "in": "query", "schema": {"type": "string"}, "description": "As schema.table"},
        {"name": "errorCode", "in": "query", "schema": {"type": "string"}},
        {"name": "status", "in": "query", "schema": statuses, "style": "form", "explode": True},
        *PAGE,
    ]


def _free(name: str, summary: str) -> dict[str, Any]:
    anything = {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {"operationId": name, "summary": summary, "responses": {"200": anything} | _ANY_ERRORS}


def _list_parameters() -> list[dict[str, Any]]:
    statuses = {"type": "array", "items": {"type": "string", "enum": [status.value for status in Status]}}
    return [
        {"name": "projectId", "in": "query", "schema": {"type": "string", "pattern": f"^{PROJECT_ID.pattern}$"}},
        {"name": "status", "in": "query", "schema": statuses, "style": "form", "explode": True},
        *PAGE,
    ]
