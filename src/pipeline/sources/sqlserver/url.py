"""JDBC URLs of SQL Server, in every form that Microsoft's driver accepts."""

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

PREFIX = "jdbc:sqlserver://"
FORMS = r"jdbc:sqlserver://host\instance:port;databaseName=database;property=value"
DEFAULT_PORT = 1433

SYNONYMS = {
    "database": "databaseName",
    "server": "serverName",
    "port": "portNumber",
    "username": "user",
    "uid": "user",
    "pwd": "password",
    "connecttimeout": "loginTimeout",
    "connectiontimeout": "loginTimeout",
    "app": "applicationName",
    "trusted_connection": "integratedSecurity",
    "domainname": "domain",
}
"""Other names that the driver knows a property by (its `driverPropertiesSynonyms`)."""

YES_NO = {"true": "yes", "yes": "yes", "mandatory": "yes", "false": "no", "no": "no", "optional": "no", "strict": "strict"}
TRUE_FALSE = {"true": "true", "yes": "true", "false": "false", "no": "false"}
LOGINS = {"sqlpassword": "SqlPassword", "notspecified": "NotSpecified"}

REFUSED = {
    "accessToken": ANOTHER_SECRET,
    "accessTokenCallbackClass": JAVA_CLASS,
    "AADSecurePrincipalSecret": ANOTHER_SECRET,
    "clientKeyPassword": ANOTHER_SECRET,
    "keyStoreSecret": ANOTHER_SECRET,
    "keyVaultProviderClientKey": ANOTHER_SECRET,
    "trustStorePassword": f"{ANOTHER_SECRET}; a trust store of the type PKCS12 or JKS is read without one",
    "socketFactoryClass": JAVA_CLASS,
    "socketFactoryConstructorArg": "it belongs to a Java class",
    "trustManagerClass": JAVA_CLASS,
    "trustManagerConstructorArg": "it belongs to a Java class",
}
"""Driver properties that are not passed on, and why."""

NOT_IN_A_DATABASE_NAME = ";{},"
"""Debezium writes the name into a JDBC URL unescaped, and splits lists of names at commas."""


@dataclass(frozen=True, slots=True)
class SqlServerUrl:
    """
    A parsed JDBC URL.

    `port` is None where only the instance's name says it (the server's browser service then
    tells). `options` holds the driver's properties that are not read here, as they are passed on. `repr` shows no password.
    """

    host: str
    database: str
    user: str
    password: str | None = field(default=None, repr=False)
    port: int | None = None
    instance: str | None = None
    failover_partner: str | None = None
    encrypt: str = "yes"
    trust_server_certificate: bool = False
    certificate_host: str | None = None
    certificate_file: str | None = None
    login_timeout_seconds: int | None = None
    application_name: str | None = None
    options: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def shown_host(self) -> str:
        r"""host\instance:port, as far as they are given, for people."""
        instance = f"\\{self.instance}" if self.instance else ""
        return f"{self.host}{instance}" + (f":{self.port}" if self.port else "")


def parse(url: str, user: str | None = None, password: str | None = None) -> SqlServerUrl:
    """
    Parse a JDBC URL as the driver's `Util.parseUrl` does; credentials given beside it outrank its own.

    Raises:
        ConfigError: The URL is not one that the driver accepts, names no user or no database, or
            asks for what cannot be passed on. The message names the place, never a secret.
    """
    if not url.startswith(PREFIX):
        raise ConfigError(f"the JDBC URL must begin with {PREFIX}", suggestion=f"Write it as {FORMS}")
    server, _, rest = url[len(PREFIX) :].partition(";")
    if "=" in server:
        raise ConfigError("the JDBC URL has a property where the host is: a semicolon is missing", suggestion=f"Write it as {FORMS}")
    properties = UrlProperties(_pairs(rest), SYNONYMS)
    host, instance, port = _server(server, properties)
    _check_login(properties)
    _check_partner(properties)
    own_user, own_password = properties.pop("user", None), properties.pop("password", None)
    database = _database(properties)
    refuse(properties, REFUSED)
    return SqlServerUrl(
        host=host,
        port=port,
        instance=instance,
        database=database,
        user=require_user(user or own_user),
        password=password if password is not None else own_password,
        failover_partner=properties.pop("failoverPartner", None) or None,
        encrypt=read_choice(properties, "encrypt", YES_NO) or "yes",
        trust_server_certificate=read_choice(properties, "trustServerCertificate", TRUE_FALSE) == "true",
        certificate_host=properties.pop("hostNameInCertificate", None) or None,
        certificate_file=properties.pop("serverCertificate", None) or None,
        login_timeout_seconds=read_seconds(properties, "loginTimeout"),
        application_name=properties.pop("applicationName", None),
        options=MappingProxyType(dict(properties)),
    )


