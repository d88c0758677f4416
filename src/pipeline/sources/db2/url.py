"""JDBC URLs of Db2, in the forms of IBM's driver that reach a server over the network (type 4)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pipeline.errors import ConfigError
from pipeline.sources.properties import (
    ANOTHER_SECRET,
    JAVA_CLASS,
    UrlProperties,
    read_choice,
    read_port,
    read_seconds,
    refuse,
    require_user,
)

PREFIX = "jdbc:db2:"
FORMS = "jdbc:db2://host:port/database:property=value;"
DEFAULT_PORT = 50000

TRUE_FALSE = {"true": "true", "yes": "true", "false": "false", "no": "false"}

REFUSED = {
    "accessToken": ANOTHER_SECRET,
    "apiKey": ANOTHER_SECRET,
    "sslTrustStorePassword": ANOTHER_SECRET,
    "sslKeyStorePassword": ANOTHER_SECRET,
    "newPassword": "it would change the user's password",
    "pluginClassName": JAVA_CLASS,
    "traceFile": "it writes files where Kafka Connect runs",
    "traceDirectory": "it writes files where Kafka Connect runs",
    "jccJDBCGlobalProperties": "it reads files where Kafka Connect runs",
}
"""Driver properties that are not passed on, and why."""

_SERVER = re.compile(r"//(?P<host>\[[^\]]*\]|[^:/\[\]]*)(?::(?P<port>[^/]*))?/(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Db2Url:
    """
    A parsed JDBC URL.

    `schema` is that of `currentSchema`, as the URL spells it, None for all. `certificate` is the file with
    the server's certificate, for TLS. `options` holds the driver's properties that are not read here.
    """

    host: str
    port: int
    database: str
    user: str
    password: str | None = field(default=None, repr=False)
    schema: str | None = None
    tls: bool = False
    certificate: str | None = None
    login_timeout_seconds: int | None = None
    options: Mapping[str, str] = field(default_factory=dict, hash=False)


def parse(url: str, user: str | None = None, password: str | None = None) -> Db2Url:
    """
    Parse a JDBC URL of the type 4 driver; credentials given beside it outrank its own.

    Raises:
        ConfigError: The URL is not one that the driver accepts, names no user, or asks for what
            cannot be passed on. The message names the place, never a secret.
    """
    if not url.startswith(PREFIX):
        raise ConfigError(f"the JDBC URL must begin with {PREFIX}//", suggestion=f"Write it as {FORMS}")
    found = _SERVER.fullmatch(url[len(PREFIX) :])
    if found is None:
        raise ConfigError(
            "the JDBC URL needs // before the host and a / after it: the forms without a host need Db2's own client",
            suggestion=f"Write it as {FORMS}",
        )
    database, _, text = found["rest"].partition(":")
    properties = UrlProperties(_pairs(text))
    own_user, own_password = properties.pop("user", None), properties.pop("password", None)
    refuse(properties, REFUSED)
    host = found["host"].strip("[]")
    if not host:
        raise ConfigError("the JDBC URL names no host", suggestion=f"Write it as {FORMS}")
    return Db2Url(
        host=host,
        port=DEFAULT_PORT if found["port"] is None else read_port(found["port"], host),
        database=_database(database),
        user=require_user(user or own_user),
        password=password if password is not None else own_password,
        schema=properties.pop("currentSchema", "").strip().strip('"') or None,
        tls=read_choice(properties, "sslConnection", TRUE_FALSE) == "true",
        certificate=properties.pop("sslCertLocation", None) or None,
        login_timeout_seconds=read_seconds(properties, "loginTimeout"),
        options=MappingProxyType(dict(properties)),
    )


def _database(name: str) -> str:
    if not name:
        raise ConfigError("the JDBC URL names no database", suggestion=f"Write it as {FORMS}")
    if not re.fullmatch(r"[A-Za-z0-9_@#$]+", name):
        raise ConfigError(
            f"the JDBC URL's database {name!r} is no name of one: letters, digits, _, @, # and $", suggestion=f"Write it as {FORMS}"
        )
    return name


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """The properties, each with a semicolon after it; the last one's may be missing."""
    for part in filter(str.strip, text.split(";")):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise ConfigError(
                f"the JDBC URL's property {name.strip()!r} lacks its name or its =", suggestion="Write properties as name=value;"
            )
        yield name.strip(), value.strip()
