"""The part of a JDBC URL that names hosts: `user:password@host:port,(host=...,port=...),address=(host=...)(port=...)`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.errors import ConfigError
from pipeline.sources.mysql.encoding import decode, split_outside
from pipeline.sources.properties import read_port

DEFAULT_HOST = "localhost"
DEFAULT_PORT = 3306

REFUSED = {
    "protocol": ("tcp",),
    "type": ("primary", "master", "source"),
}
"""Members of an address that say more than where it is, and the values that change nothing."""


class Host(NamedTuple):
    """Where a server listens; an IPv6 address without its brackets."""

    name: str
    port: int

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Authority:
    """The hosts in order, the credentials, and the properties of single addresses, which count for all."""

    hosts: tuple[Host, ...]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    properties: Mapping[str, str] = field(default_factory=dict, hash=False)


def parse_authority(text: str) -> Authority:
    """
    Parse the hosts as `ConnectionUrlParser` of Connector/J does.

    A list in brackets shares the credentials before it. Replicas are left out: they may lag,
    and their logs have positions of their own.

    Raises:
        ConfigError: An address is not one, or hosts differ in their credentials.
    """
    parts = [part for each in split_outside(text, ",") for part in _addresses(each.strip())]
    hosts = tuple(part.host for part in parts if part.host is not None)
    if not hosts:
        raise ConfigError("the JDBC URL names replicas only", suggestion="Name the primary, whose log is followed")
    credentials = {(part.user, part.password) for part in parts if part.user is not None}
    if len(credentials) > 1:
        raise ConfigError("the JDBC URL gives its hosts different credentials", suggestion="Give one user for all hosts, as its own field")
    user, password = next(iter(credentials), (None, None))
    return Authority(hosts, user, password, {name: value for part in parts for name, value in part.properties.items()})


@dataclass(frozen=True, slots=True)
class _Address:
    """One address; `host` is None for a replica."""

    host: Host | None
    user: str | None = None
    password: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


def _addresses(text: str) -> list[_Address]:
    before, at, server = text.rpartition("@")
    user, colon, password = before.partition(":")
    named = decode(user, "the user's name") if at else None
    secret = decode(password, "the password") if colon else None
    if server.startswith("[") and server.endswith("]") and _is_list(server[1:-1]):
        inner = [address for each in split_outside(server[1:-1], ",") for address in _addresses(each.strip())]
        return [_Address(each.host, each.user or named, each.password or secret, each.properties) for each in inner]
    if server.startswith("(") or server.lower().startswith("address="):
        return [_from_members(server, named, secret)]
    return [_Address(_host_andread_port(server), named, secret)]


def _is_list(text: str) -> bool:
    """Whether brackets hold several addresses and not the one IPv6 address that they are also written around."""
    return not re.fullmatch(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[^\]]*)?", text)


def _from_members(text: str, user: str | None, password: str | None) -> _Address:
    members = _members(text)
    refused = [(name, members.pop(name)) for name in REFUSED if name in members]
    if any(name == "type" and value.lower() in ("replica", "slave", "secondary") for name, value in refused):
        return _Address(None)
    for name, value in refused:
        if value.lower() not in REFUSED[name]:
            raise ConfigError(f"the JDBC URL's address has {name}={value}, which cannot be passed on", suggestion=f"Leave {name} out")
    members.pop("priority", None)
    host = members.pop("host", "") or DEFAULT_HOST
    port = read_port(members.pop("port", "") or str(DEFAULT_PORT), host)
    return _Address(Host(_bare(host), port), members.pop("user", user), members.pop("password", password), members)


def _members(text: str) -> dict[str, str]:
    """The members of `(host=a,port=1)` and of `address=(host=a)(port=1)`."""
    groups = re.fullmatch(r"(?:address=)?((?:\([^()]*\))+)", text, re.IGNORECASE)
    if groups is None:
        raise ConfigError("the JDBC URL's address in parentheses is malformed", suggestion="Write it as address=(host=name)(port=3306)")
    members: dict[str, str] = {}
    for group in re.findall(r"\(([^()]*)\)", groups[1]):
        for member in group.split(","):
            name, equals, value = member.partition("=")
            if not equals:
                raise ConfigError(f"the JDBC URL's address has the member {name!r} without a value")
            members[name.strip()] = decode(value.strip(), f"the address's {name.strip()}")
    return members


def _host_andread_port(text: str) -> Host:
    if not text:
        return Host(DEFAULT_HOST, DEFAULT_PORT)
    address = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::([^:]*))?", text)
    if address is None:
        raise ConfigError(f"the JDBC URL's host {text} has several colons", suggestion="Write an IPv6 address in brackets: [::1]:3306")
    name = address[1] or DEFAULT_HOST
    return Host(_bare(decode(name, "the host's name")), read_port(address[2] or str(DEFAULT_PORT), name))


def _bare(host: str) -> str:
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host
