"""Addresses of databases that SQLAlchemy reads: JDBC URLs, and SQLAlchemy's own."""

from collections.abc import Callable

from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError

from pipeline.errors import ConfigError
from pipeline.sources.dialects import jdbc, libpq, sqlanywhere, sybase
from pipeline.sources.dialects.names import driver_of

MEMORY = (None, "", ":memory:")
FILES = ("sqlite", "duckdb")
"""Dialects whose databases are files."""

_VENDOR_PARSERS: dict[str, Callable[[str], URL]] = {
    "SYBASE": sybase.parse,
    "SYBASEIQ": sqlanywhere.parse,
    "SQLANYWHERE": sqlanywhere.parse,
}


def parse(source_type: str, url: str, user: str | None = None, password: str | None = None) -> URL:
    """
    Return the address as SQLAlchemy has it; credentials given beside it outrank its own. Files have none.

    Raises:
        ConfigError: The URL cannot be read, is another database's, or names none. The message holds no secret.
    """
    driver = driver_of(source_type).name
    parsed = _jdbc(source_type, url, user, password) if url.startswith("jdbc:") else _own_form(url)
    _check_dialect(parsed, driver, source_type)
    if driver.partition("+")[0] in FILES:
        return _checked_file(URL.create(driver, database=parsed.database, query=parsed.query))
    parsed = parsed.set(drivername=driver, username=user or parsed.username, password=password or parsed.password)
    return _checked_server(parsed)


def _jdbc(source_type: str, url: str, user: str | None, password: str | None) -> URL:
    if source_type in libpq.PARSERS:
        return libpq.parse(source_type, url, user, password)
    return _VENDOR_PARSERS.get(source_type, jdbc.parse)(url)


def _own_form(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            "the URL is neither a JDBC URL nor one of SQLAlchemy's",
            suggestion="Write it as jdbc:<database>://host:port/name or <dialect>://host:port/name",
        ) from None


def _check_dialect(url: URL, driver: str, source_type: str) -> None:
    named, wanted = url.drivername.partition("+")[0], driver.partition("+")[0]
    if named != wanted:
        raise ConfigError(f"the URL is of a {named} database, but the type is {source_type}")
    if "+" in url.drivername and url.drivername != driver:
        raise ConfigError(f"the URL names the driver {url.drivername}, but databases of type {source_type} are read by {driver}")


def _checked_file(url: URL) -> URL:
    if url.database in MEMORY:
        raise ConfigError(f"the URL names no file: a {url.drivername} database in memory is another one in every process")
    if not str(url.database).startswith("/"):
        raise ConfigError(f"the {url.drivername} file must be named by its whole path, which begins with /")
    return url


def _checked_server(url: URL) -> URL:
    if not url.host and not {"CommLinks", "host"} & url.query.keys():
        raise ConfigError("the URL names no host")
    if url.drivername == sqlanywhere.DIALECT:
        sqlanywhere.check_passable(url)
    return url
