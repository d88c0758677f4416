"""`savePassword`: the connection details of a job that is posted are saved for later ones."""

from pipeline.connections.connection import details_of
from pipeline.connections.store import ConnectionStore
from pipeline.jobs.request import JobRequest
from pipeline.jobs.updates import EventType, JobUpdates


async def keep_connections(request: JobRequest, job_id: str, connections: ConnectionStore, updates: JobUpdates) -> None:
    """Save those details of the request that ask for it, and say in the job's story as which connections."""
    for details in (request.jdbc_connection_details, request.mongodb_connection_details):
        if not details.save_password:
            continue
        connection = await connections.keep(details_of(details), details.existing_connection_id)
        await updates.append(
            job_id, EventType.INFO, f"{connection.kind} are saved as connection {connection.id}", details=_use(connection.id)
        )


def _use(connection_id: str) -> str:
    return (
        f"Later jobs may name it as existingConnectionId and leave the password out; DELETE /api/v1/connections/{connection_id} forgets it."
    )
