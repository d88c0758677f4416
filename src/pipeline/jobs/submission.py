"""From a request to the job that it becomes."""

from bson import ObjectId

from pipeline.jobs.control import now
from pipeline.jobs.filters import posted_filters
from pipeline.jobs.job import Job
from pipeline.jobs.redact import redact_jdbc_url, redact_mongodb_url
from pipeline.jobs.request import JobRequest, MongodbConnectionDetails
from pipeline.jobs.target_url import target_database
from pipeline.jobs.vault import Vault
from pipeline.projects.project import ProjectSettings


def make_job(request: JobRequest, project: ProjectSettings, vault: Vault) -> Job:
    """
    Make the job that a request asks for, under its project's settings; its credentials stand nowhere but in `secrets`, sealed.

    Raises:
        ConfigError: The request has faults that `pipeline.jobs.checks` would have found.
    """
    source, target, options = request.jdbc_connection_details, request.mongodb_connection_details, request.options
    job_id = str(ObjectId())
    mongodb_url = target.connection_string.get_secret_value()
    return Job(
        id=job_id,
        project_id=request.project_id,
        project=project,
        source_type=source.type,
        jdbc_url=redact_jdbc_url(source.url.get_secret_value()),
        mongodb_url=redact_mongodb_url(mongodb_url),
        target_database=target_database(mongodb_url),
        mode=options.mode,
        drop_collections=options.drop_collections,
        options=options.model_dump(mode="json", by_alias=True, exclude_none=True),
        filters=posted_filters(request.relational_table_filters),
        atlas_metadata=_atlas_metadata(target),
        verification_requested=request.verification.enabled,
        secrets=vault.seal(job_id, _secrets(request)),
        submitted_at=now(),
    )


def _secrets(request: JobRequest) -> dict[str, str]:
    source = request.jdbc_connection_details
    secrets = {
        "jdbcUrl": source.url.get_secret_value(),
        "user": source.user,
        "password": source.password.get_secret_value() if source.password else None,
        "oraclePdbName": source.oracle_pdb_name,
        "mongodbUrl": request.mongodb_connection_details.connection_string.get_secret_value(),
    }
    return {name: text for name, text in secrets.items() if text is not None}


def _atlas_metadata(target: MongodbConnectionDetails) -> dict[str, str] | None:
    names = {"mongoDbProjectId": target.project_id, "mongoDbProjectName": target.project_name, "mongoDbClusterName": target.cluster_name}
    return {name: text for name, text in names.items() if text is not None} or None
