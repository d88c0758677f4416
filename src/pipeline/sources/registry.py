"""Which database types there are, and which of them this version can read."""

from collections.abc import Callable
from importlib import import_module

from pipeline.errors import ConfigError
from pipeline.sources.source import Source

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

AVAILABLE_TYPES = tuple(_PARSERS)
"""The types that this version can read."""
_OPENERS = {"POSTGRESQL": "pipeline.sources.postgresql.source"}


def check_type(source_type: str) -> None:
    """Raise `ConfigError` unless this version can read databases of this type."""
    if source_type not in KNOWN_TYPES:
        raise ConfigError(f"is not a known database type: known are {', '.join(KNOWN_TYPES)}")
    if source_type not in _PARSERS:
        raise ConfigError(f"{source_type} is not available in this version, only {', '.join(AVAILABLE_TYPES)}")


def check_url(source_type: str, url: str, user: str | None = None, password: str | None = None) -> None:
    """Raise `ConfigError` when the JDBC URL is not one that the type's driver accepts; nothing is connected to."""
    check_type(source_type)
    parse: Callable[..., object] = import_module(_PARSERS[source_type]).parse
    parse(url, user, password)


def open_source(
    source_type: str, url: str, user: str | None = None, password: str | None = None, *, slot_timeout_seconds: float = 30.0
) -> Source:
    """The source database of a job; nothing is connected to yet. Raises `ConfigError` as `check_url` does."""
    check_type(source_type)
    opener: Callable[..., Source] = import_module(_OPENERS[source_type]).open_source
    return opener(url, user, password, slot_timeout_seconds=slot_timeout_seconds)
