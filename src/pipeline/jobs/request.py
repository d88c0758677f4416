"""The body of `POST /jobs`, to the letter of the contract: unknown properties, nulls and other types are refused everywhere."""

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, SecretStr, WithJsonSchema, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from pipeline.sources.registry import KNOWN_TYPES
from pipeline.sources.source import Mode

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


class JdbcConnectionDetails(RequestModel):
    """The source database. `user` and `password` outrank those in `url`."""

    id: str | None = None
    type: str = Field(description=f"{', '.join(KNOWN_TYPES)}, or a custom database type")
    url: Secret
    user: str | None = None
    password: Secret | None = None
    save_password: bool = False
    existing_connection_id: str | None = None
    oracle_pdb_name: str | None = None
    is_manual_uri: bool = False


class MongodbConnectionDetails(RequestModel):
    """The target database, named in the connection string's path."""

    id: str | None = None
    connection_string: Secret
    project_id: str | None = Field(None, description="Atlas projectId")
    save_password: bool = False
    project_name: str | None = Field(None, description="Atlas project name")
    cluster_name: str | None = Field(None, description="Atlas cluster name")
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


class JobRequest(RequestModel):
    """A migration job to start."""

    project_id: str = Field(pattern=f"^{PROJECT_ID.pattern}$")
    jdbc_connection_details: JdbcConnectionDetails
    mongodb_connection_details: MongodbConnectionDetails
    options: JobOptions
    verification: Verification
    relational_table_filters: RelationalTableFilters | None = None
