"""JDBC URLs of Oracle's thin driver, in every form that names a server."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pipeline.errors import ConfigError
from pipeline.sources.properties import ANOTHER_SECRET, UrlProperties, read_port, refuse, require_user

PREFIX = "jdbc:oracle:thin:"
FORMS = "jdbc:oracle:thin:@//host:port/service"
DEFAULT_PORT = 1521

PART_OF_THE_ADDRESS = frozenset(
    {
        "connect_timeout",
        "transport_connect_timeout",
        "retry_count",
        "retry_delay",
        "expire_time",
        "sdu",
        "failover",
        "load_balance",
        "source_route",
        "ssl_server_dn_match",
        "ssl_server_cert_dn",
        "https_proxy",
        "https_proxy_port",
        "wallet_location",
        "pool_connection_class",
        "pool_purity",
    }
)
"""Parameters of the address itself ("Easy Connect Plus"); any other is a property of the driver."""

REFUSED = {
    "oracle.net.wallet_password": ANOTHER_SECRET,
    "javax.net.ssl.keyStorePassword": ANOTHER_SECRET,
    "javax.net.ssl.trustStorePassword": ANOTHER_SECRET,
    "oracle.jdbc.accessToken": ANOTHER_SECRET,
    "TNS_ADMIN": "names in its files would be looked up on two machines; give host, port and service, or the whole descriptor",
    "oracle.net.tns_admin": "names in its files would be looked up on two machines; give host, port and service, or the whole descriptor",
}
"""Driver properties that are not passed on, and why."""

_SID = re.compile(r"(?P<host>\[[^\]]+\]|[^:/\[\]]+):(?P<port>\d+):(?P<sid>[^/?]+)")
_SERVICE = re.compile(
    r"(?:(?P<protocol>tcps?):)?(?://)?(?P<hosts>[^/?]+)"
    r"(?:/(?P<service>[^/:?]*)(?::(?P<mode>[^/?]*))?(?:/(?P<instance>[^/?]*))?)?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?P<host>\[[^\]]+\]|[^:\[\]]+)(?::(?P<port>[^:]*))?")
_CREDENTIALS = re.compile(r'(?P<user>"[^"]*"|[^/@"]*)(?:/(?P<password>"[^"]*"|[^@]*))?@')


@dataclass(frozen=True, slots=True)
class OracleUrl:
    """
    A parsed JDBC URL.

    `address` is what comes after the @, as both drivers understand it: a whole descriptor, or host, port
    and service. `shown_host` is that for people. `pdb` is the pluggable database whose tables are taken.
    """

    address: str
    shown_host: str
    user: str
    password: str | None = field(default=None, repr=False)
    pdb: str | None = None
    options: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def jdbc(self) -> str:
        """The URL without credentials."""
        return f"{PREFIX}@{self.address}"


def parse(url: str, user: str | None = None, password: str | None = None, pdb: str | None = None) -> OracleUrl:
    """
    Parse a JDBC URL of the thin driver; credentials given beside it outrank its own.

    Raises:
        ConfigError: The URL is not one that the driver accepts, has to be looked up elsewhere (LDAP, an alias of
            tnsnames.ora), names no user, or asks for what cannot be passed on. The message names the place, never a secret.
    """
    if url.startswith("jdbc:oracle:oci"):
        raise ConfigError(
            "the JDBC URL is one of the OCI driver, which needs Oracle's client where Kafka Connect runs", suggestion=f"Write it as {FORMS}"
        )
    if not url.startswith(PREFIX):
        raise ConfigError(f"the JDBC URL must begin with {PREFIX}", suggestion=f"Write it as {FORMS}")
    own_user, own_password, rest = _credentials(url[len(PREFIX) :])
    address, shown, options = _address(rest)
    refuse(options, REFUSED)
    own_user, own_password = options.pop("user", own_user), options.pop("password", own_password)
    return OracleUrl(
        address=address,
        shown_host=shown,
        user=require_user(user or own_user),
        password=password if password is not None else own_password,
        pdb=_pdb(pdb),
        options=MappingProxyType(dict(options)),
    )


def _credentials(text: str) -> tuple[str | None, str | None, str]:
    """User and password before the @, which may stand in quotes, and what follows it."""
    found = _CREDENTIALS.match(text)
    if found is None:
        raise ConfigError("the JDBC URL needs an @ before the host", suggestion=f"Write it as {FORMS}")
    user, password = ((part or "").strip('"') or None for part in found.group("user", "password"))
    return user, password, text[found.end() :]


def _address(text: str) -> tuple[str, str, UrlProperties]:
    if re.match(r"\s*\(", text):
        return _descriptor(text)
    if re.match(r"ldaps?:", text, re.IGNORECASE):
        raise ConfigError(
            "the JDBC URL is looked up in an LDAP directory, which the service and Kafka Connect would each have to reach",
            suggestion="Give what the directory says: host, port and service, or the whole descriptor",
        )
    if re.match(r"https?:|config-", text, re.IGNORECASE):
        raise ConfigError("the JDBC URL is read from a configuration store", suggestion=f"Give what it holds: {FORMS}")
    server, _, query = text.partition("?")
    own, options = _split(query)
    if (sid := _SID.fullmatch(server)) is not None:
        port = read_port(sid["port"], sid["host"])
        address = f"(DESCRIPTION={_of('tcp', sid['host'], port)}(CONNECT_DATA=(SID={_plain(sid['sid'], 'SID')})))"
        return address, f"{sid['host']}:{port}:{sid['sid']}", options
    return _service(server, own, options)


def _service(server: str, own: Mapping[str, str], options: UrlProperties) -> tuple[str, str, UrlProperties]:
    found = _SERVICE.fullmatch(server)
    if found is None or not found["service"]:
        raise ConfigError(
            f"the JDBC URL's address {server!r} names no service; an alias of tnsnames.ora is not looked up",
            suggestion=f"Write it as {FORMS}, or give the whole descriptor",
        )
    protocol = (found["protocol"] or "tcp").lower()
    hosts = [_host_and_port(each) for each in found["hosts"].split(",")]
    data = f"(SERVICE_NAME={_plain(found['service'], 'service')})"
    data += f"(SERVER={_plain(found['mode'], 'server mode')})" if found["mode"] else ""
    data += f"(INSTANCE_NAME={_plain(found['instance'], 'instance')})" if found["instance"] else ""
    addresses = "".join(_of(protocol, host, port) for host, port in hosts)
    listed = f"(ADDRESS_LIST={addresses})" if len(hosts) > 1 else addresses
    address = f"(DESCRIPTION={''.join(_parameters(own))}{listed}(CONNECT_DATA={data}){_security(own)})"
    return address, f"{','.join(f'{host}:{port}' for host, port in hosts)}/{found['service']}", options


def _descriptor(text: str) -> tuple[str, str, UrlProperties]:
    """A whole descriptor, taken as it is; its parentheses have to match."""
    depth = 0
    for place, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and character == ")":
            descriptor, rest = text[: place + 1].strip(), text[place + 1 :].strip()
            break
    else:
        raise ConfigError("the JDBC URL's descriptor lacks a closing parenthesis")
    if rest and not rest.startswith("?"):
        raise ConfigError("the JDBC URL has text after its descriptor")
    if not re.search(r"\(\s*HOST\s*=", descriptor, re.IGNORECASE):
        raise ConfigError("the JDBC URL's descriptor names no HOST")
    hosts = re.findall(r"\(\s*HOST\s*=\s*([^()\s]+)", descriptor, re.IGNORECASE)
    _, options = _split(rest[1:])
    return descriptor, ",".join(hosts), options


def _split(query: str) -> tuple[dict[str, str], UrlProperties]:
    """The parameters that belong to the address, and the driver's properties."""
    pairs = dict(_pairs(query))
    own = {name.lower(): value for name, value in pairs.items() if name.lower() in PART_OF_THE_ADDRESS}
    return own, UrlProperties((name, value) for name, value in pairs.items() if name.lower() not in PART_OF_THE_ADDRESS)


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, query.split("&")):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise ConfigError(f"the JDBC URL's property {name.strip()!r} lacks its name or its =")
        yield name.strip(), value.strip().strip('"')


