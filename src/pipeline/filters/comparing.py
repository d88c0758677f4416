"""Comparisons: what the two sides have in common, and how that compares."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

from pipeline.filters.faults import InexactError
from pipeline.filters.kinds import EXACT_NUMBERS, NUMBERS, Evaluate, Image, Kind, Term, Type
from pipeline.filters.literals import DAY_MICROS
from pipeline.filters.numbers import as_double

Compare = Callable[[Any, Any], bool]

EQUAL, UNEQUAL = operator.eq, operator.ne
ORDERS: tuple[Compare, ...] = (operator.lt, operator.le, operator.gt, operator.ge)


def keys(left: Term, right: Term, *, ordered: bool, floored: bool = False) -> tuple[Evaluate, Evaluate]:
    """
    Return what makes of both sides values that compare as the source compares them.

    `floored`: cutting digits of a column changes nothing of the comparison.

    Raises:
        InexactError: There are none.
    """
    kinds = {left.type.kind, right.type.kind}
    if Kind.NULL in kinds:
        return left.evaluate, right.evaluate
    if (left.type.cut or right.type.cut) and not floored:
        raise InexactError("changes have no more than microseconds of the column: only < and >= with a literal are exact")
    if Kind.OPAQUE in kinds:
        _refuse_opaque(left.type if left.type.kind is Kind.OPAQUE else right.type)
    _check_year(left, right)
    _check_year(right, left)
    if kinds <= NUMBERS:
        return (left.evaluate, right.evaluate) if kinds <= EXACT_NUMBERS else (_double(left), _double(right))
    if kinds <= {Kind.TEXT, Kind.ENUM}:
        return _text_keys(left, right, ordered=ordered)
    if kinds == {Kind.DATE, Kind.TIMESTAMP}:
        return _moment(left), _moment(right)
    if len(kinds) == 1 and not (ordered and Kind.BOOLEAN in kinds):
        return left.evaluate, right.evaluate
    if kinds == {Kind.INSTANT, Kind.TIMESTAMP} or kinds == {Kind.INSTANT, Kind.DATE}:
        raise InexactError("a timestamp with a zone and one without are compared as the session's zone is set: compare it with a literal")
    raise InexactError(f"{left.type.kind} cannot be compared with {right.type.kind} exactly: give both sides one type")


def is_floored(compare: Compare, left: Term, right: Term) -> bool:
    """Whether it is the same of a column and of its floor, since what it is compared with is a constant without the digits that are cut."""
    less, at_most, greater, at_least = ORDERS
    return compare in ((less, at_least) if right.is_constant else (greater, at_most) if left.is_constant else ())


def comparison(compare: Compare, left: Evaluate, right: Evaluate) -> Evaluate:
    """Return what compares two values, neither true nor false where one is NULL."""

    def evaluate(image: Image) -> Any:
        first = left(image)
        if first is None:
            return None
        second = right(image)
        return None if second is None else compare(first, second)

    return evaluate


def comparison_with(compare: Compare, left: Evaluate, value: Any) -> Evaluate:
    """The same with one value for all rows."""
    if value is None:
        return lambda _: None
    return lambda image: None if (first := left(image)) is None else compare(first, value)


def membership(left: Evaluate, values: Sequence[Any]) -> Evaluate:
    """IN a list of values that are the same for all rows."""
    members, otherwise = {value for value in values if value is not None}, None if None in values else False
    return lambda image: None if (first := left(image)) is None else first in members or otherwise


def not_distinct(left: Evaluate, right: Evaluate) -> Evaluate:
    """IS NOT DISTINCT FROM, which takes NULL for equal to itself."""

    def evaluate(image: Image) -> bool:
        first, second = left(image), right(image)
        return first is None and second is None if first is None or second is None else bool(first == second)

    return evaluate


def _check_year(year: Term, other: Term) -> None:
    """MySQL and MariaDB make a year of a constant that one is compared with."""
    if not year.type.name.startswith("year") or not other.is_constant or other.constant is None:
        return
    if not isinstance(other.constant, int) or abs(other.constant) < 100:
        raise InexactError("a constant beside a year counts as one, of this century or the last if it has two digits: write a whole year")


def _refuse_opaque(type_: Type) -> None:
    raise InexactError(
        f"a column of the type {type_.name} can only be tested for NULL: how its values compare cannot be told exactly. "
        "Of a text, COLLATE with a binary collation makes it known"
    )


def _text_keys(left: Term, right: Term, *, ordered: bool) -> tuple[Evaluate, Evaluate]:
    if Kind.ENUM in (left.type.kind, right.type.kind) and ordered:
        raise InexactError("an enum is ordered by its definition, which may change: list the values that you want with IN")
    rules = {term.type.rule for term in (left, right) if term.type.rule is not None}
    if len(rules) > 1:
        raise InexactError("the two texts have different collations: name one with COLLATE")
    rule = next(iter(rules), None)
    if rule is None:
        raise InexactError("its collation takes texts for equal that differ, or is not known: name a binary one with COLLATE")
    if ordered and not rule.ordered:
        raise InexactError(f'the order of texts under the collation "{rule.name}" cannot be told exactly: {ORDERED_INSTEAD}')
    padded = left.type.padded or right.type.padded
    first, second = (_keyed(term, rule.key, trims=padded and term.is_constant) for term in (left, right))
    if rule.folds is not None:
        _check_ascii([term for term in (left, right) if term.is_constant], rule.key, rule.name)
    return (left.evaluate, right.evaluate) if rule.is_identity and not padded else (first, second)


ORDERED_INSTEAD = 'write COLLATE "C" (PostgreSQL) or COLLATE utf8mb4_0900_bin (MySQL) behind the column, or compare with = or LIKE'


def _keyed(term: Term, key: Callable[[str], str], *, trims: bool) -> Evaluate:
    evaluate = term.evaluate

    def keyed(image: Image) -> Any:
        value = evaluate(image)
        return None if value is None else key(value.rstrip(" ") if trims else value)

    return keyed


def _check_ascii(constants: Sequence[Term], key: Callable[[str], str], collation: str) -> None:
    if not any(term.constant is None or key(term.constant).isascii() for term in constants):
        raise InexactError(
            f'under the collation "{collation}" a text is known to be equal only to one of Latin letters and ASCII: '
            "write COLLATE utf8mb4_bin behind the column"
        )


def _double(term: Term) -> Evaluate:
    evaluate = term.evaluate
    return evaluate if term.type.kind is Kind.DOUBLE else lambda image: None if (value := evaluate(image)) is None else as_double(value)


def _moment(term: Term) -> Evaluate:
    evaluate = term.evaluate
    return (
        evaluate if term.type.kind is Kind.TIMESTAMP else lambda image: None if (value := evaluate(image)) is None else value * DAY_MICROS
    )
