"""The target databases of jobs, for what is read there, and asked for."""

from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.jobs.job import Job
from pipeline.jobs.vault import Vault
from pipeline.sink.targets import open_target


class JobTargets:
    """Keeps a client for each job that is asked about, until it is forgotten."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._clients: dict[str, AsyncMongoClient[dict[str, Any]]] = {}

    def database(self, job: Job) -> AsyncDatabase[dict[str, Any]]:
        """
        The job's target database; the job must still have its secrets.

        Raises:
            ConfigError: Its connection string cannot be used on this host.
        """
        if job.id not in self._clients:
            self._clients[job.id] = open_target(self._vault.open(job.id, job.secrets or b"")["mongodbUrl"])
        return self._clients[job.id][job.target_database]

    async def forget(self, job_id: str) -> None:
        """Close the job's client."""
        client = self._clients.pop(job_id, None)
        if client is not None:
            await client.close()

    async def close(self) -> None:
        """Close every client."""
        for job_id in list(self._clients):
            await self.forget(job_id)