def _host_and_port(text: str) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f"the JDBC URL's host {text!r} cannot be read", suggestion="Write an IPv6 address in brackets: [::1]:1521")
    port = found["port"]
    return found["host"], DEFAULT_PORT if port is None else read_port(port, found["host"])


def _of(protocol: str, host: str, port: int) -> str:
    return f"(ADDRESS=(PROTOCOL={protocol})(HOST={_plain(host.strip('[]'), 'host')})(PORT={port}))"


def _parameters(own: Mapping[str, str]) -> Iterator[str]:
    for name, value in own.items():
        if not name.startswith(("ssl_", "wallet_")):
            yield f"({name.upper()}={_plain(value, name)})"


def _security(own: Mapping[str, str]) -> str:
    parts = [f"({name.upper()}={_plain(value, name)})" for name, value in own.items() if name.startswith(("ssl_", "wallet_"))]
    return f"(SECURITY={''.join(parts)})" if parts else ""


def _plain(text: str, what: str) -> str:
    """The text, which goes into a descriptor unquoted."""
    if re.search(r"[()\s\"']", text) and what != "ssl_server_cert_dn":
        raise ConfigError(f"the JDBC URL's {what} {text!r} has a parenthesis, a quote or a blank", suggestion="Give the whole descriptor")
    return text


def _pdb(name: str | None) -> str | None:
    """The name as the dictionary has it. It goes into a statement as it is, so it can be a plain name only."""
    if not name:
        return None
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_$#]{0,127}", name):
        raise ConfigError(f"oraclePdbName {name!r} is not the name of a pluggable database: letters, digits, _, $ and #")
    return name.upper()
