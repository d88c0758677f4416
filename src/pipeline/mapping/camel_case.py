"""Names in camelCase."""

import re

_PARTS = re.compile(r"[^_\- ]+")


def camel_case(name: str) -> str:
    """
    Return the name in camelCase.

    Parts stand between `_`, `-` and spaces: the first in lower case, each other with a
    capital. A part all in capitals counts as lower case; in a part of mixed case only a
    leading run of capitals is lowered, without the capital that begins the next word.
    Leading underscores and all other characters stay; a name without any part stays as it is.
    """
    first, *others = _PARTS.findall(name) or [name]
    underscores = name[: len(name) - len(name.lstrip("_"))] if first != name else ""
    return underscores + _lowered(first) + "".join(_capitalised(_lowered(part)) for part in others)


def _lowered(part: str) -> str:
    if part.isupper():
        return part.lower()
    end = next(place for place, character in enumerate(part) if not character.isupper())
    if end > 1 and part[end].islower():
        end -= 1
    return part[:end].lower() + part[end:]


def _capitalised(part: str) -> str:
    capital = part[0].upper()
    return capital + part[1:] if len(capital) == 1 else part
