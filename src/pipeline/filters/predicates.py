"""From the parts of a condition that are true or false to what evaluates them."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from sqlglot import exp
from sqlglot.expressions import Expr

from pipeline.filters import comparing, logic
from pipeline.filters.dialect import Family
from pipeline.filters.faults import InexactError, NotEvaluatedError, offset_of, placed
from pipeline.filters.kinds import Evaluate, Kind, Term
from pipeline.filters.patterns import like
from pipeline.filters.terms import Terms
from pipeline.filters.vendor_literals import check_pattern

COMPARISONS: Mapping[type[Expr], comparing.Compare] = {
    exp.EQ: comparing.EQUAL,
    exp.NEQ: comparing.UNEQUAL,
    **dict(zip((exp.LT, exp.LTE, exp.GT, exp.GTE), comparing.ORDERS, strict=True)),
}


class Predicates:
    """Makes predicates of the parts of the condition that `text` is."""

    def __init__(self, text: str, terms: Terms) -> None:
        self.terms = terms
        self._text = text

    def predicate(self, node: Expr) -> Evaluate:
        """
        Return what says whether the part is true.

        Raises:
            NotEvaluatedError: It cannot be told exactly; the message says where.
        """
        make = _PREDICATES.get(type(node), _truth)
        try:
            return make(self, node)
        except InexactError as error:
            raise NotEvaluatedError(placed(self._text, offset_of(node), str(error))) from error

    def parts(self, node: Expr) -> list[Evaluate]:
        """The parts of `a AND b AND c`, side by side."""
        parts: list[Evaluate] = []
        waiting = [node.expression, node.this]
        while waiting:
            part = waiting.pop()
            if type(part) is type(node):
                waiting += [part.expression, part.this]
            else:
                parts.append(self.predicate(part))
        return parts


def _truth(predicates: Predicates, node: Expr) -> Evaluate:
    """A value that is a condition itself."""
    term = predicates.terms.term(node)
    if term.type.kind in (Kind.BOOLEAN, Kind.NULL):
        return term.evaluate
    if predicates.terms.family is Family.MYSQL and term.type.kind is Kind.INTEGER:
        evaluate = term.evaluate
        return lambda image: None if (value := evaluate(image)) is None else value != 0
    raise InexactError(f"a condition is expected, and this is {term.type.kind}")


def _compared(predicates: Predicates, node: Expr) -> Evaluate:
    compare = COMPARISONS[type(node)]
    left, right = predicates.terms.pair(node.this, node.expression)
    floored = comparing.is_floored(compare, left, right)
    first, second = comparing.keys(left, right, ordered=compare in comparing.ORDERS, floored=floored)
    if right.is_constant:
        return comparing.comparison_with(compare, first, second({}))
    return comparing.comparison(compare, first, second)


def _null_safe(predicates: Predicates, node: Expr) -> Evaluate:
    left, right = predicates.terms.pair(node.this, node.expression)
    same = comparing.not_distinct(*comparing.keys(left, right, ordered=False))
    return same if isinstance(node, exp.NullSafeEQ) else logic.negation(same)


def _is(predicates: Predicates, node: Expr) -> Evaluate:
    what = node.expression
    if isinstance(what, exp.Null):
        test = _is_null(predicates, node.this)
    elif isinstance(what, exp.Boolean):
        test = logic.is_value(predicates.predicate(node.this), bool(what.this))
    else:
        raise InexactError("IS is possible with NULL, TRUE, FALSE and UNKNOWN only")
    return logic.negation(test) if node.args.get("negate") else test


def _is_null(predicates: Predicates, node: Expr) -> Evaluate:
    node = node.unnest()
    if isinstance(node, exp.Column):
        return predicates.terms.columns.is_null(node.name)
    if type(node) in _PREDICATES:
        return logic.is_null(predicates.predicate(node))
    if predicates.terms.family.by_documentation:
        raise InexactError("IS NULL of what is no column is the database's own: test a column")
    return logic.is_null(predicates.terms.term(node).evaluate)


def _in(predicates: Predicates, node: Expr) -> Evaluate:
    pairs = [predicates.terms.pair(node.this, each) for each in node.expressions]
    if not pairs:
        raise InexactError("IN has no values")
    _check_list(pairs)
    _check_instants(predicates.terms.family, [right for _, right in pairs])
    keys = [comparing.keys(left, right, ordered=False) for left, right in pairs]
    kinds = {(left.type.kind, right.type.kind is Kind.DOUBLE) for left, right in pairs}
    if len(kinds) == 1 and all(right.is_constant for _, right in pairs):
        first = next((key for key, (_, right) in zip(keys, pairs, strict=True) if right.type.kind is not Kind.NULL), keys[0])
        return comparing.membership(first[0], [second({}) for _, second in keys])
    return logic.disjunction([comparing.comparison(comparing.EQUAL, first, second) for first, second in keys])


def _check_list(pairs: Sequence[tuple[Term, Term]]) -> None:
    """The source gives all values of a list one type, which may be less exact than = would take."""
    if any(left.type.single for left, _ in pairs):
        raise InexactError("IN rounds numbers of single precision: compare with = and OR")
    if len({right.type.kind for _, right in pairs} & {Kind.DATE, Kind.TIMESTAMP}) > 1:
        raise InexactError("IN takes dates and timestamps in one list for dates: write all of them in one way")


def _check_instants(family: Family, others: Sequence[Term]) -> None:
    """Beside a literal MySQL is asked for the seconds since 1970 of what it is compared with, which then must be so for all."""
    if family is Family.MYSQL and len({term.is_constant for term in others if term.type.kind is Kind.INSTANT}) > 1:
        raise InexactError("a TIMESTAMP is compared with columns and literals at once: write a comparison for each")


def _between(predicates: Predicates, node: Expr) -> Evaluate:
    low, high = (predicates.terms.pair(node.this, node.args[end]) for end in ("low", "high"))
    _check_instants(predicates.terms.family, [low[1], high[1]])
    if Kind.STRING in (low[0].type.kind, high[0].type.kind):
        raise InexactError("BETWEEN of literals is compared in their own way: write the column first")
    if predicates.terms.family is Family.MYSQL and Kind.DOUBLE in (kinds := {term.type.kind for term in (*low, *high)}) and len(kinds) > 1:
        raise InexactError("BETWEEN takes all three for floating-point numbers when one is: write >= and <=")
    _, at_most, _, at_least = comparing.ORDERS
    return logic.conjunction(
        [
            comparing.comparison(at_least, *comparing.keys(*low, ordered=True, floored=low[1].is_constant)),
            comparing.comparison(at_most, *comparing.keys(*high, ordered=True)),
        ]
    )


def _like(predicates: Predicates, node: Expr) -> Evaluate:
    family = predicates.terms.family
    if family is Family.SQL_SERVER:
        raise InexactError("LIKE has wildcards of its own, and passes over spaces: compare with = or IN")
    escape = "" if family.by_documentation else "\\"
    if isinstance(node, exp.Escape):
        node, escape = node.this, node.expression.name
    value, pattern = predicates.terms.term(node.this), node.expression
    if not isinstance(pattern, exp.Literal) or not pattern.is_string:
        raise InexactError("the pattern of LIKE has to be a literal")
    rule = value.type.rule
    if value.type.kind is not Kind.TEXT or rule is None or value.type.padded:
        raise InexactError("LIKE is exact only for texts of known length and a known collation: use =, IN, or COLLATE")
    if family.by_documentation:
        check_pattern(family, pattern.name)
    matched = like(value.evaluate, pattern.name, escape, rule)
    return logic.negation(matched) if node.args.get("negate") else matched


Predicate: TypeAlias = Callable[[Predicates, Expr], Evaluate]

_PREDICATES: Mapping[type[Expr], Predicate] = {
    **dict.fromkeys(COMPARISONS, _compared),
    exp.And: lambda predicates, node: logic.conjunction(predicates.parts(node)),
    exp.Or: lambda predicates, node: logic.disjunction(predicates.parts(node)),
    exp.Not: lambda predicates, node: logic.negation(predicates.predicate(node.this)),
    exp.Paren: lambda predicates, node: predicates.predicate(node.this),
    exp.NullSafeEQ: _null_safe,
    exp.NullSafeNEQ: _null_safe,
    exp.Is: _is,
    exp.In: _in,
    exp.Between: _between,
    exp.Like: _like,
    exp.Escape: _like,
}
