"""JDBC URLs of YugabyteDB: those of its own driver, which balances load, and those of PostgreSQL's."""

from dataclasses import replace
from types import MappingProxyType

from pipeline.errors import ConfigError
from pipeline.sources.postgresql import url as postgresql
from pipeline.sources.postgresql.url import PostgresUrl

PREFIX = "jdbc:yugabytedb:"
DEFAULT_PORT = 5433

BALANCING = frozenset(
    {
        "load-balance",
        "topology-keys",
        "yb-servers-refresh-interval",
        "fallback-to-topology-keys-only",
        "failed-host-reconnect-delay-secs",
    }
)
"""Properties by which the driver spreads an application's connections: a connector has one, to the host that answers."""


def parse(url: str, user: str | None = None, password: str | None = None) -> PostgresUrl:
    """
    Parse a JDBC URL of either driver; credentials given beside it outrank its own.

    Raises:
        ConfigError: The URL is not one that the drivers accept, names no user, or asks for
            what cannot be passed on. The message names the place, never a secret.
    """
    if url.startswith(PREFIX):
        url, default_port = postgresql.PREFIX + url[len(PREFIX) :], DEFAULT_PORT
    elif url.startswith(postgresql.PREFIX):
        default_port = postgresql.DEFAULT_PORT
    else:
        raise ConfigError(
            f"the JDBC URL must begin with {PREFIX} or {postgresql.PREFIX}",
            suggestion=f"Write it as {postgresql.FORMS.replace(postgresql.PREFIX, PREFIX)}",
        )
    found = postgresql.parse(url, user, password, default_port=default_port)
    return replace(found, options=MappingProxyType({name: value for name, value in found.options.items() if name not in BALANCING}))
