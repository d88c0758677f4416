"""Numbers in the order that databases give them: NaN is equal to itself, and above all others."""

from base64 import b64decode
from decimal import Context, Decimal
from typing import Any

from pipeline.errors import FilterError

EXACT = Context(prec=2_000)
"""More digits than PostgreSQL's numeric has in a product of two."""

SPECIAL_NAMES = {"NAN": "nan", "POSITIVE_INFINITY": "inf", "NEGATIVE_INFINITY": "-inf"}


class NotANumber:
    """NaN, as databases compare it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NotANumber)

    def __hash__(self) -> int:
        return hash(NotANumber)

    def __lt__(self, other: object) -> bool:
        return False

    def __le__(self, other: object) -> bool:
        return isinstance(other, NotANumber)

    def __gt__(self, other: object) -> bool:
        return not isinstance(other, NotANumber)

    def __ge__(self, other: object) -> bool:
        return True


NAN = NotANumber()


def decimal(text: str) -> Any:
    """The number that Debezium writes so with `decimal.handling.mode=string`."""
    special = SPECIAL_NAMES.get(text)
    return Decimal(text) if special is None else double(special)


def double(value: Any) -> Any:
    """The number; Debezium quotes those that JSON lacks."""
    number = float(value)
    return NAN if number != number else number


def unscaled(value: str, scale: int) -> Decimal:
    """The number that Connect's Decimal holds."""
    return Decimal(int.from_bytes(b64decode(value), "big", signed=True)).scaleb(-scale, EXACT)


def as_double(value: Any) -> Any:
    """The nearest number of double precision."""
    if isinstance(value, NotANumber):
        return value
    try:
        number = float(value)
    except OverflowError:
        raise FilterError("a number is too large to be compared with a floating-point number") from None
    if number in (float("inf"), float("-inf")) and number != value:
        raise FilterError("a number is too large to be compared with a floating-point number")
    return number


def finite(value: Any) -> Any:
    """The number, for arithmetic."""
    if isinstance(value, (float, NotANumber)):
        raise FilterError("a condition calculates with a number that is infinite or NaN")
    return value
