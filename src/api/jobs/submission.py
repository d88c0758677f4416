"""From the body of `POST /jobs` to a request without faults."""

from pydantic import ValidationError

from api.body import parse_json, repeated_names
from api.errors import ApiError, BadRequestError
from pipeline.jobs.checks import names_no_database, text_faults
from pipeline.jobs.fault import Fault, schema_faults
from pipeline.jobs.request import JobRequest


def read_job_request(text: str) -> JobRequest:
    """
    The job request that a JSON text holds.

    Raises:
        ApiError: 400 with every fault that the text shows, or 440 when its only fault is that the
            MongoDB connection string names no database.
    """
    document = parse_json(text)
    request, faults = _validate(text)
    faults = [*repeated_names(document), *faults, *text_faults(document)]
    if request is None or faults:
        raise BadRequestError(list(dict.fromkeys(faults)))
    if names_no_database(document):
        raise ApiError(
            440,
            "The MongoDB connection string does not contain a database name",
            "$.mongodbConnectionDetails.connectionString: write the database's name after the hosts, as in mongodb://host:27017/database",
        )
    return request


def _validate(text: str) -> tuple[JobRequest | None, list[Fault]]:
    try:
        return JobRequest.model_validate_json(text), []
    except ValidationError as error:
        return None, schema_faults(error.errors(include_url=False, include_input=False, include_context=False))
