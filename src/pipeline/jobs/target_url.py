"""What the text of a MongoDB connection string shows."""

import re
import warnings
from urllib.parse import quote, unquote_plus

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from pipeline.errors import ConfigError
from pipeline.sink.client import OPTIONS

_SCHEMES = ("mongodb://", "mongodb+srv://")
_FORBIDDEN_IN_NAME = re.compile(r'[/\\. "$\x00]')
_LONGEST_NAME_BYTES = 63
_RESERVED = ("admin", "config", "local")


class NoDatabaseError(ConfigError):
    """The connection string is well formed but names no database to write to."""

    code = "NO_DATABASE"


def target_database(url: str) -> str:
    """
    Name the database of a MongoDB connection string.

    Only the text is looked at: nothing is resolved or connected to. Options that the driver
    does not know are left to it, as MongoDB's connection string specification has it.

    Raises:
        NoDatabaseError: There is none after the hosts.
        ConfigError: The text is no connection string, or no job can write to that database. The message quotes
            neither credentials nor values of options.
    """
    scheme = next((scheme for scheme in _SCHEMES if url.startswith(scheme)), None)
    if scheme is None:
        raise ConfigError("should begin with mongodb:// or mongodb+srv://")
    if "%00" in url:
        raise ConfigError("holds %00: a NUL character is allowed nowhere in it")
    hosts, name, options = _split(url.removeprefix(scheme))
    _check_hosts(hosts, srv=scheme == _SCHEMES[1])
    _check_options(options)
    if scheme == _SCHEMES[0]:
        _check_together(url)
    if not name:
        raise NoDatabaseError("names no database: write its name after the hosts, as in mongodb://host:27017/database")
    if "@" in name:
        raise ConfigError("has an @ after its first /: write a / in user name and password as %2F, and an @ in the database's name as %40")
    return _checked_name(unquote_plus(name))


def _split(rest: str) -> tuple[str, str, str]:
    before, _, options = rest.partition("?")
    hosts, _, name = before.partition("/")
    return hosts, name, options


def _check_hosts(hosts: str, *, srv: bool) -> None:
    try:
        nodes = parse_uri(f"mongodb://{hosts}/")["nodelist"]
    except (PyMongoError, ValueError):
        raise ConfigError(
            "its user name, password and hosts cannot be read: write user:password@host:port, with : / ? # [ ] @ % of user name and "
            "password percent-encoded"
        ) from None
    if srv and (len(nodes) != 1 or ":" in hosts.rpartition("@")[2] or "." not in nodes[0][0]):
        raise ConfigError("mongodb+srv:// takes one full host name without a port")


def _check_options(options: str) -> None:
    """Try each option alone, then all together, so that a fault can be named without quoting a value."""
    if not options:
        return
    separator = ";" if ";" in options and "&" not in options else "&"
    for option in options.split(separator):
        name, equals, value = option.partition("=")
        if not name or not equals or "=" in value or not _is_fine(f"{name}={value}"):
            raise ConfigError(f"option {quote(name)!r} is not valid: check its value, or write it as name=value")
    if not _is_fine(options):
        raise ConfigError("its options contradict each other")


def _check_together(url: str) -> None:
    """Make the client that will be used; it connects to nothing yet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            MongoClient(url, connect=False, **OPTIONS)
        except (PyMongoError, ValueError, TypeError, OSError):
            raise ConfigError("its user name, password and options do not go together: see what authMechanism needs beside it") from None


def _is_fine(options: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parse_uri(f"mongodb://host/?{options}")
        except PyMongoError as error:
            return "Unknown option" in str(error)
        except (ValueError, TypeError, OSError):
            return False
    return True


def _checked_name(name: str) -> str:
    if _FORBIDDEN_IN_NAME.search(name):
        raise ConfigError('its database name has one of the characters that MongoDB forbids: / \\ . " $ and space')
    if len(name.encode()) > _LONGEST_NAME_BYTES:
        raise ConfigError(f"its database name is longer than {_LONGEST_NAME_BYTES} bytes")
    if name in _RESERVED:
        raise ConfigError(f"{name} is a database of MongoDB itself: name another")
    return name
