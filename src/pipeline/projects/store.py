"""Projects in the control database."""

from typing import Any

from pymongo import ReadPreference, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.jobs.control import CODEC, now
from pipeline.projects.project import Project, ProjectSettings


class ProjectStore:
    """
    The projects collection, read from the primary and written with majority write concern.

    Methods let pymongo's errors through: the control database is away, try again later.
    """

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._projects = database.get_collection(
            "projects", codec_options=CODEC, read_preference=ReadPreference.PRIMARY, write_concern=WriteConcern("majority")
        )

    async def get(self, project_id: str) -> Project:
        """The project; one that was never written has the defaults."""
        document = await self._projects.find_one({"_id": project_id})
        return Project.model_validate(document) if document else Project(id=project_id)

    async def put(self, project_id: str, settings: ProjectSettings) -> Project:
        """Keep these settings, all of them, in place of the project's; of two at once the last one stands."""
        project = Project(id=project_id, settings=settings, saved_at=now())
        await self._projects.replace_one({"_id": project_id}, project.stored(), upsert=True)
        return project
