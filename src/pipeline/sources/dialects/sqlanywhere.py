"""
JDBC URLs of SQL Anywhere and Sybase IQ.

SAP's own driver takes connection parameters: jdbc:sqlanywhere:Server=demo;Host=db:2638;UID=dba.
jConnect, which reaches both by TDS, takes jdbc:sybase:Tds:host:port/database, or
jdbc:sybase:Tds:host:port?ServiceName=database.
"""

from sqlalchemy.engine.url import URL

from pipeline.errors import ConfigError
from pipeline.sources.dialects import sybase
from pipeline.sources.dialects.jdbc import host_and_port

PREFIXES = ("jdbc:sqlanywhere:", "jdbc:ianywhere:")
FORM = "jdbc:sqlanywhere:Host=host:port;ServerName=server;DatabaseName=database"
DIALECT = "sqlalchemy_sqlany"
DEFAULT_PORT = 2638

SYNONYMS = {
    "server": "ServerName",
    "servername": "ServerName",
    "eng": "ServerName",
    "enginename": "ServerName",
    "dbn": "DatabaseName",
    "databasename": "DatabaseName",
    "host": "Host",
    "uid": "UserID",
    "user": "UserID",
    "userid": "UserID",
    "pwd": "Password",
    "password": "Password",
    "links": "CommLinks",
    "commlinks": "CommLinks",
    "enc": "Encryption",
    "encryption": "Encryption",
    "cs": "CharSet",
    "charset": "CharSet",
    "con": "ConnectionName",
    "connectionname": "ConnectionName",
    "lto": "LivenessTimeout",
    "livenesstimeout": "LivenessTimeout",
    "idle": "Idle",
}
"""Connection parameters and their short forms (SAP's SQL Anywhere Server, Database Administration: Connection parameters)."""

STARTS_A_SERVER = frozenset({"dbf", "databasefile", "start", "startline", "astart", "autostart", "dbs", "databaseswitches"})
"""Parameters that have the client start a server of its own."""


def parse(url: str) -> URL:
    """
    Return the address that the JDBC URL names.

    Raises:
        ConfigError: It is not one of a driver of these databases, or asks for what cannot be passed on.
    """
    prefix = next((prefix for prefix in PREFIXES if url.lower().startswith(prefix)), None)
    if prefix is not None:
        return _assemble(_parameters(url[len(prefix) :]))
    if url.lower().startswith(sybase.PREFIX.lower()):
        address = sybase.parse(url)
        return URL.create(DIALECT, address.username, address.password, address.host, _port(url, address), address.database)
    raise ConfigError(f"the JDBC URL must begin with {PREFIXES[0]} or {sybase.PREFIX}", suggestion=f"Write it as {FORM}")


def check_passable(url: URL) -> None:
    """
    Raise `ConfigError` for what sqlanydb would not pass on as it is.

    It joins parameters by semicolons and quotes nothing, so that a value with one in it would be another parameter, too.
    """
    for name in url.query:
        _known(name)
    own = {"user": url.username, "password": url.password, "database": url.database, **url.query}
    for name, value in own.items():
        if ";" in str(value or ""):
            raise ConfigError(f"the {name} holds a semicolon, which the driver takes for its end", suggestion=f"Change the {name}.")
    if ":" in (url.host or ""):
        raise ConfigError("the driver does not take an IPv6 address", suggestion="Give a host name that resolves to it.")


def _port(url: str, address: URL) -> int | None:
    """The port of a URL of jConnect, whose default is that of ASE."""
    named = f":{address.port}" in url[len(sybase.PREFIX) :].partition("/")[0]
    return address.port if named else DEFAULT_PORT


def _parameters(text: str) -> dict[str, str]:
    """The parameters by their long names; a value may stand in quotes, then with semicolons in it."""
    return {_known(name): value for name, value in _pairs(text)}


def _known(name: str) -> str:
    """The long name of a parameter that is passed on."""
    if name.lower() in STARTS_A_SERVER:
        raise ConfigError(f"the URL's parameter {name} starts a server of its own: name one that runs by Host and ServerName")
    if name.lower() not in SYNONYMS:
        known = ", ".join(sorted(set(SYNONYMS.values())))
        raise ConfigError(f"the URL's parameter {name} cannot be passed on", suggestion=f"Leave it out; known are {known}")
    return SYNONYMS[name.lower()]


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs, rest = [], text
    while rest.strip("; "):
        name, equals, rest = rest.lstrip("; ").partition("=")
        if not equals or not name.strip():
            raise ConfigError("the JDBC URL's parameters cannot be read", suggestion=f"Write it as {FORM}")
        if rest[:1] in ("'", '"', "{"):
            closing = "}" if rest[0] == "{" else rest[0]
            value, closed, rest = rest[1:].partition(closing)
            if not closed:
                raise ConfigError(f"the JDBC URL's parameter {name.strip()} lacks its closing {closing}")
        else:
            value, _, rest = rest.partition(";")
        pairs.append((name.strip(), value.strip()))
    return pairs


def _assemble(parameters: dict[str, str]) -> URL:
    user, password = parameters.pop("UserID", None), parameters.pop("Password", None)
    database = parameters.pop("DatabaseName", None)
    place = parameters.pop("Host", None)
    if place is None and "CommLinks" not in parameters:
        raise ConfigError("the JDBC URL names no host", suggestion=f"Write it as {FORM}")
    host, port = host_and_port(place) if place else (None, None)
    return URL.create(DIALECT, user, password, host, (port or DEFAULT_PORT) if host else None, database, parameters)
