"""Which database types there are, and which of them this version can read."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from pipeline.errors import ConfigError
from pipeline.sources.following import Following
from pipeline.sources.source import Mode, Source

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

_PACKAGES = {"POSTGRESQL": "postgresql", "MYSQL": "mysql", "SQL_SERVER": "sqlserver", "ORACLE": "oracle", "DB2": "db2"}
_READ_BY_ROWSTREAM = ("SYBASE", "SYBASEIQ", "SQLANYWHERE", "COCKROACHDB", "YUGABYTE")

_FOLLOWED_BY_ROWSTREAM = {"COCKROACHDB": "cockroachdb", "YUGABYTE": "yugabyte"}
"""Those of them whose changes are read so, too, and their packages."""


def check_type(source_type: str) -> None:
    """Raise `ConfigError` unless databases of this type can be read."""
    if source_type in KNOWN_TYPES:
        return
    if (meant := _contract_type(source_type)) is not None:
        raise ConfigError(
            f"is written {meant}: to have rowstream's own reader take a snapshot, name SQLAlchemy's driver, too: {source_type}+<driver>"
        )
    if not _dialects().is_dialect(source_type):
        if _dialects().is_dialect(source_type.lower()):
            raise ConfigError(f"is written {source_type.lower()}")
        dialects = ", ".join(_dialects().known_dialects())
        raise ConfigError(f"is not a known database type: known are {', '.join(KNOWN_TYPES)}, and SQLAlchemy's dialects, here {dialects}")


def has_own_reader(source_type: str) -> bool:
    """Whether rowstream itself reads databases of this type, by SQLAlchemy, and not a connector."""
    return source_type in _READ_BY_ROWSTREAM or source_type not in KNOWN_TYPES


def check_mode(source_type: str, mode: Mode) -> None:
    """Raise `ConfigError` when databases of this type cannot be read in this mode."""
    if mode.streams and has_own_reader(source_type) and source_type not in _FOLLOWED_BY_ROWSTREAM:
        raise ConfigError(
            f"{mode} is not possible for {source_type}: Debezium has no connector that reads the changes of such databases. "
            f"Use {Mode.SNAPSHOT}, and post the job again with dropCollections to take a later state over"
        )


def check_url(source_type: str, url: str, user: str | None = None, password: str | None = None, pdb: str | None = None) -> None:
    """Raise `ConfigError` when the URL is not one that the type's driver accepts; nothing is connected to."""
    check_type(source_type)
    if has_own_reader(source_type):
        import_module("pipeline.sources.dialects.url").parse(source_type, url, user, password)
    else:
        parse: Callable[..., object] = _module(source_type, "url").parse
        parse(url, user, password, **_of_oracle(pdb))


def open_source(
    source_type: str,
    url: str,
    user: str | None = None,
    password: str | None = None,
    *,
    pdb: str | None = None,
    slot_timeout_seconds: float = 30.0,
) -> Source:
    """
    The source database of a job; nothing is connected to yet. Raises `ConfigError` as `check_url` does.

    `pdb` is Oracle's pluggable database, which no other type has.
    """
    check_type(source_type)
    if has_own_reader(source_type):
        package = _FOLLOWED_BY_ROWSTREAM.get(source_type, "dialects")
        own: Callable[..., Source] = import_module(f"pipeline.sources.{package}.source").open_source
        return own(source_type, url, user, password)
    opener: Callable[..., Source] = _module(source_type, "source").open_source
    return opener(url, user, password, slot_timeout_seconds=slot_timeout_seconds, **_of_oracle(pdb))


def open_following(source_type: str, database: Any, owner: str) -> Following:
    """How the changes of a database are followed that rowstream's own reader reads; `owner` names what the job owns."""
    package = _FOLLOWED_BY_ROWSTREAM[source_type]
    opener: Callable[..., Following] = import_module(f"pipeline.sources.{package}.following").open_following
    return opener(database, owner)


def _of_oracle(pdb: str | None) -> dict[str, str]:
    return {} if pdb is None else {"pdb": pdb}


def _module(source_type: str, name: str) -> ModuleType:
    """A module of the type's package; none is loaded before it is needed, for the sake of its driver."""
    return import_module(f"pipeline.sources.{_PACKAGES[source_type]}.{name}")


def _contract_type(source_type: str) -> str | None:
    """The contract's type that is spelt so in other letters; the driver's name would tell that another is meant."""
    return next((known for known in KNOWN_TYPES if known.lower() == source_type.lower()), None)


def _dialects() -> ModuleType:
    """Imported only where a custom type is asked for: SQLAlchemy takes a while."""
    return import_module("pipeline.sources.dialects.names")
