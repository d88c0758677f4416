"""
What MySQL's and MariaDB's collations take for equal to ASCII.

A file for each collation, named as it without the character set, holds for each text of ASCII the
characters that are equal to it (the empty text: those that are ignored), as the servers themselves say
(WEIGHT_STRING); `tests/contract/collations.py` makes the files and compares them with the servers. Any character
that is in none of its lists has a weight that no text of ASCII has.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def folds_of(collation: str) -> Mapping[int, str] | None:
    """What stands for each character under the collation, as `str.translate` takes it; None where the collation is not known."""
    file = files(__package__) / f"{collation}.json"
    if not re.fullmatch("[a-z0-9_]+", collation) or not file.is_file():
        return None
    lists: dict[str, str] = json.loads(file.read_text("utf-8"))
    return {ord(character): text for text, characters in lists.items() for character in characters}
