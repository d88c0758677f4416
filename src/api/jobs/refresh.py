"""Which tables a refresh is asked for: from the body of `POST /jobs/{id}/refresh` to names that the job, or its source, knows."""

from collections.abc import Mapping, Sequence

from bson import ObjectId
from pydantic import ValidationError

from api.body import parse_json, repeated_names
from api.errors import ApiError, BadRequestError
from pipeline.errors import ConfigError, SourceUnavailableError
from pipeline.jobs.fault import Fault, json_path, schema_faults
from pipeline.jobs.job import Job, Refresh
from pipeline.jobs.request import RefreshRequest
from pipeline.jobs.vault import Vault
from pipeline.sources.registry import open_source

ADD_KEY = "Give it a primary key, or post a new job that takes it"


def read_refresh(text: str) -> list[str]:
    """
    The names of tables that a JSON text asks for.

    Raises:
        BadRequestError: The text has faults.
    """
    document = parse_json(text)
    faults = list(repeated_names(document))
    try:
        tables = RefreshRequest.model_validate_json(text).tables
    except ValidationError as error:
        faults += schema_faults(error.errors(include_url=False, include_input=False, include_context=False))
        raise BadRequestError(faults) from None
    faults += [Fault(json_path(["tables", place]), "is named before") for place, name in enumerate(tables) if name in tables[:place]]
    if faults:
        raise BadRequestError(faults)
    return tables


async def make_refresh(job: Job, names: Sequence[str], vault: Vault) -> Refresh:
    """
    The refresh of these tables; the source is asked for those that the job does not have.

    Raises:
        ApiError: A table does not exist (404), or has no key by which its rows could be told apart (409).
    """
    keys: dict[str, tuple[str, ...]] = {plan.qualified_name: plan.key for plan in job.tables}
    if not set(names) <= keys.keys():
        keys = {**await _at_source(job, vault), **keys}
    unknown = [name for name in names if name not in keys]
    if unknown:
        raise ApiError(404, "There is no such table", f"Neither the job nor its source has {', '.join(unknown)} (schema.table)")
    keyless = [name for name in names if not keys[name]]
    if keyless:
        told = f"{', '.join(keyless)}: without a key, rows that are read again cannot be told from those that are there. {ADD_KEY}"
        raise ApiError(409, "A table without a key cannot be read again", told, job_id=job.id)
    return Refresh(id=str(ObjectId()), tables=tuple(names))


async def _at_source(job: Job, vault: Vault) -> Mapping[str, tuple[str, ...]]:
    secrets = vault.open(job.id, job.secrets or b"")
    source = open_source(job.source_type, secrets["jdbcUrl"], secrets.get("user"), secrets.get("password"))
    try:
        return {table.qualified_name: table.key for table in await source.tables(job.mode)}
    except SourceUnavailableError as error:
        raise ApiError(503, "The source does not answer", error.message, headers={"Retry-After": "5"}) from error
    except ConfigError as error:
        raise ApiError(409, "The source cannot be read", error.message, job_id=job.id) from error
