"""JDBC URLs of PostgreSQL, in every form that the pgjdbc driver accepts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from pipeline.errors import ConfigError
from pipeline.sources.postgresql.search_path import split_search_path

PREFIX = "jdbc:postgresql:"
DEFAULT_HOST = "localhost"
DEFAULT_PORT = 5432
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SSL_FILES: tuple[str, ...] = ("sslcert", "sslkey", "sslrootcert")
NON_VALIDATING = "org.postgresql.ssl.NonValidatingFactory"

LONGEST_TIMEOUT_SECONDS = 2**31 // 1000
"""The driver counts milliseconds in 32 bits."""

_DIGITS = re.compile(r"[0-9]{1,9}")

FORMS = "jdbc:postgresql://host:port/database?property=value"

REFUSED = {
    "service": "service files are read on the client's machine",
    "replication": "the connector sets it",
    "socketFactory": "it names a Java class",
    "socketFactoryArg": "it belongs to a Java class",
    "sslfactory": "it names a Java class",
    "sslfactoryarg": "it belongs to a Java class",
    "sslhostnameverifier": "it names a Java class",
    "sslpassword": "only the password of the user reaches Kafka Connect as a secret",
    "sslpasswordcallback": "it names a Java class",
    "authenticationPluginClassName": "it names a Java class",
    "xmlFactoryFactory": "it names a Java class",
    "connectExecutor": "it names a Java class",
    "connectExecutorArg": "it belongs to a Java class",
    "loggerFile": "it writes files where Kafka Connect runs",
    "loggerLevel": "it belongs to loggerFile",
    "localSocketAddress": "it names an address of the client's machine",
}
"""Driver properties that are not passed on, and why."""


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """
    A parsed JDBC URL.

    `schemas` are those of `currentSchema`, as the catalogue spells them; empty for every
    schema. `options` holds the driver properties that are not read here, decoded. `repr`
    shows no password.
    """

    hosts: tuple[tuple[str, int], ...]
    database: str
    user: str
    password: str | None = field(default=None, repr=False)
    schemas: tuple[str, ...] = ()
    ssl_mode: str | None = None
    ssl_files: Mapping[str, str] = field(default_factory=dict, hash=False)
    connect_timeout_seconds: int | None = None
    application_name: str | None = None
    options: Mapping[str, str] = field(default_factory=dict, hash=False)


def parse(url: str, user: str | None = None, password: str | None = None, *, default_port: int = DEFAULT_PORT) -> PostgresUrl:
    """
    Parse a JDBC URL as pgjdbc's `Driver.parseURL` does; credentials given beside it outrank its own.

    Raises:
        ConfigError: The URL is not one that the driver accepts, names no user, or asks for
            what cannot be passed on. The message names the place, never a secret.
    """
    if not url.startswith(PREFIX):
        raise ConfigError(f"the JDBC URL must begin with {PREFIX}", suggestion=f"Write it as {FORMS}")
    server, _, query = url[len(PREFIX) :].partition("?")
    properties = _properties(query)
    authority, database = _split_server(server)
    hosts = _hosts(authority, properties, default_port)
    user = user or properties.pop("user", "") or None
    properties.pop("user", None)
    if not user:
        raise ConfigError("the JDBC URL names no user", suggestion="Give it as `user`, or as the URL's property user")
    database = properties.pop("PGDBNAME", database) or user
    return _assemble(hosts, database, user, password, properties)


def _assemble(
    hosts: tuple[tuple[str, int], ...], database: str, user: str, password: str | None, properties: dict[str, str]
) -> PostgresUrl:
    own_password = properties.pop("password", None)
    ssl_mode = _ssl_mode(properties)
    ssl_files = {name: properties.pop(name) for name in SSL_FILES if name in properties}
    for name, reason in REFUSED.items():
        if name in properties:
            raise ConfigError(f"the JDBC URL's property {name} is not passed on: {reason}", suggestion=f"Leave {name} out")
    return PostgresUrl(
        hosts=hosts,
        database=database,
        user=user,
        password=password if password is not None else own_password,
        schemas=split_search_path(properties.pop("currentSchema", ""), user),
        ssl_mode=ssl_mode,
        ssl_files=MappingProxyType(ssl_files),
        connect_timeout_seconds=_seconds(properties, "connectTimeout"),
        application_name=properties.pop("ApplicationName", None),
        options=MappingProxyType(properties),
    )


def _split_server(server: str) -> tuple[str, str]:
    """The host list and the database (decoded); either may be empty."""
    if server in ("", "/", "//", "///"):
        return "", ""
    if "@" in server:
        raise ConfigError(
            "the JDBC URL has credentials before the host, where the driver does not read them (an @ in a database's name is written %40)",
            suggestion="Give user and password as their own fields, or as ?user=...&password=...",
        )
    if not server.startswith("//"):
        if server.startswith("/"):
            raise ConfigError("the JDBC URL has one slash before the host: two are needed", suggestion=f"Write it as {FORMS}")
        return "", _decode(server, "the database name")
    authority, slash, database = server[2:].partition("/")
    if not slash:
        raise ConfigError("the JDBC URL needs a / after the host", suggestion=f"Write it as {FORMS}")
    if "/" in database:
        raise ConfigError("the JDBC URL has too many slashes: a / in the database's name is written %2F", suggestion=f"Write it as {FORMS}")
    return authority, _decode(database, "the database name")


def _hosts(authority: str, properties: dict[str, str], default_port: int) -> tuple[tuple[str, int], ...]:
    """The hosts of the URL, or those of the properties host and port, which outrank it."""
    pairs = [_host_and_port(address, default_port) for address in authority.split(",")]
    names = properties.pop("PGHOST", ",".join(name for name, _ in pairs)).split(",")
    ports = properties.pop("PGPORT", ",".join(port for _, port in pairs)).split(",")
    if len(names) != len(ports):
        raise ConfigError(f"the JDBC URL names {len(names)} hosts but {len(ports)} ports")
    return tuple((_host(name), _port(port, name)) for name, port in zip(names, ports, strict=True))


def _host_and_port(address: str, default_port: int) -> tuple[str, str]:
    host, colon, port = address.rpartition(":")
    if not colon or "]" in port:
        return address or DEFAULT_HOST, str(default_port)
    return host or DEFAULT_HOST, port


def _host(name: str) -> str:
    name = name or DEFAULT_HOST
    if name.startswith("["):
        if not name.endswith("]"):
            raise ConfigError(f"the JDBC URL's host {name} lacks its closing bracket")
        return name[1:-1]
    if ":" in name:
        raise ConfigError(f"the JDBC URL's host {name} has several colons", suggestion="Write an IPv6 address in brackets: [::1]:5432")
    return name


def _port(text: str, host: str) -> int:
    if _DIGITS.fullmatch(text) and 1 <= int(text) <= 65535:
        return int(text)
    raise ConfigError(f"the JDBC URL's port {text!r} (of the host {host}) is not a number between 1 and 65535")


def _properties(query: str) -> dict[str, str]:
    properties: dict[str, str] = {}
    for token in filter(None, query.split("&")):
        name, _, value = token.partition("=")
        known_as = f"PG{name.upper()}"
        name = known_as if known_as in ("PGHOST", "PGPORT", "PGDBNAME") else name
        properties[name] = _decode(value, f"the property {name}")
    return properties


def _decode(text: str, place: str) -> str:
    """Decode as Java's URLDecoder does: + is a space, and a % needs two hexadecimal digits after it."""
    parts = text.split("%")[1:]
    if any(len(part) < 2 or not all(digit in "0123456789abcdefABCDEF" for digit in part[:2]) for part in parts):
        raise ConfigError(f"{place} in the JDBC URL has a % without two hexadecimal digits after it", suggestion="Write a % as %25")
    if "%00" in text:
        raise ConfigError(f"{place} in the JDBC URL holds %00: PostgreSQL takes no NUL character")
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{place} in the JDBC URL is not UTF-8 once decoded") from error


def _ssl_mode(properties: dict[str, str]) -> str | None:
    """`sslmode`, or what `ssl` and pgjdbc's non-validating factory mean by it; None for the driver's default."""
    mode = properties.pop("sslmode", "").lower() or None
    if mode is not None and mode not in SSL_MODES:
        raise ConfigError(f"the JDBC URL's sslmode {mode!r} is not one of {', '.join(SSL_MODES)}")
    ssl = properties.pop("ssl", "false").lower()
    if ssl not in ("", "true", "false"):
        raise ConfigError(f"the JDBC URL's ssl {ssl!r} is neither true nor false")
    if properties.get("sslfactory") == NON_VALIDATING:
        del properties["sslfactory"]
        return mode or "require"
    return mode or (None if ssl == "false" else "verify-full")


def _seconds(properties: dict[str, str], name: str) -> int | None:
    text = properties.pop(name, None)
    if text is None:
        return None
    if not _DIGITS.fullmatch(text) or int(text) > LONGEST_TIMEOUT_SECONDS:
        raise ConfigError(f"the JDBC URL's {name} {text!r} is not a number of seconds, {LONGEST_TIMEOUT_SECONDS} at most")
    return int(text)
