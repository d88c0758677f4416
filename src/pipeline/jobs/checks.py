"""What a job request asks for in good form, but cannot have: seen in its text, before anything is connected to."""

from collections.abc import Iterator
from typing import Any

from pipeline.errors import ConfigError
from pipeline.jobs.fault import Fault, json_path
from pipeline.jobs.filters import check_condition, check_row_count
from pipeline.jobs.redact import MASK, redact_jdbc_url, redact_mongodb_url, redact_text
from pipeline.jobs.target_url import NoDatabaseError, target_database
from pipeline.sources.registry import check_mode, check_type, check_url
from pipeline.sources.source import Mode

NOT_AVAILABLE = "is not available in this version"
JDBC_URL = ("jdbcConnectionDetails", "url")
PASSWORD = ("jdbcConnectionDetails", "password")
CONNECTION_STRING = ("mongodbConnectionDetails", "connectionString")

_NOT_BUILT: tuple[tuple[tuple[str, ...], Any], ...] = ((("verification", "enabled"), True),)
"""Where an option stands, and the value that asks for what is not built."""


def text_faults(document: Any) -> list[Fault]:
    """
    List what the text of a request shows beyond its form: unknown databases, URLs that cannot be read, options not built.

    `document` is the body as JSON has it, of any form: what has not the contract's type is
    passed over, so these faults can be told together with those of the form.
    """
    return [*_not_built(document), *_filters(document), *_source(document), *_target(document), *_masked(document)]


def connection_faults(document: Any) -> list[Fault]:
    """List the same of connection details that are to be saved: they must do for a job."""
    return [*_source(document), *_target(document, named=True), *_masked(document)]


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
        if value is refused or (isinstance(value, str) and value == refused):
            yield Fault(json_path(path), f"{_shown(value)} {NOT_AVAILABLE}")


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _filters(document: Any) -> Iterator[Fault]:
    schemas = _at(document, "relationalTableFilters")
    source_type = _text(document, "jdbcConnectionDetails", "type")
    if source_type is None or not isinstance(schemas, dict):
        return
    for schema, tables in schemas.items():
        for table, filter_ in tables.items() if isinstance(tables, dict) else ():
            yield from _filter(source_type, filter_, ["relationalTableFilters", schema, table])


def _filter(source_type: str, filter_: Any, path: list[str]) -> Iterator[Fault]:
    where_clause, row_count = _at(filter_, "whereClause"), _at(filter_, "rowCount")
    try:
        if isinstance(where_clause, str):
            check_condition(source_type, where_clause)
    except ConfigError as error:
        yield Fault(json_path([*path, "whereClause"]), error.message)
    try:
        if type(row_count) is int:
            check_row_count(row_count)
    except ConfigError as error:
        yield Fault(json_path([*path, "rowCount"]), error.message)


def _source(document: Any) -> Iterator[Fault]:
    details = _at(document, "jdbcConnectionDetails")
    source_type, url = _text(details, "type"), _text(details, "url")
    if source_type is None:
        return
    pdb = _text(details, "oraclePdbName")
    if pdb is not None and source_type != "ORACLE":
        yield Fault("$.jdbcConnectionDetails.oraclePdbName", "is for databases of type ORACLE only")
        pdb = None
    try:
        check_type(source_type)
    except ConfigError as error:
        yield Fault("$.jdbcConnectionDetails.type", error.message)
        return
    yield from _mode(document, source_type)
    if url is None:
        return
    password = _text(details, "password")
    try:
        check_url(source_type, url, _text(details, "user"), password, pdb)
    except ConfigError as error:
        yield Fault("$.jdbcConnectionDetails.url", _without(error.message, url, password))


def _mode(document: Any, source_type: str) -> Iterator[Fault]:
    mode = _text(document, "options", "mode")
    if mode not in list(Mode):
        return
    try:
        check_mode(source_type, Mode(mode))
    except ConfigError as error:
        yield Fault("$.options.mode", error.message)


def _target(document: Any, *, named: bool = False) -> Iterator[Fault]:
    """What is wrong with the connection string. That it names no database is only told where it must be `named`: for jobs it is a 440."""
    url = _text(document, *CONNECTION_STRING)
    if url is None:
        return
    try:
        target_database(url)
    except ConfigError as error:
        if named or not isinstance(error, NoDatabaseError):
            yield Fault(json_path(CONNECTION_STRING), error.message)


def _masked(document: Any) -> Iterator[Fault]:
    """Where a password is the mask of an answer: what was read there cannot be sent back as it is."""
    told = f"has {MASK}, which stands for a password in answers: write the password itself"
    if _text(document, *PASSWORD) == MASK:
        yield Fault(json_path(PASSWORD), told)
    for path in (JDBC_URL, CONNECTION_STRING):
        url = _text(document, *path) or ""
        if MASK in url and url in (redact_jdbc_url(url), redact_mongodb_url(url)):
            yield Fault(json_path(path), told)


def _without(message: str, *secrets: str | None) -> str:
    for secret in filter(None, secrets):
        message = message.replace(secret, MASK)
    return redact_text(message)
