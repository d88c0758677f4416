"""JDBC URLs of CockroachDB: those of PostgreSQL's driver, which it speaks with."""

from pipeline.errors import ConfigError
from pipeline.sources.postgresql import url as postgresql
from pipeline.sources.postgresql.url import PostgresUrl

FORMS = "jdbc:postgresql://host:26257/database?property=value"


def parse(url: str, user: str | None = None, password: str | None = None) -> PostgresUrl:
    """
    Parse a JDBC URL as pgjdbc does; credentials given beside it outrank its own.

    Raises:
        ConfigError: The URL is not one that the driver accepts, names no user, or asks for
            what cannot be passed on. The message names the place, never a secret.
    """
    if not url.startswith(postgresql.PREFIX):
        raise ConfigError(f"the JDBC URL must begin with {postgresql.PREFIX}", suggestion=f"Write it as {FORMS}")
    return postgresql.parse(url, user, password)
