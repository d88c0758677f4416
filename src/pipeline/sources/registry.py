"""Which database types there are, and which of them this version can read."""

from collections.abc import Callable
from importlib import import_module

from pipeline.errors import ConfigError

KNOWN_TYPES = (
    "MYSQL",
    "ORACLE",
    "POSTGRESQL",
    "SQL_SERVER",
    "COCKROACHDB",
    "DB2",
    "SQLANYWHERE",
    "SYBASE",
    "SYBASEIQ",
    "YUGABYTE",
)
"""The types that the contract of `POST /jobs` names."""

_PARSERS = {"POSTGRESQL": "pipeline.sources.postgresql.url"}


def check_type(source_type: str) -> None:
    """Raise `ConfigError` unless this version can read databases of this type."""
    if source_type not in KNOWN_TYPES:
        raise ConfigError(f"is not a known database type; known are {', '.join(KNOWN_TYPES)}")
    if source_type not in _PARSERS:
        raise ConfigError(f"{source_type} is not available in this version; available: {', '.join(_PARSERS)}")


def check_url(source_type: str, url: str, user: str | None = None, password: str | None = None) -> None:
    """Raise `ConfigError` when the JDBC URL is not one that the type's driver accepts; nothing is connected to."""
    check_type(source_type)
    parse: Callable[..., object] = import_module(_PARSERS[source_type]).parse
    parse(url, user, password)
