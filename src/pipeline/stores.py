"""What the service keeps in the control database."""

from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from pipeline.connections.store import ConnectionStore
from pipeline.jobs.letters import EndedLetters
from pipeline.jobs.store import JobStore
from pipeline.jobs.updates import JobUpdates
from pipeline.projects.store import ProjectStore
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Stores:
    """The collections of the control database."""

    jobs: JobStore
    updates: JobUpdates
    letters: EndedLetters
    connections: ConnectionStore
    projects: ProjectStore

    @classmethod
    def of(cls, database: AsyncDatabase[dict[str, Any]], settings: Settings) -> "Stores":
        """Those of this database; raises `ConfigError` where the key is missing or malformed."""
        return cls(
            jobs=JobStore(database, settings.max_running_jobs),
            updates=JobUpdates(database),
            letters=EndedLetters(database),
            connections=ConnectionStore(database, settings.secret_key),
            projects=ProjectStore(database),
        )

    async def ensure_indexes(self) -> None:
        """Make the indexes, on which much relies; lets pymongo's errors through."""
        await self.jobs.ensure_indexes()
        await self.updates.ensure_indexes()
        await self.letters.ensure_indexes()
