"""What the JDBC URLs of several databases have in common: properties, ports, numbers of seconds."""

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping

from pipeline.errors import ConfigError

LONGEST_TIMEOUT_SECONDS = 2**31 // 1000
"""The drivers count milliseconds in 32 bits."""

_DIGITS = re.compile(r"[0-9]{1,9}")

ANOTHER_SECRET = "only the password of the user reaches Kafka Connect as a secret"  # noqa: S105 - it says why, and is none itself
JAVA_CLASS = "it names a Java class"
"""Reasons for which a property is not passed on."""


class UrlProperties(MutableMapping[str, str]):
    """
    The properties of a JDBC URL, whose names are compared without regard to case, as most drivers do.

    `synonyms` maps other names of a property, in small letters, to the one it is kept under;
    of several values the last counts. Iterating gives the names as they were first written.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = (), synonyms: Mapping[str, str] | None = None) -> None:
        self._synonyms = synonyms or {}
        self._values: dict[str, tuple[str, str]] = {}
        for name, value in pairs:
            self[name] = value

    def __getitem__(self, name: str) -> str:
        return self._values[self._known_as(name)][1]

    def __setitem__(self, name: str, value: str) -> None:
        known_as = self._known_as(name)
        written = self._synonyms.get(name.lower(), name)
        self._values[known_as] = (self._values.get(known_as, (written, ""))[0], value)

    def __delitem__(self, name: str) -> None:
        del self._values[self._known_as(name)]

    def __iter__(self) -> Iterator[str]:
        return (written for written, _ in self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def _known_as(self, name: str) -> str:
        return self._synonyms.get(name.lower(), name).lower()


def refuse(properties: Mapping[str, str], reasons: Mapping[str, str]) -> None:
    """Raise `ConfigError` for the first of the properties that is not passed on; `reasons` says why."""
    for name, reason in reasons.items():
        if name in properties:
            raise ConfigError(f"the JDBC URL's property {name} is not passed on: {reason}", suggestion=f"Leave {name} out")


def read_port(text: str, host: str) -> int:
    """Return the port. Raises `ConfigError` when the text is none."""
    if _DIGITS.fullmatch(text) and 1 <= int(text) <= 65535:
        return int(text)
    raise ConfigError(f"the JDBC URL's port {text!r} (of the host {host}) is not a number between 1 and 65535")


def read_seconds(properties: MutableMapping[str, str], name: str) -> int | None:
    """Take the property, a number of seconds, out; None where it is not there."""
    text = properties.pop(name, None)
    if text is None:
        return None
    if not _DIGITS.fullmatch(text) or int(text) > LONGEST_TIMEOUT_SECONDS:
        raise ConfigError(f"the JDBC URL's {name} {text!r} is not a number of seconds, {LONGEST_TIMEOUT_SECONDS} at most")
    return int(text)


def read_choice(properties: MutableMapping[str, str], name: str, choices: Mapping[str, str]) -> str | None:
    """
    Take the property out and return what `choices` has for its value in small letters; None where it is not there.

    Raises:
        ConfigError: It has another value; the message names those it can have.
    """
    text = properties.pop(name, None)
    if text is None:
        return None
    if text.lower() not in choices:
        raise ConfigError(f"the JDBC URL's {name} {text!r} is not one of {', '.join(choices)}")
    return choices[text.lower()]


def require_user(user: str | None) -> str:
    """Return the user. Raises `ConfigError` when there is none."""
    if not user:
        raise ConfigError("the JDBC URL names no user", suggestion="Give it as `user`, or as the URL's property user")
    return user
