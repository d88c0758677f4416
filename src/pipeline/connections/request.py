"""The bodies of `POST /connections` and `PUT /connections/{id}`."""

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from pipeline.jobs.request import JdbcDetails, MongodbDetails, RequestModel

_EITHER = ("jdbcConnectionDetails", "mongodbConnectionDetails")


class ConnectionRequest(RequestModel, json_schema_extra={"oneOf": [{"required": [name]} for name in _EITHER]}):
    """A connection to save: that of a source database, or that of a target database."""

    jdbc_connection_details: JdbcDetails | None = None
    mongodb_connection_details: MongodbDetails | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.jdbc_connection_details is None) == (self.mongodb_connection_details is None):
            raise PydanticCustomError("one", f"should have one of {_EITHER[0]} and {_EITHER[1]}")
        return self

    @property
    def details(self) -> JdbcDetails | MongodbDetails:
        """The one that there is."""
        details = self.jdbc_connection_details or self.mongodb_connection_details
        assert details is not None  # noqa: S101 - the validator has seen to it
        return details
