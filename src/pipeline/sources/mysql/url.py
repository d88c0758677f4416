"""JDBC URLs of MySQL and MariaDB, in every form that Connector/J and MariaDB Connector/J accept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pipeline.errors import ConfigError
from pipeline.sources.mysql.authority import Host, parse_authority
from pipeline.sources.mysql.encoding import decode, split_outside
from pipeline.sources.mysql.flavour import Flavour
from pipeline.sources.mysql.properties import REFUSED, SYNONYMS, take_seconds, take_tls
from pipeline.sources.mysql.tls import Tls
from pipeline.sources.properties import UrlProperties, refuse, require_user

FORMS = "jdbc:mysql://host:port/database?property=value"

SCHEMES = {
    "jdbc:mysql:": None,
    "jdbc:mysql:replication:": None,
    "jdbc:mysql:loadbalance:": None,
    "jdbc:mariadb:": Flavour.MARIADB,
    "jdbc:mariadb:replication:": Flavour.MARIADB,
    "jdbc:mariadb:loadbalance:": Flavour.MARIADB,
    "jdbc:mariadb:sequential:": Flavour.MARIADB,
}
"""What may stand before the two slashes, and the kind of server that it names for sure: a MariaDB may also be called MySQL."""

OTHER_SCHEMES = {
    "jdbc:mysql+srv:": "it is looked up in the DNS, which Debezium does not do",
    "jdbc:mysql+srv:replication:": "it is looked up in the DNS, which Debezium does not do",
    "jdbc:mysql+srv:loadbalance:": "it is looked up in the DNS, which Debezium does not do",
    "mysqlx:": "it is for the X protocol, which is not JDBC's",
    "mysqlx+srv:": "it is for the X protocol, which is not JDBC's",
    "jdbc:mariadb:load-balance-read:": "it spreads reads over replicas, while a job follows one server",
}


@dataclass(frozen=True, slots=True)
class MySqlUrl:
    """
    A parsed JDBC URL.

    `database` is the one to take, None for every one that the user sees. `flavour` is known
    where the URL tells it. `options` holds the driver properties that are not read here,
    decoded. `repr` shows no password.
    """

    hosts: tuple[Host, ...]
    database: str | None
    user: str
    password: str | None = field(default=None, repr=False)
    flavour: Flavour | None = None
    tls: Tls = field(default_factory=Tls)
    connect_timeout_seconds: float | None = None
    options: Mapping[str, str] = field(default_factory=dict, hash=False)


def parse(url: str, user: str | None = None, password: str | None = None) -> MySqlUrl:
    """
    Parse a JDBC URL as the drivers do; credentials given beside it outrank its own.

    Raises:
        ConfigError: The URL is not one that a driver accepts, names no user, or asks for what
            cannot be passed on. The message names the place, never a secret.
    """
    scheme, rest = _split_scheme(url)
    server, _, query = rest.partition("?")
    authority, database = _split_server(server)
    parsed = parse_authority(authority)
    properties = UrlProperties([*parsed.properties.items(), *_pairs(query)], SYNONYMS)
    own_user, own_password = properties.pop("user", parsed.user), properties.pop("password", parsed.password)
    tls = take_tls(properties)
    timeout = take_seconds(properties, "connectTimeout")
    refuse(properties, REFUSED)
    return MySqlUrl(
        hosts=parsed.hosts,
        database=properties.pop("dbname", database) or None,
        user=require_user(user or own_user),
        password=password if password is not None else own_password,
        flavour=SCHEMES[scheme],
        tls=tls,
        connect_timeout_seconds=timeout,
        options=MappingProxyType(dict(properties)),
    )


def _split_scheme(url: str) -> tuple[str, str]:
    scheme, slashes, rest = url.partition("//")
    lowered = scheme.lower()
    if lowered in OTHER_SCHEMES:
        raise ConfigError(f"the JDBC URL's form {scheme} cannot be used: {OTHER_SCHEMES[lowered]}", suggestion=f"Write it as {FORMS}")
    if not slashes or lowered not in SCHEMES:
        raise ConfigError("the JDBC URL must begin with jdbc:mysql:// or jdbc:mariadb://", suggestion=f"Write it as {FORMS}")
    return lowered, rest


def _split_server(server: str) -> tuple[str, str]:
    """The authority, still encoded, and the database, decoded; a / inside parentheses (a path, a property) ends no authority."""
    authority, *parts = split_outside(server, "/")
    if len(parts) > 1:
        raise ConfigError("the JDBC URL has too many slashes: a / in the database's name is written %2F", suggestion=f"Write it as {FORMS}")
    return authority, decode(parts[0], "the database's name") if parts else ""


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for token in filter(None, query.split("&")):
        name, _, value = token.partition("=")
        yield decode(name, "a property's name").strip(), decode(value, f"the property {name}")
