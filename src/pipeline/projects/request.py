"""The body of `PUT /projects/{id}`."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from pipeline.jobs.checks import NOT_AVAILABLE
from pipeline.jobs.request import RequestModel
from pipeline.mapping.style import Names, Nulls
from pipeline.projects.choice import TableChoice
from pipeline.projects.project import ProjectSettings

SHORTEST_RETENTION_SECONDS = 600
LONGEST_RETENTION_SECONDS = 100 * 365 * 86_400
TOO_SHORT = (
    f"should be at least {SHORTEST_RETENTION_SECONDS}: Kafka looks for old records every five minutes and rowstream once a minute, "
    "so nobody could be warned in time"
)


def _long_enough(seconds: int) -> int:
    if seconds < SHORTEST_RETENTION_SECONDS:
        raise PydanticCustomError("too_short", TOO_SHORT)
    return seconds


RetentionSeconds = Annotated[
    int, Field(le=LONGEST_RETENTION_SECONDS), AfterValidator(_long_enough), Field(json_schema_extra={"minimum": SHORTEST_RETENTION_SECONDS})
]
TableName = Annotated[str, Field(min_length=1)]


def _unavailable(_: Any) -> None:
    raise PydanticCustomError("unavailable", NOT_AVAILABLE)


class TablesRequest(RequestModel):
    """Which tables of the source jobs take: those included, without those excluded."""

    include: list[TableName] | None = Field(
        None, min_length=1, description="Tables as schema.table, * for any characters; every table when absent"
    )
    exclude: list[TableName] | None = Field(None, description="The same of tables that are not taken, whatever includes them")


class ProjectRequest(RequestModel):
    """The settings of a project, all of them: what is left out has its default."""

    tables: TablesRequest = Field(default_factory=TablesRequest)
    names: Annotated[Names, WithJsonSchema({"type": "string", "enum": [each.value for each in Names]})] = Field(
        Names.CAMEL_CASE, description="What collections and fields are called: in camelCase, or as tables and columns are at the source"
    )
    nulls: Annotated[Nulls, WithJsonSchema({"type": "string", "enum": [each.value for each in Nulls]})] = Field(
        Nulls.KEEP, description="A column that is NULL becomes a field that is null, or none"
    )
    topic_retention_seconds: RetentionSeconds | None = Field(
        None, description="How long change topics keep records once the snapshot is applied; ROWSTREAM_TOPIC_RETENTION_SECONDS when absent"
    )
    mapping: Annotated[SkipJsonSchema[None], BeforeValidator(_unavailable)] = None

    def settings(self) -> ProjectSettings:
        """The settings that are kept."""
        include, exclude = self.tables.include, self.tables.exclude or ()
        return ProjectSettings(
            tables=TableChoice(include=None if include is None else tuple(include), exclude=tuple(exclude)),
            names=self.names,
            nulls=self.nulls,
            topic_retention_seconds=self.topic_retention_seconds,
        )
