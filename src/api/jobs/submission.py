"""From the body of `POST /jobs` to a request without faults."""

import json
from collections.abc import Awaitable, Callable, Collection, Mapping

from api.body import parse_json, read_form, repeated_names
from api.errors import ApiError, BadRequestError
from pipeline.connections.connection import Saved
from pipeline.connections.reuse import fill, named_connections
from pipeline.errors import ConfigError
from pipeline.jobs.checks import names_no_database, text_faults
from pipeline.jobs.request import JobRequest

FoundConnections = Mapping[str, Saved | ConfigError]
FindConnections = Callable[[Collection[str]], Awaitable[FoundConnections]]


async def take_job_request(text: str, find: FindConnections) -> JobRequest:
    """The job request that a JSON text holds; the saved connections that it names are asked for. Raises what `read_job_request` does."""
    named = named_connections(parse_json(text))
    return read_job_request(text, await find(named) if named else {})


def read_job_request(text: str, saved: FoundConnections | None = None) -> JobRequest:
    """
    The job request that a JSON text holds, with what it leaves out and its saved connections have.

    Raises:
        ApiError: 400 with every fault that the text shows, or 440 when its only fault is that the
            MongoDB connection string names no database.
    """
    original = parse_json(text)
    request, form_faults = read_form(JobRequest, text)
    document, saved_faults = fill(original, saved or {})
    faults = [*repeated_names(original), *form_faults, *saved_faults, *text_faults(document)]
    if request is None or faults:
        raise BadRequestError(list(dict.fromkeys(faults)))
    if names_no_database(document):
        raise ApiError(
            440,
            "The MongoDB connection string does not contain a database name",
            "$.mongodbConnectionDetails.connectionString: write the database's name after the hosts, as in mongodb://host:27017/database",
        )
    return JobRequest.model_validate_json(json.dumps(document)) if saved else request
