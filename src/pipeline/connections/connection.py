"""A saved connection: what the control database keeps of it, readable and encrypted."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import Field, SecretStr

from pipeline.jobs.redact import redact_jdbc_url, redact_mongodb_url
from pipeline.jobs.request import JdbcDetails, MongodbDetails
from pipeline.stored import StoredModel

Details = Mapping[str, Any]
"""How a database is connected to, by the names that a request has for it."""

PASSWORD = "password"  # noqa: S105 - the property's name


class Kind(StrEnum):
    """Which of a job's two databases a connection is for: the property that holds its details in requests."""

    JDBC = "jdbcConnectionDetails"
    MONGODB = "mongodbConnectionDetails"

    @property
    def url(self) -> str:
        """The property of the details that holds the URL."""
        return "url" if self is Kind.JDBC else "connectionString"

    def redacted(self, url: str) -> str:
        """The URL without its passwords."""
        return redact_jdbc_url(url) if self is Kind.JDBC else redact_mongodb_url(url)


class Saved(NamedTuple):
    """A saved connection with its secrets: for those who connect, never for an answer."""

    kind: Kind
    details: Details


class Connection(StoredModel):
    """
    A saved connection.

    `details` hold no password, neither beside the URL nor in it; the whole URL and the
    password are in `secrets`, encrypted (`pipeline.jobs.vault`). `password_saved`: there is one.
    """

    id: str = Field(alias="_id")
    kind: Kind
    details: dict[str, Any]
    password_saved: bool
    secrets: bytes
    saved_at: datetime


def details_of(model: JdbcDetails | MongodbDetails) -> Saved:
    """What is saved of a request's details: all but what concerns the one job only."""
    kind, kept = (Kind.JDBC, JdbcDetails) if isinstance(model, JdbcDetails) else (Kind.MONGODB, MongodbDetails)
    given = model.model_dump(by_alias=True, exclude_none=True, include=set(kept.model_fields))
    return Saved(kind, {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in given.items()})


def readable(saved: Saved) -> dict[str, Any]:
    """The details without their secrets."""
    kind, details = saved
    return {name: kind.redacted(value) if name == kind.url else value for name, value in details.items() if name != PASSWORD}


def secret(saved: Saved) -> dict[str, str]:
    """What of the details is encrypted."""
    return {name: saved.details[name] for name in (saved.kind.url, PASSWORD) if name in saved.details}


def has_password(saved: Saved) -> bool:
    """Whether there is a password, beside the URL or in it."""
    url = saved.details[saved.kind.url]
    return PASSWORD in saved.details or saved.kind.redacted(url) != url