def _server(server: str, properties: UrlProperties) -> tuple[str, str | None, int | None]:
    """The host, the instance and the port: those of the properties outrank those before the first semicolon."""
    if server.startswith("["):
        raise ConfigError(
            "the JDBC URL has an IPv6 address before the first semicolon, where the driver does not read it",
            suggestion="Give it as the property serverName",
        )
    named, colon, port = server.partition(":")
    host, _, own_instance = properties.pop("serverName", named).strip().partition("\\")
    host = host.strip().strip("[]") or named.partition("\\")[0].strip()
    instance = properties.pop("instanceName", own_instance).strip()
    port = properties.pop("portNumber", port).strip()
    if not host:
        raise ConfigError("the JDBC URL names no host", suggestion=f"Write it as {FORMS}")
    if colon and not port:
        raise ConfigError(f"the JDBC URL has a colon after the host {host} but no port", suggestion=f"Write it as {FORMS}")
    number = read_port(port, host) if port else None if instance else DEFAULT_PORT
    return host, instance or None, number


def _database(properties: UrlProperties) -> str:
    name = properties.pop("databaseName", "")
    if not name.strip():
        raise ConfigError("the JDBC URL names no database", suggestion="Add ;databaseName=... to it")
    if any(character in name for character in NOT_IN_A_DATABASE_NAME):
        raise ConfigError(
            f"Debezium's SQL Server connector cannot open a database of the name {name!r}",
            suggestion=f"Rename the database: {' '.join(NOT_IN_A_DATABASE_NAME)} are not possible in its name",
            code="DATABASE_NOT_SUPPORTED",
        )
    return name


def _check_login(properties: UrlProperties) -> None:
    """Only a login with user and password can be handed both to Kafka Connect and to the checks."""
    if read_choice(properties, "integratedSecurity", TRUE_FALSE) == "true":
        raise ConfigError(
            "the JDBC URL's integratedSecurity is not available: rowstream logs in with a user and a password",
            suggestion="Make a SQL Server login for it, and leave integratedSecurity out",
        )
    if properties.get("authentication", "NotSpecified").lower() not in LOGINS:
        raise ConfigError(
            f"the JDBC URL's authentication {properties['authentication']!r} is not available: a user and a password are needed",
            suggestion="Use authentication=SqlPassword, or leave it out",
        )
    properties.pop("authentication", None)


def _check_partner(properties: UrlProperties) -> None:
    """A mirror's partner is for a driver that is told of no availability group (`SQLServerConnection.connectInternal`)."""
    if not properties.get("failoverPartner"):
        return
    for name, value in (("multiSubnetFailover", "true"), ("applicationIntent", "readonly")):
        if properties.get(name, "").lower() == value:
            raise ConfigError(
                f"the JDBC URL's failoverPartner cannot go with {name}={properties[name]}", suggestion="Leave one of them out"
            )


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """The properties: values end at a semicolon; in braces they may hold anything, a } written as }}."""
    while text.strip().strip(";"):
        text = text.lstrip("; ")
        name, equals, text = text.partition("=")
        if ";" in name or not equals or not name.strip():
            raise ConfigError(f"the JDBC URL's property {name.partition(';')[0].strip()!r} lacks its name or its =")
        value, text = _escaped(name.strip(), text) if text.lstrip().startswith("{") else _plain(name.strip(), text)
        yield name.strip(), value


def _plain(name: str, text: str) -> tuple[str, str]:
    value, _, rest = text.partition(";")
    if "{" in value:
        raise ConfigError(
            f"the JDBC URL's {name} has a {{ in the middle", suggestion="Put the whole value into braces: {...}, a } in it as }}"
        )
    return value.strip(), rest


def _escaped(name: str, text: str) -> tuple[str, str]:
    text = text.lstrip()[1:]
    value = ""
    while True:
        part, brace, text = text.partition("}")
        value += part
        if not brace:
            raise ConfigError(f"the JDBC URL's {name} has a {{ that is not closed", suggestion="End the value with }, a } in it as }}")
        if not text.startswith("}"):
            break
        value, text = value + "}", text[1:]
    between, _, rest = text.partition(";")
    if between.strip():
        raise ConfigError(f"the JDBC URL's {name} has text after its closing brace", suggestion="Write a } in the value as }}")
    return value, rest
