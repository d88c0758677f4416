"""What a job request leaves out of its connection details, taken from the saved connections that it names."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.connections.connection import PASSWORD, Details, Kind, Saved
from pipeline.errors import ConfigError
from pipeline.jobs.fault import Fault, json_path

EXISTING = "existingConnectionId"


def named_connections(document: Any) -> set[str]:
    """The ids of the saved connections that a request, a JSON document of any form, names."""
    return {details[EXISTING] for _, details in _naming(document)}


def fill(document: Any, saved: Mapping[str, Saved | ConfigError]) -> tuple[Any, list[Fault]]:
    """
    The request with what it leaves out, and what is wrong with the connections that it names.

    Details whose connection cannot be used come back without their URL, so that it is not
    faulted for what the connection would have added.
    """
    faults: list[Fault] = []
    for kind, details in _naming(document):
        found = saved.get(details[EXISTING])
        wrong = list(_faults(kind, details, found))
        if wrong or not isinstance(found, Saved):
            document = {**document, kind.value: {name: value for name, value in details.items() if name != kind.url}}
        else:
            document = {**document, kind.value: _filled(kind, details, found.details)}
        faults += wrong
    return document, faults


def _naming(document: Any) -> Iterator[tuple[Kind, Details]]:
    """The details in which a saved connection is named."""
    for kind in Kind:
        details = document.get(kind.value) if isinstance(document, dict) else None
        if isinstance(details, dict) and isinstance(details.get(EXISTING), str):
            yield kind, details


def _faults(kind: Kind, details: Details, found: Saved | ConfigError | None) -> Iterator[Fault]:
    if isinstance(found, ConfigError):
        yield Fault(json_path([kind.value, EXISTING]), f"{found.message}: save it again with PUT /api/v1/connections/{details[EXISTING]}")
    elif found is None or found.kind is not kind:
        told = "is not the id of a saved connection of this kind: GET /api/v1/connections lists those there are"
        yield Fault(json_path([kind.value, EXISTING]), told)
    else:
        yield from _differences(kind, details, found.details)


def _differences(kind: Kind, details: Details, saved: Details) -> Iterator[Fault]:
    """
    Where the request means another database than the connection.

    A saved password is sent to the server that it was saved for and to no other, so the URLs may differ in passwords only.
    """
    source_type, url = details.get("type"), details.get(kind.url)
    if isinstance(source_type, str) and source_type != saved.get("type", source_type):
        yield Fault(json_path([kind.value, "type"]), f"is not the saved connection's, which is {saved['type']}")
    if isinstance(url, str) and kind.redacted(url) != kind.redacted(saved[kind.url]):
        told = f"is not the saved connection's: write it as GET /api/v1/connections/{details[EXISTING]} shows it, or leave {EXISTING} out"
        yield Fault(json_path([kind.value, kind.url]), told)


def _filled(kind: Kind, details: Details, saved: Details) -> dict[str, Any]:
    """
    The details with what they leave out. What they have outranks the connection.

    A URL without passwords, or with `***` in place of them, stands for the connection's. Its
    password goes with its URL and its user: it is left out where the request has others.
    """
    as_shown = details.get(kind.url) == kind.redacted(saved[kind.url])
    same_user = details.get("user", saved.get("user")) == saved.get("user")
    added = {name: value for name, value in saved.items() if name != PASSWORD or (as_shown and same_user)}
    return {**added, **details, **({kind.url: saved[kind.url]} if as_shown else {})}
