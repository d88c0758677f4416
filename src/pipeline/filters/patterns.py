"""LIKE."""

import re
from collections.abc import Callable
from typing import Any

from pipeline.filters.faults import InexactError
from pipeline.filters.kinds import Evaluate, Image
from pipeline.filters.texts import TextRule

ANY, ONE = object(), object()


def like(value: Evaluate, pattern: str, escape: str, rule: TextRule) -> Evaluate:
    """
    Return what matches texts against the pattern; spaces at the end count. What is a wildcard, or escapes one, no collation decides.

    Raises:
        InexactError: See there.
    """
    key = rule.like_key()
    parts = _parts(pattern, escape)
    if key is not None:
        parts = [key(part) if isinstance(part, str) else part for part in parts]
    if key is not None and not all(part is ANY or part is ONE or (isinstance(part, str) and part.isascii()) for part in parts):
        raise InexactError(
            f'under the collation "{rule.name}" only Latin letters and ASCII are known in a pattern: write COLLATE utf8mb4_bin'
        )
    matches = _matcher(parts)

    def evaluate(image: Image) -> Any:
        text = value(image)
        return None if text is None else matches(text if key is None else key(text))

    return evaluate


def _parts(pattern: str, escape: str) -> list[object]:
    """The characters of the pattern, `ANY` for % and `ONE` for _."""
    parts: list[object] = []
    characters = iter(pattern)
    for character in characters:
        if escape and character == escape:
            following = next(characters, None)
            if following is None:
                raise InexactError("the pattern ends with its escape character")
            parts.append(following)
        else:
            parts.append({"%": ANY, "_": ONE}.get(character, character))
    return parts


def _matcher(parts: list[object]) -> Callable[[str], bool]:
    inner = "".join(part for part in parts if isinstance(part, str))
    if len(inner) == len(parts) - 1 and parts[-1] is ANY:
        return lambda text: text.startswith(inner)
    if len(inner) == len(parts) - 2 and parts[0] is ANY and parts[-1] is ANY:
        return lambda text: inner in text
    expression = "".join(".*" if part is ANY else "." if part is ONE else re.escape(str(part)) for part in parts)
    matches = re.compile(expression, re.DOTALL).fullmatch
    return lambda text: matches(text) is not None
