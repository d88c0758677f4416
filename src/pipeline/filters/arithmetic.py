"""Arithmetic on exact numbers, within the ranges in which the source calculates."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from pipeline.errors import FilterError
from pipeline.filters.dialect import Family
from pipeline.filters.faults import InexactError
from pipeline.filters.kinds import EXACT_NUMBERS, Image, Kind, Term, Type
from pipeline.filters.numbers import EXACT, finite

MYSQL_DIGITS = 65
MYSQL_SCALE = 30

Calculate = Callable[[Any, Any], Any]


def operation(name: str, left: Term, right: Term, family: Family) -> Term:
    """
    Return the term of `left + right` and the like.

    Raises:
        InexactError: See there.
    """
    for term in (left, right):
        _check_exact(term.type, name)
    integers = left.type.kind is right.type.kind is Kind.INTEGER
    if name == "/" and (family is not Family.POSTGRESQL or not integers):
        raise InexactError("/ rounds in the source's own way: multiply the other side instead")
    if name == "DIV" and not integers:
        raise InexactError("DIV is exact for integers only")
    type_ = _result(left.type, right.type, family) if integers else Type(Kind.DECIMAL)
    return Term(type_, _evaluated(_OPERATIONS[name], left, right, type_, family), left.is_constant and right.is_constant)


def unary(calculate: Callable[[Any], Any], term: Term, name: str) -> Term:
    """Return the term of a function of one exact number."""
    _check_exact(term.type, name)
    evaluate, check = term.evaluate, _range_check(term.type, Family.POSTGRESQL)
    return Term(term.type, lambda image: None if (value := evaluate(image)) is None else check(calculate(finite(value))), term.is_constant)


def rounded(term: Term, digits: int, family: Family) -> Term:
    """Return the term of round(), halves away from zero."""
    _check_exact(term.type, "round")
    if term.type.kind is Kind.INTEGER and family is Family.POSTGRESQL:
        raise InexactError("round of an integer is a floating-point number: leave it out")
    evaluate = term.evaluate

    def evaluated(image: Image) -> Any:
        value = evaluate(image)
        if value is None:
            return None
        if isinstance(value, float):
            return value
        return Decimal(finite(value)).scaleb(digits, EXACT).to_integral_value(ROUND_HALF_UP).scaleb(-digits, EXACT)

    return Term(Type(Kind.DECIMAL), evaluated, term.is_constant)


def floor(value: Any) -> Any:
    """The whole number at or below."""
    return value if isinstance(value, int) else int(value.to_integral_value(ROUND_FLOOR))


def ceiling(value: Any) -> Any:
    """The whole number at or above."""
    return value if isinstance(value, int) else int(value.to_integral_value(ROUND_CEILING))


def _evaluated(calculate: Calculate, left: Term, right: Term, type_: Type, family: Family) -> Callable[[Image], Any]:
    first, second, check = left.evaluate, right.evaluate, _range_check(type_, family)
    zero_is_null = family is Family.MYSQL and calculate in (_modulo, _quotient)

    def evaluate(image: Image) -> Any:
        one, other = first(image), second(image)
        if one is None or other is None or (zero_is_null and not other):
            return None
        return check(calculate(finite(one), finite(other)))

    return evaluate


def _check_exact(type_: Type, name: str) -> None:
    if type_.kind not in EXACT_NUMBERS | {Kind.NULL}:
        raise InexactError(f"{name} is exact for integers and decimal numbers only, and this is {type_.kind}")


def _result(left: Type, right: Type, family: Family) -> Type:
    if family is Family.POSTGRESQL:
        return Type(Kind.INTEGER, max(left.bits, right.bits))
    return Type(Kind.INTEGER, 64, unsigned=left.unsigned or right.unsigned)


def _range_check(type_: Type, family: Family) -> Callable[[Any], Any]:
    if type_.kind is not Kind.INTEGER:
        return _check_digits if family is Family.MYSQL else lambda value: value
    low, high = (0, 2**type_.bits) if type_.unsigned else (-(2 ** (type_.bits - 1)), 2 ** (type_.bits - 1))

    def check(value: Any) -> Any:
        if not low <= value < high:
            raise FilterError(f"a condition calculates {value}, which the source refuses: it is out of the range of its integers")
        return value

    return check


def _check_digits(value: Any) -> Any:
    """MySQL cuts longer numbers."""
    _, digits, exponent = Decimal(value).as_tuple()
    if not isinstance(exponent, int) or len(digits) + max(exponent, 0) > MYSQL_DIGITS or -exponent > MYSQL_SCALE:
        raise FilterError("a condition calculates a number of more digits than the source keeps")
    return value


def _sum(left: Any, right: Any) -> Any:
    return left + right if isinstance(left, int) and isinstance(right, int) else EXACT.add(left, right)


def _difference(left: Any, right: Any) -> Any:
    return left - right if isinstance(left, int) and isinstance(right, int) else EXACT.subtract(left, right)


def _product(left: Any, right: Any) -> Any:
    return left * right if isinstance(left, int) and isinstance(right, int) else EXACT.multiply(left, right)


def _quotient(left: Any, right: Any) -> Any:
    """Cut towards zero, as SQL divides integers."""
    _check_divisor(right)
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _modulo(left: Any, right: Any) -> Any:
    """With the sign of the dividend."""
    _check_divisor(right)
    if isinstance(left, int) and isinstance(right, int):
        return left - right * _quotient(left, right)
    return EXACT.remainder(left, right)


def _check_divisor(value: Any) -> None:
    if not value:
        raise FilterError("a condition divides by zero, which the source refuses")


_OPERATIONS: dict[str, Calculate] = {"+": _sum, "-": _difference, "*": _product, "/": _quotient, "DIV": _quotient, "%": _modulo}
