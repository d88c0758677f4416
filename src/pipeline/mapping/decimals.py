"""
Decimal128 from text, by way of its two 64-bit halves.

That is four times as fast as by way of `decimal.Decimal`. The layout is IEEE 754-2008's
decimal128 with the coefficient as a binary integer, as the BSON specification (Decimal128) has it.
"""

import re
from base64 import b64decode

from bson.decimal128 import Decimal128

DIGITS = 34
SMALLEST_EXPONENT = -6176
LARGEST_EXPONENT = 6111
BIAS = 6176

_NUMBER = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?(?:[eE](?P<exponent>[+-]?[0-9]{1,9}))?")
_COEFFICIENTS = 10**DIGITS
_LOW_HALF = (1 << 64) - 1
_SIGN = 1 << 63
_SPECIAL = {
    "NaN": Decimal128("NaN"),
    "NAN": Decimal128("NaN"),
    "POSITIVE_INFINITY": Decimal128("Infinity"),
    "NEGATIVE_INFINITY": Decimal128("-Infinity"),
}


def decimal128(text: str) -> Decimal128:
    """
    Return the exact value of a decimal number's text, its trailing zeros kept where there is room for them.

    Debezium writes NaN and the infinities as `NAN`, `POSITIVE_INFINITY` and `NEGATIVE_INFINITY`
    (its documentation: decimal.handling.mode=string).

    Raises:
        ValueError: It has more significant digits than 34, or is none.
    """
    try:
        return _from_halves(*decimal_halves(text))
    except ValueError:
        return _SPECIAL.get(text) or _long_decimal128(text)


def decimal_halves(text: str) -> tuple[int, int]:
    """
    Return the high and the low half of a number's Decimal128.

    Raises:
        ValueError: The text is not digits with a sign or a point alone, 34 characters at most.
    """
    if len(text) > DIGITS:
        raise ValueError("it is long")
    point = text.find(".")
    coefficient = int(text if point < 0 else text[:point] + text[point + 1 :])
    digits = 0 if point < 0 else len(text) - point - 1
    high = BIAS - digits << 49
    if text[0] == "-":
        high, coefficient = high | _SIGN, -coefficient
    return high | coefficient >> 64, coefficient & _LOW_HALF


def decimal128_from_unscaled(unscaled: str, scale: int) -> Decimal128:
    """Return the value of Connect's Decimal: a big-endian two's complement in base64, times 10 to the -scale."""
    return decimal128(text_from_unscaled(unscaled, scale))


def text_from_unscaled(unscaled: str, scale: int) -> str:
    """Return the plain decimal text of a value of Connect's Decimal."""
    coefficient = int.from_bytes(b64decode(unscaled), "big", signed=True)
    digits = str(abs(coefficient)).rjust(scale + 1, "0") + "0" * -scale
    text = f"{digits[:-scale]}.{digits[-scale:]}" if scale > 0 else digits
    return f"-{text}" if coefficient < 0 else text


def _long_decimal128(text: str) -> Decimal128:
    """The same for numbers with many digits or an exponent."""
    number = _NUMBER.fullmatch(text)
    if number is None or not number["whole"] + (number["fraction"] or ""):
        raise ValueError("it is no decimal number")
    fraction = number["fraction"] or ""
    coefficient, exponent = _shortened(number["whole"] + fraction, int(number["exponent"] or 0) - len(fraction))
    coefficient, exponent = _fit(coefficient, exponent)
    high = exponent + BIAS << 49 | coefficient >> 64
    return _from_halves(high | _SIGN if number["sign"] else high, coefficient & _LOW_HALF)


def _shortened(digits: str, exponent: int) -> tuple[int, int]:
    """The same number without the zeros before it, and without those at its end where it is too long with them."""
    significant = digits.lstrip("0")
    if len(significant) > DIGITS:
        short = significant.rstrip("0")
        if len(short) > DIGITS:
            raise ValueError(f"it has more than the {DIGITS} significant digits that Decimal128 holds")
        return int(short), exponent + len(significant) - len(short)
    return int(significant or 0), exponent


def _fit(coefficient: int, exponent: int) -> tuple[int, int]:
    """The same number with an exponent in range, by moving zeros between it and the coefficient."""
    if coefficient == 0:
        return 0, min(max(exponent, SMALLEST_EXPONENT), LARGEST_EXPONENT)
    while exponent < SMALLEST_EXPONENT and coefficient % 10 == 0:
        coefficient, exponent = coefficient // 10, exponent + 1
    while exponent > LARGEST_EXPONENT and coefficient * 10 < _COEFFICIENTS:
        coefficient, exponent = coefficient * 10, exponent - 1
    if not SMALLEST_EXPONENT <= exponent <= LARGEST_EXPONENT:
        raise ValueError("its exponent is out of the range that Decimal128 holds")
    return coefficient, exponent


def _from_halves(high: int, low: int) -> Decimal128:
    return Decimal128((high, low))  # type: ignore[arg-type] # documented, but not annotated


def plain_decimal(text: str) -> str:
    """Return the one text for all decimals that are equal: without exponent, superfluous zeros or a minus before zero."""
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    plain = f"{whole}.{fraction}" if fraction else whole
    return "0" if plain == "-0" else plain
