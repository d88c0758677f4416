"""Databases that speak PostgreSQL's protocol: their JDBC URLs, as psycopg is told them."""

from collections.abc import Callable

from sqlalchemy.engine.url import URL

from pipeline.errors import ConfigError
from pipeline.sources.cockroachdb import url as cockroachdb
from pipeline.sources.dialects.names import driver_of
from pipeline.sources.postgresql.connection import connection_parameters
from pipeline.sources.postgresql.url import PostgresUrl
from pipeline.sources.yugabyte import url as yugabyte

PARSERS: dict[str, Callable[[str, str | None, str | None], PostgresUrl]] = {"COCKROACHDB": cockroachdb.parse, "YUGABYTE": yugabyte.parse}

IN_THE_URL = ("user", "password", "dbname")
"""What libpq is told that has a place of its own in SQLAlchemy's URLs."""


def parse(source_type: str, url: str, user: str | None, password: str | None) -> URL:
    """
    Return the address that the JDBC URL names, all of its hosts included; credentials given beside it outrank its own.

    Raises:
        ConfigError: It cannot be read, or narrows the schemas.
    """
    parsed = PARSERS[source_type](url, user, password)
    if parsed.schemas:
        raise ConfigError(
            f"currentSchema is not taken for {source_type}: every schema is read",
            suggestion="Leave it out, and name the tables in the project's settings: PUT /api/v1/projects/{id}.",
        )
    told = {name: str(value) for name, value in connection_parameters(parsed).items() if name not in IN_THE_URL}
    return URL.create(driver_of(source_type).name, parsed.user, parsed.password, database=parsed.database, query=told)
