"""
Takes passwords out of URLs and texts.

User names, hosts, databases and all other properties stay, so that a person can still tell
which server is meant. Where a text is not well formed, more is hidden rather than less.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote

MASK = "***"

_SECRET_WORDS = ("password", "passwd", "pwd", "passphrase", "secret", "token", "credential", "apikey", "accesskey", "privatekey")
_SECRET_NAMES = ("pass", "authmechanismproperties")
_HOSTS = re.compile(r"(?:[\w.%\\-]+|\[[0-9A-Fa-f:.%\w]+\])?(?::\d+)?(?:,(?:[\w.%\\-]+|\[[0-9A-Fa-f:.%\w]+\])(?::\d+)?)*")
_PROPERTY = re.compile(r"(?P<lead>^|[?&;:,(\s\"'{])\s*(?P<name>[^\s=?&;:,()\"'{}/]+)(?:[\"']\s*:|[\"']?\s*=)\s*")
_ORACLE = re.compile(r"^(jdbc:oracle:\w+:[^/@?]*)/.*@", re.IGNORECASE | re.DOTALL)
_VALUE_ENDS = {"?": "&", "&": "&", ";": ";", ":": ";", "(": ",)", ",": ",)"}
_URL_IN_TEXT = re.compile(r"\b(?:mongodb(?:\+srv)?://[^/?@]*@[^\s\"<>]*|(?:jdbc:|[A-Za-z][A-Za-z0-9+.-]*://)[^\s\"<>]+)")
_JDBC_PROPERTIES = re.compile(r"\?|;[^;=@]*=")
_MONGODB_OPTIONS = re.compile(r"\?")


def redact_jdbc_url(url: str) -> str:
    """The JDBC URL with every password in it replaced by `***`: user-info, Oracle's `user/password@`, properties of any form."""
    return _mask_properties(_mask_user_info(_ORACLE.sub(rf"\1/{MASK}@", url), _JDBC_PROPERTIES))


def redact_mongodb_url(url: str) -> str:
    """The MongoDB connection string with its password, and options that hold secrets, replaced by `***`."""
    return _mask_properties(_mask_user_info(url, _MONGODB_OPTIONS))


def redact_text(text: str) -> str:
    """A text for people with the passwords of every URL and of every `password=...` in it replaced by `***`."""
    return _mask_properties(_URL_IN_TEXT.sub(lambda url: _redact_url(url[0]), text), in_text=True)


def redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: redact every text of the event, nested ones too; values whose name says that they are secret go."""
    return {name: _redact_value(name, value) for name, value in event.items()}


def is_secret_name(name: str) -> bool:
    """Whether a property of this name holds a secret: `sslpassword`, `trustStorePassword`, `PWD`, `accessToken`."""
    plain = re.sub(r"[^a-z]", "", unquote(name).lower())
    return plain in _SECRET_NAMES or any(word in plain for word in _SECRET_WORDS)


def _redact_url(url: str) -> str:
    return redact_mongodb_url(url) if url.startswith("mongodb") else redact_jdbc_url(url)


def _redact_value(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return MASK if is_secret_name(name) else redact_text(value)
    if isinstance(value, Mapping):
        return {key: _redact_value(str(key), item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_redact_value(name, item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return redact_text(str(value))


def _mask_user_info(url: str, properties: re.Pattern[str]) -> str:
    """
    Hide the password before the hosts' `@`; `properties` matches where the URL's properties begin.

    A password with an unescaped `/`, `?` or `@` makes the border unclear: then everything up
    to the last `@` that may end it is taken for the password.
    """
    start = url.find("//") + 2
    if start == 1:
        return url
    rest = url[start:]
    place = properties.split(rest, maxsplit=1)[0]
    at = place.rfind("@")
    if _is_unclear(place[at + 1 :].partition("/")[0], rest[len(place) :], user_info=at >= 0):
        at = rest.rfind("@")
    user, colon, _ = rest[: max(at, 0)].partition(":")
    return f"{url[:start]}{user}:{MASK}{rest[at:]}" if colon else url


def _is_unclear(hosts: str, properties: str, *, user_info: bool) -> bool:
    """Whether what seems to be hosts and properties may still be a piece of a password, before an `@` that comes later."""
    if not user_info:
        return not _HOSTS.fullmatch(hosts)
    before, later, _ = properties.rpartition("@")
    return bool(later) and (not hosts or "=" not in before)


def _mask_properties(text: str, *, in_text: bool = False) -> str:
    parts, done = [], 0
    for match in _PROPERTY.finditer(text):
        if match.start("name") < done or not is_secret_name(match["name"]):
            continue
        parts += [text[done : match.end()], MASK]
        done = _value_end(text, match.end(), match["lead"], in_text=in_text)
    return "".join([*parts, text[done:]])


def _value_end(text: str, start: int, lead: str, *, in_text: bool) -> int:
    quoted = re.compile(r"\{(?:[^}]|\}\})*\}|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'").match(text, start)
    ends = _VALUE_ENDS.get(lead, "")
    if quoted and (lead != "?" and lead != "&"):
        if not ends:
            return quoted.end()
        start = quoted.end()
    if in_text:
        ends += r"\s\"'"
    if not ends:
        return len(text)
    end = re.compile(f"[{ends}]").search(text, start)
    return end.start() if end else len(text)
