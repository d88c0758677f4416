"""The functions that conditions may call, as the source computes them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pipeline.errors import FilterError
from pipeline.filters.dialect import Family
from pipeline.filters.faults import InexactError
from pipeline.filters.kinds import EXACT_NUMBERS, Evaluate, Image, Kind, Term, Type
from pipeline.filters.literals import DAY_MICROS
from pipeline.filters.texts import changed_case as letters
from pipeline.mapping.times import civil_from_days

INTEGER = Type(Kind.INTEGER, 32)


def changed_case(term: Term, *, to_upper: bool) -> Term:
    """lower() and upper()."""
    function, rule = "upper" if to_upper else "lower", _text(term).type.rule
    if rule is None or rule.cases == "none":
        raise InexactError("its collation has its own letters: leave the function out")
    return _mapped(term, lambda text: letters(text, function, rule.cases), plain_text(term))


def length(term: Term, *, in_bytes: bool) -> Term:
    """The characters of a text, or its bytes in UTF-8."""
    rule = _text(term).type.rule
    if in_bytes and (rule is None or not rule.name.startswith("utf8")):
        raise InexactError("how many bytes a text has depends on its character set: count its characters (char_length)")
    return _mapped(term, (lambda text: len(text.encode())) if in_bytes else len, INTEGER)


def substring(term: Term, start: Term, count: Term | None, family: Family) -> Term:
    """The part of a text from a place on, which counts from 1."""
    parts = [_text(term), _integer(start), *([] if count is None else [_integer(count)])]
    return Term(plain_text(term), _of_all(parts, _cut_mysql if family is Family.MYSQL else _cut_postgresql), _all_constant(parts))


def left_or_right(term: Term, count: Term, family: Family, *, right: bool) -> Term:
    """The first or the last characters; with PostgreSQL a negative number leaves so many out."""
    parts = [_text(term), _integer(count)]

    def cut(text: str, number: int) -> str:
        if number < 0 and family is Family.MYSQL:
            return ""
        if right:
            return text[-number or len(text) :] if number >= 0 else text[-number:]
        return text[:number]

    return Term(plain_text(term), _of_all(parts, cut), _all_constant(parts))


def trimmed(term: Term, position: str) -> Term:
    """A text without the spaces at its ends."""
    _text(term)
    cut = {"LEADING": str.lstrip, "TRAILING": str.rstrip}.get(position, str.strip)
    return _mapped(term, lambda text: cut(text, " "), plain_text(term))


def joined(terms: Sequence[Term], *, nulls_are_empty: bool) -> Term:
    """Texts behind each other; NULL if one of them is, unless `nulls_are_empty`."""
    first = next((term for term in terms if term.type.kind is Kind.TEXT), terms[0])
    if {term.type.rule for term in terms if term.type.rule is not None} != {first.type.rule}:
        raise InexactError("texts of different collations cannot be joined exactly")
    for term in terms:
        _text(term)
        if term.type.padded:
            raise InexactError("a character(n) is joined with or without its spaces, as it comes: use a column of another type")
    evaluates = [term.evaluate for term in terms]

    def evaluate(image: Image) -> str | None:
        values = [value(image) for value in evaluates]
        if nulls_are_empty:
            return "".join(value for value in values if value is not None)
        return None if None in values else "".join(values)

    return Term(plain_text(first), evaluate, _all_constant(terms))


def coalesced(terms: Sequence[Term]) -> Term:
    """The first that is not NULL."""
    type_ = common_type(terms)
    evaluates = [term.evaluate for term in terms]
    return Term(type_, lambda image: next((value for each in evaluates if (value := each(image)) is not None), None), _all_constant(terms))


def date_part(term: Term, part: str) -> Term:
    """The year, the month or the day of a date or a timestamp without a zone."""
    place = {"YEAR": 0, "MONTH": 1, "DAY": 2}.get(part)
    if place is None:
        raise InexactError(f"{part} is not possible, only YEAR, MONTH and DAY")
    if term.type.kind not in (Kind.DATE, Kind.TIMESTAMP):
        raise InexactError(f"the parts of {term.type.kind} cannot be told exactly, only those of a date or a timestamp without a zone")
    divisor = 1 if term.type.kind is Kind.DATE else DAY_MICROS

    def taken(value: Any) -> int:
        if isinstance(value, float):
            raise FilterError("a condition asks for a part of an infinite date")
        return _part(civil_from_days(value // divisor), place)

    return _mapped(term, taken, INTEGER)


def day_of(term: Term) -> Term:
    """The date of a timestamp."""
    if term.type.kind is Kind.DATE:
        return term
    if term.type.kind is not Kind.TIMESTAMP:
        raise InexactError(f"the date of {term.type.kind} cannot be told exactly: compare it with timestamps instead")
    return _mapped(term, lambda value: value if isinstance(value, float) else value // DAY_MICROS, Type(Kind.DATE))


def common_type(terms: Sequence[Term]) -> Type:
    """The type of an expression that is one of these."""
    types = [term.type for term in terms if term.type.kind is not Kind.NULL]
    kinds = {type_.kind for type_ in types}
    if not types:
        return Type(Kind.NULL)
    if kinds <= EXACT_NUMBERS:
        return types[0] if kinds == {Kind.INTEGER} and len(set(types)) == 1 else _widest(types, kinds)
    same = {(type_.kind, type_.rule, type_.padded) for type_ in types}
    if Kind.OPAQUE in kinds or len(same) > 1:
        raise InexactError("its arguments are of different types")
    return types[0]


def plain_text(term: Term) -> Type:
    """The type of a text that was made of another."""
    return replace(term.type, kind=Kind.TEXT, padded=False, name="text")


def _widest(types: Sequence[Type], kinds: set[Kind]) -> Type:
    if kinds == {Kind.INTEGER}:
        return Type(Kind.INTEGER, max(type_.bits for type_ in types), unsigned=all(type_.unsigned for type_ in types))
    return Type(Kind.DECIMAL)


def _text(term: Term) -> Term:
    if term.type.kind not in (Kind.TEXT, Kind.NULL):
        raise InexactError(f"it takes a text whose collation is known exactly, and this is {term.type.kind}")
    return term


def _integer(term: Term) -> Term:
    if term.type.kind not in (Kind.INTEGER, Kind.NULL):
        raise InexactError(f"it takes an integer, and this is {term.type.kind}")
    return term


def _mapped(term: Term, function: Callable[[Any], Any], type_: Type) -> Term:
    evaluate = term.evaluate
    return Term(type_, lambda image: None if (value := evaluate(image)) is None else function(value), term.is_constant)


def _of_all(terms: Sequence[Term], function: Callable[..., Any]) -> Evaluate:
    evaluates = [term.evaluate for term in terms]

    def evaluate(image: Image) -> Any:
        values = [each(image) for each in evaluates]
        return None if None in values else function(*values)

    return evaluate


def _all_constant(terms: Sequence[Term]) -> bool:
    return all(term.is_constant for term in terms)


def _cut_postgresql(text: str, start: int, count: int | None = None) -> str:
    """Places before the text's beginning count, too."""
    if count is None:
        return text[max(start - 1, 0) :]
    if count < 0:
        raise FilterError("a condition asks for a part of a text of negative length, which the source refuses")
    return text[max(start - 1, 0) : max(start - 1 + count, 0)]


def _cut_mysql(text: str, start: int, count: int | None = None) -> str:
    """A negative place counts from the end; there is none before the beginning."""
    first = start - 1 if start > 0 else len(text) + start
    if start == 0 or first < 0 or (count is not None and count < 1):
        return ""
    return text[first:] if count is None else text[first : first + count]


def _part(civil: tuple[int, int, int], place: int) -> int:
    """Years before 1 are counted backwards from 1 BC, which is -1."""
    value = civil[place]
    return value - 1 if place == 0 and value <= 0 else value
