"""Which tables a refresh is asked for: from the body of `POST /jobs/{id}/refresh` to names that the job, or its source, knows."""

from collections.abc import Mapping, Sequence

from bson import ObjectId

from api.body import parse_json, read_form, repeated_names
from api.errors import ApiError, BadRequestError
from api.jobs.reach import asking
from pipeline.jobs.fault import Fault, json_path
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
    request, form_faults = read_form(RefreshRequest, text)
    tables = request.tables if request else []
    named_twice = [Fault(json_path(["tables", place]), "is named before") for place, name in enumerate(tables) if name in tables[:place]]
    faults = [*repeated_names(document), *form_faults, *named_twice]
    if faults:
        raise BadRequestError(faults)
    return tables


async def make_refresh(job: Job, names: Sequence[str], vault: Vault) -> Refresh:
    """
    The refresh of these tables; the source is asked for those that the job does not have.

    Raises:
        ApiError: A table does not exist (404), has no key by which its rows could be told apart, or
            is none that the job's project takes (409).
    """
    known = keys = {plan.qualified_name: plan.key for plan in job.tables}
    if not set(names) <= known.keys():
        keys = {**await _at_source(job, vault), **known}
    unknown = [name for name in names if name not in keys]
    if unknown:
        raise ApiError(404, "There is no such table", f"Neither the job nor its source has {', '.join(unknown)} (schema.table)")
    untaken = [name for name in names if name not in known and not job.project.tables.takes(name)]
    if untaken:
        told = f"{', '.join(untaken)}: a job keeps the settings that it was posted with. Change tables in the project's, and post a new job"
        raise ApiError(409, "The project's settings do not take a table", told, job_id=job.id)
    keyless = [name for name in names if not keys[name]]
    if keyless:
        told = f"{', '.join(keyless)}: without a key, rows that are read again cannot be told from those that are there. {ADD_KEY}"
        raise ApiError(409, "A table without a key cannot be read again", told, job_id=job.id)
    return Refresh(id=str(ObjectId()), tables=tuple(names))


async def _at_source(job: Job, vault: Vault) -> Mapping[str, tuple[str, ...]]:
    secrets = vault.open(job.id, job.secrets or b"")
    pdb = secrets.get("oraclePdbName")
    source = open_source(job.source_type, secrets["jdbcUrl"], secrets.get("user"), secrets.get("password"), pdb=pdb)
    with asking("The source cannot be read", job.id):
        return {table.qualified_name: table.key for table in await source.tables(job.mode)}
