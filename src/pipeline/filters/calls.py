"""Operators and functions of SQL: from a part of a condition to the term that it is."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlglot import exp
from sqlglot.expressions import Expr

from pipeline.filters import arithmetic, comparing, functions
from pipeline.filters.catalogue import collation_rule, is_text
from pipeline.filters.dialect import Family
from pipeline.filters.faults import InexactError
from pipeline.filters.kinds import Kind, Term, Type, constant
from pipeline.filters.terms import Call, Terms
from pipeline.filters.vendors import can_be_collated

MOST_PLACES = 100

ZERO = constant(Type(Kind.INTEGER, 16), 0)


def _arithmetic(name: str) -> Call:
    return lambda terms, node: arithmetic.operation(name, terms.term(node.this), terms.term(node.expression), terms.family)


def _negative(terms: Terms, node: Expr) -> Term:
    term = terms.term(node.this)
    if term.is_constant and term.type.kind is Kind.DOUBLE:
        return constant(term.type, -term.constant)
    signed = Term(Type(term.type.kind, term.type.bits, name=term.type.name), term.evaluate, term.is_constant)
    return arithmetic.operation("-", ZERO, signed, terms.family)


def _negative_constant(terms: Terms, node: Expr) -> Term:
    term = terms.term(node.this)
    if not term.is_constant or term.constant is None:
        raise InexactError("what - makes of a column is not known exactly: compare the column itself")
    return _negative(terms, node)


def _of_number(name: str, calculate: Callable[[Any], Any]) -> Call:
    return lambda terms, node: arithmetic.unary(calculate, terms.term(node.this), name)


def _rounded(terms: Terms, node: Expr) -> Term:
    digits = node.args.get("decimals")
    places = ZERO if digits is None else terms.term(digits)
    if not places.is_constant or places.type.kind is not Kind.INTEGER or abs(places.constant) > MOST_PLACES:
        raise InexactError("the number of digits has to be a whole number")
    return arithmetic.rounded(terms.term(node.this), places.constant, terms.family)


def _collated(terms: Terms, node: Expr) -> Term:
    term, name = terms.term(node.this), node.expression.name
    rule = collation_rule(terms.family, name)
    if rule is None:
        raise InexactError(f"the collation {name} is not known exactly: use a binary one, as C or utf8mb4_bin")
    if terms.family.by_documentation and not can_be_collated(terms.family, term.type):
        raise InexactError("COLLATE would convert its texts to another charset, or there are none: compare the column itself")
    if term.type.kind is not Kind.TEXT and not (term.type.kind is Kind.OPAQUE and is_text(term.type.name)):
        raise InexactError(f"COLLATE is for texts, and this is {term.type.kind}")
    return Term(Type(Kind.TEXT, rule=rule, padded=term.type.padded, name=term.type.name), term.evaluate, term.is_constant)


def _cast(terms: Terms, node: Expr) -> Term:
    target = _CASTS.get(node.args["to"].this)
    if target is None or node.args["to"].expressions:
        raise InexactError("only casts to whole numbers, numeric, date and timestamp, without digits, are exact")
    term = terms.term(node.this)
    if terms.family is Family.MYSQL:
        _check_mysql_cast(term, target)
    if term.type.kind is Kind.STRING:
        return terms.read(node.this, target, node.this)
    if target.kind is Kind.DATE:
        return functions.day_of(term)
    if (term.type.kind is target.kind and term.type.bits <= target.bits) or (term.type.kind, target.kind) == (Kind.INTEGER, Kind.DECIMAL):
        return Term(target, term.evaluate, term.is_constant)
    raise InexactError(f"the cast of {term.type.kind} to {target.kind} is not exact: leave it out")


def _check_mysql_cast(term: Term, target: Type) -> None:
    """MySQL's types without digits round, its SIGNED wraps, and its TIMESTAMP literals are read in the session's zone."""
    if target.kind is Kind.DECIMAL:
        raise InexactError("DECIMAL without digits rounds to whole numbers of ten digits: leave the cast out")
    if target.kind is Kind.INTEGER and term.type.unsigned:
        raise InexactError("the cast of a number without a sign wraps: leave it out")
    if target.kind is Kind.INSTANT:
        raise InexactError("a literal of the type TIMESTAMP is read in the session's zone: write the text alone")
    if target.kind is Kind.TIMESTAMP and (term.type.kind is not Kind.STRING or "." in str(term.constant)):
        raise InexactError("DATETIME without digits rounds to whole seconds: leave the cast out")


def _piped(terms: Terms, node: Expr) -> Term:
    return functions.joined(terms.alike([node.this, node.expression]), nulls_are_empty=False)


def _joined(terms: Terms, node: Expr) -> Term:
    return functions.joined(terms.alike(node.expressions), nulls_are_empty=terms.family is Family.POSTGRESQL)


def _coalesced(terms: Terms, node: Expr) -> Term:
    return functions.coalesced(terms.alike([node.this, *node.expressions]))


def _nullif(terms: Terms, node: Expr) -> Term:
    left, right = terms.pair(node.this, node.expression)
    if terms.family is Family.MYSQL and left.type.kind is Kind.INSTANT:
        raise InexactError("nullif of a TIMESTAMP depends on the session's zone: write the comparison itself")
    equal = comparing.comparison(comparing.EQUAL, *comparing.keys(left, right, ordered=False))
    evaluate = left.evaluate
    return Term(left.type, lambda image: None if equal(image) else evaluate(image), left.is_constant and right.is_constant)


def _cased(*, to_upper: bool) -> Call:
    return lambda terms, node: functions.changed_case(terms.term(node.this), to_upper=to_upper)


def _length(terms: Terms, node: Expr) -> Term:
    return functions.length(terms.term(node.this), in_bytes=bool(node.args.get("binary")))


def _substring(terms: Terms, node: Expr) -> Term:
    start, count = node.args.get("start"), node.args.get("length")
    if start is None:
        raise InexactError("it needs a place to begin at")
    return functions.substring(terms.term(node.this), terms.term(start), None if count is None else terms.term(count), terms.family)


def _cut(*, right: bool) -> Call:
    return lambda terms, node: functions.left_or_right(terms.term(node.this), terms.term(node.expression), terms.family, right=right)


def _trimmed(terms: Terms, node: Expr) -> Term:
    return functions.trimmed(terms.term(node.this), node.args.get("position") or "")


def _extracted(terms: Terms, node: Expr) -> Term:
    return functions.date_part(terms.term(node.expression), node.name.upper())


def _part(part: str) -> Call:
    return lambda terms, node: functions.date_part(terms.term(node.this), part)


def _day(terms: Terms, node: Expr) -> Term:
    return functions.day_of(terms.term(node.this))


def _unix_time(terms: Terms, node: Expr) -> Term:
    """The seconds since 1970 of an instant: the only function that its name alone tells."""
    term = terms.term(node.expressions[0])
    if term.type.kind is not Kind.INSTANT:
        raise InexactError("UNIX_TIMESTAMP is exact for columns of the type TIMESTAMP only")
    evaluate = term.evaluate
    return Term(
        Type(Kind.DECIMAL), lambda image: None if (value := evaluate(image)) is None else Decimal(value).scaleb(-6), term.is_constant
    )


_CASTS = {
    exp.DataType.Type.SMALLINT: Type(Kind.INTEGER, 16),
    exp.DataType.Type.INT: Type(Kind.INTEGER, 32),
    exp.DataType.Type.BIGINT: Type(Kind.INTEGER, 64),
    exp.DataType.Type.DECIMAL: Type(Kind.DECIMAL),
    exp.DataType.Type.DATE: Type(Kind.DATE),
    exp.DataType.Type.TIMESTAMP: Type(Kind.TIMESTAMP),
    exp.DataType.Type.DATETIME: Type(Kind.TIMESTAMP),
    exp.DataType.Type.TIMESTAMPTZ: Type(Kind.INSTANT),
    exp.DataType.Type.UUID: Type(Kind.UUID),
}

CALLS: Mapping[type[Expr], Call] = {
    exp.Add: _arithmetic("+"),
    exp.Sub: _arithmetic("-"),
    exp.Mul: _arithmetic("*"),
    exp.Div: _arithmetic("/"),
    exp.IntDiv: _arithmetic("DIV"),
    exp.Mod: _arithmetic("%"),
    exp.Neg: _negative,
    exp.Abs: _of_number("abs", abs),
    exp.Floor: _of_number("floor", arithmetic.floor),
    exp.Ceil: _of_number("ceil", arithmetic.ceiling),
    exp.Round: _rounded,
    exp.Collate: _collated,
    exp.Cast: _cast,
    exp.DPipe: _piped,
    exp.Concat: _joined,
    exp.Coalesce: _coalesced,
    exp.Nullif: _nullif,
    exp.Lower: _cased(to_upper=False),
    exp.Upper: _cased(to_upper=True),
    exp.Length: _length,
    exp.Substring: _substring,
    exp.Left: _cut(right=False),
    exp.Right: _cut(right=True),
    exp.Trim: _trimmed,
    exp.Extract: _extracted,
    exp.Year: _part("YEAR"),
    exp.Month: _part("MONTH"),
    exp.Day: _part("DAY"),
    exp.TsOrDsToDate: _day,
    exp.Anonymous: _unix_time,
}

COMPARED_ALONE: Mapping[type[Expr], Call] = {exp.Neg: _negative_constant, exp.Collate: _collated}


def calls_of(family: Family) -> Mapping[type[Expr], Call]:
    """The operators and functions that are evaluated of such databases."""
    return COMPARED_ALONE if family.by_documentation else CALLS
