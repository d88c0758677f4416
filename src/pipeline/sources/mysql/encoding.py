"""Percent-encoding, and splitting where no parenthesis or bracket is open."""

import string
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from pipeline.errors import ConfigError

_OPENING, _CLOSING = "([", ")]"


def decode(text: str, place: str) -> str:
    """
    Decode as Java's URLDecoder does: + is a space.

    Raises:
        ConfigError: A % has no two hexadecimal digits after it, or the result is no UTF-8.
    """
    for part in text.split("%")[1:]:
        if len(part) < 2 or not set(part[:2]) <= set(string.hexdigits):
            raise ConfigError(f"{place} in the JDBC URL has a % without two hexadecimal digits after it", suggestion="Write a % as %25")
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{place} in the JDBC URL is not UTF-8 once decoded") from error


def split_outside(text: str, separator: str) -> list[str]:
    """
    Split at the separator where no parenthesis or bracket is open.

    Raises:
        ConfigError: One is not closed, or closed without having been opened.
    """
    return list(_parts(text, separator))


def _parts(text: str, separator: str) -> Iterator[str]:
    depth, start = 0, 0
    for place, character in enumerate(text):
        depth += (character in _OPENING) - (character in _CLOSING)
        if depth < 0:
            break
        if character == separator and not depth:
            yield text[start:place]
            start = place + 1
    if depth:
        raise ConfigError("the JDBC URL has a parenthesis or bracket that is not closed, or not opened")
    yield text[start:]
