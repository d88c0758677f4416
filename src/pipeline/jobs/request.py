"""The body of `POST /jobs`, to the letter of the contract: unknown properties, nulls and other types are refused everywhere."""

import contextlib
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, RootModel, SecretStr, WithJsonSchema, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from pipeline.sources.registry import KNOWN_TYPES
from pipeline.sources.source import Mode

BEGINNING = "beginning"

PROJECT_ID = re.compile(r"[A-Za-z0-9\-]+")


def _fits_int64(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise PydanticCustomError("int64", "should fit into 64 bits")
    return value


Int64 = Annotated[int, AfterValidator(_fits_int64), WithJsonSchema({"type": "integer", "format": "int64"})]
"""An integer that the contract calls int64."""

Secret = Annotated[SecretStr, WithJsonSchema({"type": "string"})]
"""Text that is, or may contain, a credential; the contract calls it a plain string."""


class ErrorHandling(StrEnum):
    """What becomes of a record that cannot be applied."""

    FAIL = "FAIL"
    WARN = "WARN"
    SKIP = "SKIP"


class RequestModel(BaseModel):
    """A frozen part of a request: strict types, camelCase names, nothing unknown, and no input in its error messages."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_null(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError("null", "should not be null: leave the property out instead")
        return value


class JdbcDetails(RequestModel):
    """
    How a source database is connected to. `user` and `password` outrank those in `url`.

    `is_manual_uri` says that a person typed the URL, rather than a form composed it of its parts:
    a client that shows the form again needs it, reading the URL does not.
    """

    type: str = Field(description=f"{', '.join(KNOWN_TYPES)}, or a custom database type")
    url: Secret
    user: str | None = None
    password: Secret | None = None
    oracle_pdb_name: str | None = None
    is_manual_uri: bool = False


class JdbcConnectionDetails(JdbcDetails):
    """The source database of a job."""

    id: str | None = None
    save_password: bool = False
    existing_connection_id: str | None = None


class MongodbDetails(RequestModel):
    """How a target database, named in the connection string's path, is connected to."""

    connection_string: Secret
    project_id: str | None = Field(None, description="Atlas projectId")
    project_name: str | None = Field(None, description="Atlas project name")
    cluster_name: str | None = Field(None, description="Atlas cluster name")


class MongodbConnectionDetails(MongodbDetails):
    """The target database of a job."""

    id: str | None = None
    save_password: bool = False
    existing_connection_id: str | None = None


class JobOptions(RequestModel):
    """What the job does, and what it does about records that it cannot apply."""

    drop_collections: bool = False
    mode: Annotated[Mode, WithJsonSchema({"type": "string", "enum": [mode.value for mode in Mode]})]
    error_handling: Annotated[ErrorHandling, WithJsonSchema({"type": "string", "enum": [handling.value for handling in ErrorHandling]})] = (
        ErrorHandling.FAIL
    )
    error_tolerance: int | None = Field(
        None, ge=0, description="The number of failures on the record level that are tolerated before the migration is terminated"
    )


class Verification(RequestModel):
    """Whether documents are compared with their rows."""

    enabled: bool = Field(json_schema_extra={"default": False})


class TableFilter(RequestModel):
    """Narrows the rows of one source table."""

    where_clause: str | None = Field(None, description="Contents of the SQL WHERE clause to filter the rows of this source table")
    row_count: Int64 | None = Field(None, description="Optional limit to the number of rows returned from this source table")


class RelationalTableFilters(RootModel[dict[str, dict[str, TableFilter]]]):
    """schema name -> table name -> filter"""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)


class RefreshRequest(RequestModel):
    """Tables of a job that are to be read again."""

    tables: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1, description="Names of tables, as schema.table")


Start = str | datetime | dict[str, int]
"""`BEGINNING`, a moment, or an offset of each change topic."""

_START = {
    "anyOf": [
        {"const": BEGINNING},
        {"type": "string", "format": "date-time"},
        {"type": "object", "minProperties": 1, "additionalProperties": {"type": "integer", "format": "int64", "minimum": 0}},
    ]
}


def _start(value: Any) -> Start:
    with contextlib.suppress(ValueError):
        if value == BEGINNING:
            return BEGINNING
        if isinstance(value, str) and (moment := datetime.fromisoformat(value)).tzinfo is not None:
            return moment.astimezone(UTC)
    if isinstance(value, dict) and value and all(type(offset) is int and 0 <= offset < 2**63 for offset in value.values()):
        return value
    raise PydanticCustomError("start", 'should be "beginning", a time with its zone (ISO 8601), or an offset of each of some change topics')


class ReplayRequest(RequestModel):
    """What of a job is to be applied again: from the beginning, from a time (ISO 8601), or from an offset of each change topic named."""

    start: Annotated[Start, BeforeValidator(_start), WithJsonSchema(_START)] = Field(alias="from")
    tables: list[Annotated[str, Field(min_length=1)]] | None = Field(None, min_length=1, description="As schema.table; all, if left out")
    into: str | None = Field(
        None, pattern="^[A-Za-z0-9_-]{1,40}$", description="Is added to the names of the collections, which are written instead"
    )


class LetterReplayRequest(RequestModel):
    """Which open dead letters are to be tried again: those named, or those of a table, of a reason, or all."""

    ids: list[Annotated[str, Field(pattern="^[0-9a-f]{24}$")]] | None = Field(None, min_length=1, max_length=1_000)
    table: str | None = Field(None, description="As schema.table")
    error_code: str | None = None


class JobRequest(RequestModel):
    """A migration job to start."""

    project_id: str = Field(pattern=f"^{PROJECT_ID.pattern}$")
    jdbc_connection_details: JdbcConnectionDetails
    mongodb_connection_details: MongodbConnectionDetails
    options: JobOptions
    verification: Verification
    relational_table_filters: RelationalTableFilters | None = None
