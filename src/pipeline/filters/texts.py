"""How texts compare: what a collation takes for equal, and its order where that is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline.errors import FilterError


@dataclass(frozen=True, slots=True)
class TextRule:
    """
    A collation, as far as it can be told exactly.

    Texts are equal when their keys (`key`) are. `folds` makes one character of another where it is
    not None: then that holds only when one of two keys has none but ASCII characters.
    `ordered`: texts stand in the order of their code points. `trims`: spaces at the end do not
    count, but in LIKE. `cases` says which letters lower() and upper() know: `unicode`, `ascii`, or
    `none` where a language has its own.
    """

    name: str
    folds: Mapping[int, str] | None = field(default=None, compare=False)
    ordered: bool = False
    trims: bool = False
    cases: str = "unicode"

    def key(self, text: str) -> str:
        """What is the same of texts that are equal."""
        folded = text if self.folds is None else text.translate(self.folds)
        return folded.rstrip(" ") if self.trims else folded

    @property
    def is_identity(self) -> bool:
        """Whether the key is the text itself."""
        return self.folds is None and not self.trims

    def like_key(self) -> Callable[[str], str] | None:
        """What makes of a text one in which each character is that as which LIKE takes it; None where it is the text itself."""
        if self.folds is None:
            return None
        single = {code: made if len(made) == 1 else _OTHER for code, made in self.folds.items()}
        return lambda text: text.translate(single)


_OTHER = "\ufffd"
"""Stands for characters that are like none of ASCII: those which are ignored, or count as several."""

_FINE = (
    (0x00, 0x17E),
    (0x300, 0x344),
    (0x386, 0x3CE),
    (0x400, 0x45F),
    (0x5D0, 0x5EA),
    (0x621, 0x64A),
    (0x900, 0x97F),
    (0xE01, 0xE3A),
    (0x2000, 0x20FF),
    (0x3000, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0x1F300, 0x1FAFF),
)
"""Characters of whose cases all libraries say the same, those that are disputed aside."""

_DISPUTED = {"lower": frozenset("İΣ"), "upper": frozenset("ŉıſßςΐΰµªº\u01f0")}
"""Letters that some libraries write as several, by their place in the word, or by the language."""

_ASCII = {
    "lower": {code: chr(code).lower() for code in range(128)},
    "upper": {code: chr(code).upper() for code in range(128)},
}


def changed_case(text: str, function: str, cases: str) -> str:
    """
    What `lower` or `upper` makes of the text, with the letters that the collation knows: those of `unicode`, or of `ascii` alone.

    Raises:
        FilterError: The database may make something else of one of the characters.
    """
    if cases == "ascii" or text.isascii():
        return text.translate(_ASCII[function])
    _check_cases(text, function)
    return text.lower() if function == "lower" else text.upper()


def _check_cases(text: str, function: str) -> None:
    for character in text:
        if character.isascii():
            continue
        code = ord(character)
        if character in _DISPUTED[function] or not any(first <= code <= last for first, last in _FINE):
            raise FilterError(
                f"what {function}() makes of the character U+{code:04X} differs between databases and their versions",
                suggestion=f"Leave {function}() out of the condition, or change the value.",
            )
