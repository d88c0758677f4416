"""The service's OpenAPI document says all that the contract says, and nothing different."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.openapi import openapi

CONTRACT = Path(__file__).parents[3] / "docs" / "job-api.yaml"
METHODS = ("get", "put", "post", "delete", "patch")
SAME = ("type", "default", "pattern", "format", "minimum", "maximum", "additionalProperties")
UNSTATED = {"additionalProperties": True, "default": None}


class Document:
    """An OpenAPI document whose references are followed."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root

    def resolved(self, node: Any) -> Any:
        """The node itself, with what its reference points at; what stands beside the reference outranks that."""
        while isinstance(node, dict) and "$ref" in node:
            target: Any = self.root
            for name in node["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            node = {**target, **{name: value for name, value in node.items() if name != "$ref"}}
        return node


def differences(contract: dict[str, Any], service: dict[str, Any]) -> list[str]:
    """Where the service's document says less than the contract, or something else."""
    ours, theirs = Document(service), Document(contract)
    return [*_info(contract, service), *_paths(theirs, ours), *_named_schemas(theirs, ours)]


def _info(contract: dict[str, Any], service: dict[str, Any]) -> Iterator[str]:
    for name in ("title", "version"):
        if contract["info"][name] != service["info"][name]:
            yield f"info.{name}"
    if contract["servers"] != service["servers"]:
        yield "servers"


def _paths(theirs: Document, ours: Document) -> Iterator[str]:
    for path, item in theirs.root["paths"].items():
        for method in set(item) & set(METHODS):
            operation = ours.root["paths"].get(path, {}).get(method)
            if operation is None:
                yield f"{method} {path} is missing"
                continue
            yield from _operation(theirs, ours, item[method], operation, f"{method} {path}")


def _operation(theirs: Document, ours: Document, wanted: dict[str, Any], found: dict[str, Any], place: str) -> Iterator[str]:
    if wanted["operationId"] != found["operationId"]:
        yield f"{place} operationId"
    if wanted["requestBody"]["required"] != found["requestBody"]["required"]:
        yield f"{place} requestBody.required"
    yield from _content(theirs, ours, wanted["requestBody"], found["requestBody"], f"{place} body")
    for status, response in wanted["responses"].items():
        if status not in found["responses"]:
            yield f"{place} {status} is missing"
        else:
            yield from _content(theirs, ours, response, found["responses"][status], f"{place} {status}")


def _content(theirs: Document, ours: Document, wanted: dict[str, Any], found: dict[str, Any], place: str) -> Iterator[str]:
    if set(wanted["content"]) != set(found["content"]):
        yield f"{place} content types"
    for kind, media in wanted["content"].items():
        yield from _schema(theirs, ours, media["schema"], found["content"][kind]["schema"], place)


def _named_schemas(theirs: Document, ours: Document) -> Iterator[str]:
    for name, schema in theirs.root["components"]["schemas"].items():
        if name not in ours.root["components"]["schemas"]:
            yield f"schema {name} is missing"
        else:
            yield from _schema(theirs, ours, schema, ours.root["components"]["schemas"][name], name)


def _schema(theirs: Document, ours: Document, wanted: Any, found: Any, place: str) -> Iterator[str]:
    wanted, found = theirs.resolved(wanted), ours.resolved(found)
    for name in SAME:
        yield from _keyword(theirs, ours, wanted, found, name, place)
    if set(wanted.get("enum", ())) != set(found.get("enum", ())):
        yield f"{place} enum: {found.get('enum')}"
    if set(wanted.get("required", ())) != set(found.get("required", ())):
        yield f"{place} required: {found.get('required')}"
    if set(wanted.get("properties", ())) != set(found.get("properties", ())):
        yield f"{place} properties: {set(wanted.get('properties', ())) ^ set(found.get('properties', ()))}"
    for name in set(wanted.get("properties", ())) & set(found.get("properties", ())):
        yield from _schema(theirs, ours, wanted["properties"][name], found["properties"][name], f"{place}.{name}")
    if "items" in wanted:
        yield from _schema(theirs, ours, wanted["items"], found.get("items", {}), f"{place}[]")


def _keyword(theirs: Document, ours: Document, wanted: dict[str, Any], found: dict[str, Any], name: str, place: str) -> Iterator[str]:
    if isinstance(wanted.get(name), dict) and isinstance(found.get(name), dict):
        yield from _schema(theirs, ours, wanted[name], found[name], f"{place}.*")
    elif wanted.get(name, UNSTATED.get(name)) != found.get(name, UNSTATED.get(name)) and (place, name) not in MORE:
        yield f"{place} {name}: {wanted.get(name)!r} became {found.get(name)!r}"


MORE = {
    ("JobRequest", "additionalProperties"),
    ("post /jobs body", "additionalProperties"),
    ("JobRequest.projectId", "pattern"),
    ("post /jobs body.projectId", "pattern"),
}
"""Where the service says more: unknown properties are refused at the top too, and a job's projectId has a pattern in the contract."""


@cache
def read_contract() -> dict[str, Any]:
    """The contract's own document."""
    document: dict[str, Any] = yaml.safe_load(CONTRACT.read_text())
    return document


def test_the_service_says_what_the_contract_says_and_nothing_different() -> None:
    assert differences(read_contract(), openapi("127.0.0.1", 8278)) == []


def _leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a document whose loss must be noticed."""
    for name, value in node.items() if isinstance(node, dict) else ():
        if name in ("description", "summary", "openapi", "operationId"):
            continue
        yield (*path, name)
        yield from _leaves(value, (*path, name))


def _without(document: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    copy = deepcopy(document)
    node = copy
    for name in path[:-1]:
        node = node[name]
    del node[path[-1]]
    return copy


@pytest.mark.parametrize("path", [path for path in _leaves(read_contract()["components"]["schemas"]) if len(path) > 1], ids=str)
def test_the_comparison_notices_whatever_the_service_would_lose(path: tuple[Any, ...]) -> None:
    contract = read_contract()
    poorer = _without(contract, ("components", "schemas", *path))
    assert differences(contract, poorer) != []


def test_the_comparison_notices_a_lost_status_code() -> None:
    contract = read_contract()
    for status in ("200", "440", "470", "500"):
        poorer = _without(contract, ("paths", "/jobs", "post", "responses", status))
        assert differences(contract, poorer) == [f"post /jobs {status} is missing"]


def test_no_schema_of_the_service_allows_null() -> None:
    assert "'null'" not in str(openapi("127.0.0.1", 8278))
