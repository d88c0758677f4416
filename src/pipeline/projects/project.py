"""A project: what its jobs have in common that no job request has a place for."""

from datetime import datetime

from pydantic import Field

from pipeline.mapping.style import Names, Nulls
from pipeline.projects.choice import TableChoice
from pipeline.stored import StoredModel


class ProjectSettings(StoredModel):
    """
    The settings of a project, as a job of it keeps them.

    `topic_retention_seconds` is how long change topics keep what is applied; None: as long as the service's setting says.
    """

    tables: TableChoice = TableChoice()
    names: Names = Names.CAMEL_CASE
    nulls: Nulls = Nulls.KEEP
    topic_retention_seconds: int | None = None

    @property
    def choose_otherwise(self) -> bool:
        """Whether they have documents made otherwise than the defaults do."""
        return (self.tables, self.names, self.nulls) != (TableChoice(), Names.CAMEL_CASE, Nulls.KEEP)


class Project(StoredModel):
    """A project whose settings were written, last at `saved_at`; None where they never were, so that the defaults hold."""

    id: str = Field(alias="_id")
    settings: ProjectSettings = ProjectSettings()
    saved_at: datetime | None = None
