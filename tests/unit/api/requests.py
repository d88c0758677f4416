"""Job requests that are changed in one place, and what they are answered."""

import json
from copy import deepcopy
from typing import Any

import pytest

from api.errors import ApiError, BadRequestError
from api.jobs.submission import read_job_request

VALID: dict[str, Any] = {
    "projectId": "shop-1",
    "jdbcConnectionDetails": {"type": "POSTGRESQL", "url": "jdbc:postgresql://127.0.0.1:5432/shop", "user": "app", "password": "hunter2"},
    "mongodbConnectionDetails": {"connectionString": "mongodb://u:hunter2@127.0.0.1:27017/shop"},
    "options": {"mode": "CDC"},
    "verification": {"enabled": False},
}
PLACES: dict[str, tuple[str, ...]] = {
    "projectId": ("projectId",),
    "url": ("jdbcConnectionDetails", "url"),
    "password": ("jdbcConnectionDetails", "password"),
    "savePassword": ("jdbcConnectionDetails", "savePassword"),
    "connectionString": ("mongodbConnectionDetails", "connectionString"),
    "dropCollections": ("options", "dropCollections"),
    "errorHandling": ("options", "errorHandling"),
    "errorTolerance": ("options", "errorTolerance"),
    "mode": ("options", "mode"),
    "enabled": ("verification", "enabled"),
}


def changed(*path: str, value: Any) -> dict[str, Any]:
    """The valid request with one value put in a place."""
    document = deepcopy(VALID)
    node = document
    for name in path[:-1]:
        node = node.setdefault(name, {})
    node[path[-1]] = value
    return document


def faults(document: Any) -> list[str]:
    """What the answer to the request would list."""
    with pytest.raises(BadRequestError) as refused:
        read_job_request(document if isinstance(document, str) else json.dumps(document))
    assert refused.value.status == 400
    assert refused.value.description is not None
    assert "hunter2" not in refused.value.description
    return refused.value.description.split("; ")


def refusal(document: Any) -> ApiError | None:
    """The answer to the request, where it is refused."""
    try:
        read_job_request(json.dumps(document))
    except ApiError as error:
        return error
    return None
