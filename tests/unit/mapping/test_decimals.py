"""Decimal numbers keep their exact value, or are refused."""

from base64 import b64encode
from decimal import Context, Decimal, localcontext

import pytest
from bson.decimal128 import Decimal128, create_decimal128_context
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mapping.decimals import decimal128, decimal128_from_unscaled, plain_decimal

EXACT = Context(prec=200, Emax=20_000, Emin=-20_000)

coefficients = st.integers(-(10**34) + 1, 10**34 - 1)
plain_texts = st.builds(lambda value, scale: f"{Decimal(value).scaleb(-scale, EXACT):f}", coefficients, st.integers(0, 40))


@given(plain_texts)
def test_up_to_34_digits_the_halves_are_those_of_pymongos_own_way(text: str) -> None:
    with localcontext(create_decimal128_context()):
        assert decimal128(text) == Decimal128(Decimal(text))


@given(st.from_regex(r"-?[0-9]{1,60}(\.[0-9]{1,60})?", fullmatch=True))
def test_a_number_is_exact_or_refused(text: str) -> None:
    digits = len(Decimal(text).normalize(EXACT).as_tuple().digits)
    if digits > 34:
        with pytest.raises(ValueError, match="34"):
            decimal128(text)
    else:
        assert EXACT.compare(decimal128(text).to_decimal(), Decimal(text)) == 0


@given(coefficients, st.integers(-6_200, 6_200))
def test_a_scientific_number_is_exact_or_refused(coefficient: int, exponent: int) -> None:
    text = f"{coefficient}e{exponent}"
    try:
        value = decimal128(text)
    except ValueError:
        normal = Decimal(text).normalize(EXACT).as_tuple()
        assert isinstance(normal.exponent, int)
        assert normal.exponent < -6176 or normal.exponent + len(normal.digits) > 6111 + 34
    else:
        assert EXACT.compare(value.to_decimal(), Decimal(text)) == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("-0.00", "-0.00"),
        ("12.50", "12.50"),
        ("9" * 34, "9" * 34),
        ("1" + "0" * 40, "1E+40"),
        ("1" + "0" * 5_000, "1E+5000"),
        ("123." + "0" * 40, "123"),
        ("0." + "0" * 6_000 + "1", "1E-6001"),
        ("1E+3", "1E+3"),
        ("NAN", "NaN"),
        ("POSITIVE_INFINITY", "Infinity"),
        ("NEGATIVE_INFINITY", "-Infinity"),
    ],
)
def test_numbers_that_are_easily_got_wrong(text: str, value: str) -> None:
    converted, expected = decimal128(text).to_decimal(), Decimal(value)
    assert converted.is_nan() if expected.is_nan() else converted == expected
    assert converted.is_signed() == expected.is_signed()


def test_zeros_after_the_point_are_kept() -> None:
    assert str(decimal128("12.50")) == "12.50"
    assert str(decimal128("0.00")) == "0.00"


@pytest.mark.parametrize(
    "text", ["", "-", ".", "x", "1.2.3", "1e", "\u0661\u0662e1", "--1", "1" * 35, "0." + "1" * 35, "1" * 100_000, "0." + "0" * 6_200 + "1"]
)
def test_what_does_not_fit_or_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decimal128(text)


@given(coefficients, st.integers(-20, 40))
def test_connects_unscaled_decimals_are_exact(coefficient: int, scale: int) -> None:
    unscaled = b64encode(coefficient.to_bytes(16, "big", signed=True)).decode()
    assert EXACT.compare(decimal128_from_unscaled(unscaled, scale).to_decimal(), Decimal(coefficient).scaleb(-scale, EXACT)) == 0


@given(plain_texts, st.integers(0, 5))
def test_equal_decimals_have_one_plain_text(text: str, zeros: int) -> None:
    padded = text + "0" * zeros if "." in text else f"{text}.{'0' * zeros}" if zeros else text
    assert plain_decimal(padded) == plain_decimal(text)
    assert Decimal(plain_decimal(text)) == Decimal(text)


def test_minus_zero_is_zero_in_a_key() -> None:
    assert plain_decimal("-0.00") == plain_decimal("0") == "0"
