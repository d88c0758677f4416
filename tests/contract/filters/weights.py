"""
What a server's collation takes for equal to ASCII, by the weights that it gives.

As a program it writes the files of `pipeline.filters.collations`:
`python -m tests.contract.filters.weights mysql <port> <root's password>`.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pymysql

from pipeline.filters import collations

COLLATIONS = {
    "mysql": ("utf8mb4_0900_ai_ci", "utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_unicode_520_ci", "latin1_swedish_ci"),
    "mariadb": ("utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_unicode_520_ci", "utf8mb4_uca1400_ai_ci", "latin1_swedish_ci"),
}
PLANES = (range(0x20000), range(0xE0000, 0xE1000))
"""The code points that may have a weight of ASCII's, or none: all others are ideographs, for private use, or not assigned."""

AT_ONCE = 8_192


def ascii_alike(connection: "pymysql.Connection[Any]", collation: str) -> dict[str, str]:
    """The characters that are equal to each text of ASCII under the collation; those that are equal to the empty text are ignored."""
    charset = collation.partition("_")[0]
    weights = dict(_weights(connection, collation, charset))
    letters = _letters(weights)
    lists: defaultdict[str, list[str]] = defaultdict(list)
    for character, weight in weights.items():
        text = _spelt(weight, letters)
        if text is not None and text != character:
            lists[text].append(character)
    return {text: "".join(lists[text]) for text in sorted(lists)}


def _letters(weights: Mapping[str, str]) -> dict[str, str]:
    """The character of ASCII of each weight; of those that differ in case alone the small letter."""
    letters: dict[str, str] = {}
    for character in sorted(filter(str.isascii, weights), key=lambda each: (each.isupper(), each)):
        if weights[character]:
            letters.setdefault(weights[character], character)
    return letters


def _spelt(weight: str, letters: Mapping[str, str]) -> str | None:
    """The text of ASCII that has this weight; None where none has. All weights of single letters are of one length."""
    (length,) = {len(each) for each in letters}
    parts = [letters.get(weight[place : place + length]) for place in range(0, len(weight), length)]
    return None if None in parts else "".join(filter(None, parts))


def _weights(connection: "pymysql.Connection[Any]", collation: str, charset: str) -> Iterator[tuple[str, str]]:
    every = [code for plane in PLANES for code in plane if not 0xD800 <= code <= 0xDFFF]
    for first in range(0, len(every), AT_ONCE):
        codes = every[first : first + AT_ONCE]
        characters = [chr(code) for code in codes if charset == "utf8mb4" or _encodes(chr(code))]
        if not characters:
            continue
        parts = ", ".join(f"({number}, X'{character.encode().hex()}')" for number, character in enumerate(characters))
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS letters (id INT PRIMARY KEY, letter VARBINARY(4))")
            cursor.execute("DELETE FROM letters")
            cursor.execute(f"INSERT INTO letters VALUES {parts}")
            letter = f"CONVERT(CONVERT(letter USING utf8mb4) USING {charset}) COLLATE {collation}"
            cursor.execute(f"SELECT id, HEX(WEIGHT_STRING({letter})) FROM letters ORDER BY id")
            for number, weight in cursor.fetchall():
                yield characters[number], str(weight)


def _encodes(character: str) -> bool:
    """Whether MySQL's latin1 has the character: it is Windows' code page 1252, with control characters where that has none."""
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return 0x80 <= ord(character) <= 0x9F
    return True


def write(server: str, connection: "pymysql.Connection[Any]") -> None:
    """Write the files of the server's collations, but for those of another server that are there."""
    folder = Path(collations.__file__).parent
    for collation in COLLATIONS[server]:
        file = folder / f"{name_of(collation)}.json"
        if not file.exists():
            file.write_text(json.dumps(ascii_alike(connection, collation), ensure_ascii=False, indent=0) + "\n", "utf-8")


def name_of(collation: str) -> str:
    """The collation's name without the character set, if that is Unicode's."""
    return collation.removeprefix("utf8mb4_")


if __name__ == "__main__":
    name, port, password = sys.argv[1:]
    write(name, pymysql.connect(host="127.0.0.1", port=int(port), user="root", password=password, charset="utf8mb4", database="mysql"))
