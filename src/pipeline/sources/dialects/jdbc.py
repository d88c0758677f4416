"""JDBC URLs of the commonest form: jdbc:<database>://host:port/name?property=value, or jdbc:<database>:<file>."""

import re
from urllib.parse import parse_qsl, unquote

from sqlalchemy.engine.url import URL

from pipeline.errors import ConfigError

NAMES = {"sqlserver": "mssql"}
"""What JDBC calls a database otherwise than SQLAlchemy."""

PORTS = range(1, 65_536)
_SERVER = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:/?#@\[\]]+)(?::(?P<port>[^/?]*))?")


def parse(url: str) -> URL:
    """
    Return the address that the JDBC URL names.

    Raises:
        ConfigError: It cannot be read.
    """
    name, _, rest = url.removeprefix("jdbc:").partition(":")
    if not name.isidentifier() or not rest:
        raise ConfigError("the JDBC URL must be written as jdbc:<database>://host:port/name or jdbc:<database>:<file>")
    dialect = NAMES.get(name, name)
    if not rest.startswith("//"):
        path, _, query = rest.partition("?")
        return URL.create(dialect, database=path, query=properties(query))
    server, _, query = rest[2:].partition("?")
    address, _, database = server.partition("/")
    host, port = host_and_port(address)
    query_properties = properties(query)
    user, password = query_properties.pop("user", None), query_properties.pop("password", None)
    return URL.create(dialect, user, password, host, port, unquote(database) or None, query_properties)


def host_and_port(address: str) -> tuple[str, int | None]:
    """
    Split `host:port`, the host perhaps an IPv6 address in brackets; the port is None where there is none.

    Raises:
        ConfigError: It is not of this form.
    """
    if "@" in address:
        raise ConfigError("the JDBC URL has credentials before the host: give user and password as their own fields")
    match = _SERVER.fullmatch(address)
    if match is None:
        raise ConfigError("the JDBC URL's host cannot be read", suggestion="Write it as host:port, an IPv6 address in brackets")
    return match["host"].strip("[]"), None if match["port"] is None else port_number(match["port"])


def port_number(text: str) -> int:
    """The number of a port. Raises `ConfigError` for anything else."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) not in PORTS:
        raise ConfigError(f"the JDBC URL's port {text!r} is not a number between 1 and 65535")
    return int(text)


def properties(query: str) -> dict[str, str]:
    """The properties of `a=b&c=d`, decoded. Raises `ConfigError` where one has no name."""
    try:
        return dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict"))
    except (ValueError, UnicodeDecodeError):
        raise ConfigError("the JDBC URL's properties cannot be read: write them as ?name=value&name=value") from None
