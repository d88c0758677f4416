"""What values are, as far as it matters for comparing them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from pipeline.filters.texts import TextRule

Image: TypeAlias = Mapping[str, Any]
Evaluate: TypeAlias = Callable[[Image], Any]
"""The value for a row image; None is NULL, of a condition it is neither true nor false."""


class Kind(StrEnum):
    """
    The kinds of values, and how Python has them.

    INTEGER: int. DECIMAL: int, Decimal, or what `numbers.decimal` makes of NaN and infinities.
    DOUBLE: float, NaN as there. BOOLEAN: bool. TEXT, ENUM: str. DATE: days, TIMESTAMP (without a
    zone) and INSTANT (with one): microseconds since 1970; infinite ones are infinite floats.
    UUID: its text. OPAQUE: anything that can only be NULL or not. STRING: a literal whose type
    what it meets decides.
    """

    INTEGER = "an integer"
    DECIMAL = "a decimal number"
    DOUBLE = "a floating-point number"
    BOOLEAN = "a boolean"
    TEXT = "a text"
    ENUM = "an enum"
    DATE = "a date"
    TIMESTAMP = "a timestamp"
    INSTANT = "a timestamp with a zone"
    UUID = "a UUID"
    OPAQUE = "a value of a type that cannot be compared exactly"
    STRING = "a literal"
    NULL = "NULL"


EXACT_NUMBERS = frozenset({Kind.INTEGER, Kind.DECIMAL})
NUMBERS = EXACT_NUMBERS | {Kind.DOUBLE}


@dataclass(frozen=True, slots=True)
class Type:
    """
    The type of a value: of integers the bits, and whether they have no sign; of texts the rule by which they compare.

    `single`: a floating-point number of 32 bits. `padded`: the source fills the values with spaces
    up to their length. `cut`: changes leave out digits behind the microseconds. `name` is the source's name of a column's type.
    """

    kind: Kind
    bits: int = 64
    unsigned: bool = False
    single: bool = False
    rule: TextRule | None = None
    padded: bool = False
    cut: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a condition that has a value; `constant` of one that is the same for all rows."""

    type: Type
    evaluate: Evaluate
    is_constant: bool = False

    @property
    def constant(self) -> Any:
        """The value of a constant."""
        return self.evaluate({})


def constant(type_: Type, value: Any) -> Term:
    """A term that is the same for all rows."""
    return Term(type_, lambda _: value, is_constant=True)
