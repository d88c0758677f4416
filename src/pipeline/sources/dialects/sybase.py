"""JDBC URLs of jConnect, for Sybase ASE: jdbc:sybase:Tds:host:port/database?property=value."""

from sqlalchemy.engine.url import URL

from pipeline.errors import ConfigError
from pipeline.sources.dialects.jdbc import host_and_port, properties

PREFIX = "jdbc:sybase:Tds:"
FORM = "jdbc:sybase:Tds:host:port/database?property=value"
DEFAULT_PORT = 5000

ODBC = {"DRIVER": "FreeTDS", "TDS_Version": "5.0", "ClientCharset": "UTF-8"}
"""FreeTDS's ODBC driver (its User Guide: Connection attributes) as it speaks to ASE; texts come as Unicode."""

_FIXED = frozenset({"DRIVER", "TDS_VERSION", "CLIENTCHARSET", "DSN", "FILEDSN", "SERVERNAME", "ODBC_CONNECT"})

KNOWN = {"APPLICATIONNAME": "APP", "LANGUAGE": "Language", "PACKETSIZE": "PacketSize"}
"""jConnect's properties (SAP's jConnect Programmers Reference) in FreeTDS's words."""

IGNORED = frozenset({"CHARSET", "DYNAMIC_PREPARE", "HOSTNAME", "REPEAT_READ", "JCONNECT_VERSION", "VERSION", "FAKE_METADATA"})
"""Properties that only concern jConnect itself."""


def parse(url: str) -> URL:
    """
    Return the address that the JDBC URL names.

    Raises:
        ConfigError: It is not one that jConnect accepts, or asks for what FreeTDS cannot do.
    """
    if not url.lower().startswith(PREFIX.lower()):
        raise ConfigError(f"the JDBC URL must begin with {PREFIX}", suggestion=f"Write it as {FORM}")
    server, _, query = url[len(PREFIX) :].partition("?")
    address, _, database = server.partition("/")
    host, port = host_and_port(address)
    own = {name.upper(): value for name, value in properties(query).items()}
    user, password = own.pop("USER", None), own.pop("PASSWORD", None)
    database = own.pop("SERVICENAME", "") or database
    return URL.create("sybase+pyodbc", user, password, host, port or DEFAULT_PORT, database or None, _options(own))


def odbc_string(url: URL) -> str:
    """
    The address in ODBC's words, the password included.

    The properties of SQLAlchemy's own form are ODBC's. They choose neither the driver, which is a program
    of this machine, nor how it speaks.
    """
    place = {"SERVER": url.host, "PORT": url.port or DEFAULT_PORT, "DATABASE": url.database, "UID": url.username, "PWD": url.password}
    given = {**{name: value for name, value in url.query.items() if name.upper() not in _FIXED}, **ODBC, **place}
    return ";".join(f"{name}={_quoted(str(value))}" for name, value in given.items() if value is not None)


def _quoted(value: str) -> str:
    """The value as ODBC takes it whatever it holds (its reference: SQLDriverConnect)."""
    special = set("[]{}(),;?*=!@") & set(value) or value != value.strip()
    return "{" + value.replace("}", "}}") + "}" if special else value


def _options(own: dict[str, str]) -> dict[str, str]:
    unknown = sorted(own.keys() - KNOWN.keys() - IGNORED)
    if unknown:
        known = ", ".join(sorted({"USER", "PASSWORD", "SERVICENAME", *KNOWN, *IGNORED}))
        raise ConfigError(f"the JDBC URL's property {unknown[0]} cannot be passed on", suggestion=f"Leave it out; known are {known}")
    return {KNOWN[name]: value for name, value in own.items() if name in KNOWN}
