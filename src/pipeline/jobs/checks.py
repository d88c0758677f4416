"""What a job request asks for in good form, but cannot have: seen in its text, before anything is connected to."""

from collections.abc import Iterator
from typing import Any

from pipeline.errors import ConfigError
from pipeline.jobs.fault import Fault, json_path
from pipeline.jobs.redact import MASK, redact_text
from pipeline.jobs.request import ErrorHandling
from pipeline.jobs.target_url import NoDatabaseError, target_database
from pipeline.sources.registry import check_type, check_url

NOT_AVAILABLE = "is not available in this version"
CONNECTION_STRING = ("mongodbConnectionDetails", "connectionString")

_NOT_BUILT: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("jdbcConnectionDetails", "existingConnectionId"), str),
    (("jdbcConnectionDetails", "savePassword"), True),
    (("jdbcConnectionDetails", "isManualUri"), True),
    (("mongodbConnectionDetails", "existingConnectionId"), str),
    (("mongodbConnectionDetails", "savePassword"), True),
    (("options", "errorHandling"), ErrorHandling.WARN.value),
    (("options", "errorHandling"), ErrorHandling.SKIP.value),
    (("verification", "enabled"), True),
)
"""Where an option stands, and the value (or type of value) that asks for what is not built."""


def text_faults(document: Any) -> list[Fault]:
    """
    List what the text of a request shows beyond its form: unknown databases, URLs that cannot be read, options not built.

    `document` is the body as JSON has it, of any form: what has not the contract's type is
    passed over, so these faults can be told together with those of the form.
    """
    return [*_not_built(document), *_filters(document), *_source(document), *_target(document)]


def names_no_database(document: Any) -> bool:
    """Whether the MongoDB connection string is well formed but for a database name."""
    try:
        target_database(_text(document, *CONNECTION_STRING) or "")
    except NoDatabaseError:
        return True
    except ConfigError:
        return False
    return False


def _at(document: Any, *path: str) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _text(document: Any, *path: str) -> str | None:
    found = _at(document, *path)
    return found if isinstance(found, str) else None


def _not_built(document: Any) -> Iterator[Fault]:
    for path, refused in _NOT_BUILT:
        value = _at(document, *path)
        if isinstance(value, str) if refused is str else value is refused or (isinstance(value, str) and value == refused):
            yield Fault(json_path(path), f"{'' if refused is str else _shown(value) + ' '}{NOT_AVAILABLE}")
    tolerance = _at(document, "options", "errorTolerance")
    if isinstance(tolerance, int) and not isinstance(tolerance, bool) and tolerance > 0:
        yield Fault("$.options.errorTolerance", f"more than 0 {NOT_AVAILABLE}")


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _filters(document: Any) -> Iterator[Fault]:
    schemas = _at(document, "relationalTableFilters")
    for schema, tables in schemas.items() if isinstance(schemas, dict) else ():
        if not isinstance(tables, dict) or not tables:
            yield Fault(json_path(["relationalTableFilters", schema]), f"a filter {NOT_AVAILABLE}")
            continue
        for table in tables:
            yield Fault(json_path(["relationalTableFilters", schema, table]), f"a filter {NOT_AVAILABLE}")


def _source(document: Any) -> Iterator[Fault]:
    details = _at(document, "jdbcConnectionDetails")
    source_type, url = _text(details, "type"), _text(details, "url")
    if source_type is None:
        return
    if _text(details, "oraclePdbName") is not None and source_type != "ORACLE":
        yield Fault("$.jdbcConnectionDetails.oraclePdbName", "is for databases of type ORACLE only")
    try:
        check_type(source_type)
    except ConfigError as error:
        yield Fault("$.jdbcConnectionDetails.type", error.message)
        return
    if url is None:
        return
    password = _text(details, "password")
    try:
        check_url(source_type, url, _text(details, "user"), password)
    except ConfigError as error:
        yield Fault("$.jdbcConnectionDetails.url", _without(error.message, url, password))


def _target(document: Any) -> Iterator[Fault]:
    url = _text(document, *CONNECTION_STRING)
    if url is None:
        return
    try:
        target_database(url)
    except NoDatabaseError:
        return
    except ConfigError as error:
        yield Fault(json_path(CONNECTION_STRING), error.message)


def _without(message: str, *secrets: str | None) -> str:
    for secret in filter(None, secrets):
        message = message.replace(secret, MASK)
    return redact_text(message)
