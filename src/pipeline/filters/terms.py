"""From the parts of a condition that have values, and the types of its columns, to what evaluates them."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

from sqlglot import exp
from sqlglot.expressions import Expr

from pipeline.filters.dialect import Dialect, Family
from pipeline.filters.faults import InexactError
from pipeline.filters.kinds import Evaluate, Kind, Term, Type, constant
from pipeline.filters.literals import DATE_LENGTH, READERS, TIMES, has_zone, readable
from pipeline.filters.vendor_literals import check_literal, is_typed_literal, typed_kind, written
from pipeline.filters.vendors import check_pair

UNTYPED = Type(Kind.STRING)
NULL = constant(Type(Kind.NULL), None)


class Columns(Protocol):
    """The columns of a row."""

    def type(self, name: str) -> Type:
        """The type of a column."""
        ...

    def value(self, name: str) -> Evaluate:
        """What reads the column's value."""
        ...

    def is_null(self, name: str) -> Evaluate:
        """What says whether it is NULL."""
        ...


Call: TypeAlias = Callable[["Terms", Expr], Term]


class Terms:
    """
    Makes terms of a condition's parts; `calls` are the operators and functions that it may have.

    `rewritten` has, by the identity of a part, other words for it in which the source says the
    same in any session.
    """

    def __init__(self, dialect: Dialect, columns: Columns, calls: Mapping[type[Expr], Call]) -> None:
        self._calls = calls
        self.family = dialect.family
        self.columns = columns
        self.rewritten: dict[int, Expr] = {}

    def term(self, node: Expr) -> Term:
        """
        Return the term of a part that has a value.

        Raises:
            InexactError: The source's value cannot be told exactly.
        """
        match node:
            case exp.Paren():
                return self.term(node.this)
            case exp.Column():
                return Term(self.columns.type(node.name), self.columns.value(node.name))
            case exp.Null():
                return NULL
            case exp.Literal() | exp.National() | exp.Boolean():
                return _literal(node, self.family)
        if self.family.by_documentation and is_typed_literal(node):
            return self._read(node, node.name, Type(typed_kind(node)))
        call = self._calls.get(type(node))
        if call is None:
            known = f": of {self.family.value} only comparisons with constants can" if self.family.by_documentation else ""
            raise InexactError(f"{type(node).__name__.upper()} cannot be evaluated exactly here{known}")
        return call(self, node)

    def pair(self, left: Expr, right: Expr) -> tuple[Term, Term]:
        """Both sides of a comparison; a literal is read as the type of the other."""
        one, other = self.term(left), self.term(right)
        if one.type.kind is Kind.STRING and other.type.kind is not Kind.STRING:
            one = self.read(left, other.type, right)
        elif other.type.kind is Kind.STRING and one.type.kind is not Kind.STRING:
            other = self.read(right, one.type, left)
        if self.family.by_documentation:
            check_pair(self.family, one, other)
        return one, other

    def alike(self, nodes: Sequence[Expr]) -> list[Term]:
        """Arguments of a function, the literals among them read as the others are."""
        terms = [self.term(node) for node in nodes]
        known = next((term.type for term in terms if term.type.kind not in (Kind.STRING, Kind.NULL)), None)
        if known is None:
            raise InexactError("it has no column among its arguments")
        if self.family is Family.MYSQL and known.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.INSTANT) and _any_literal(terms):
            raise InexactError(f"of {known.kind} and a literal MySQL makes a text: test the column IS NULL instead")
        return [self.read(node, known, node) if term.type.kind is Kind.STRING else term for node, term in zip(nodes, terms, strict=True)]

    def read(self, node: Expr, type_: Type, beside: Expr) -> Term:
        """The literal as a value of the type; `beside` is what it is compared with."""
        text = node.name if isinstance(node, exp.Literal | exp.National) else str(self.term(node).constant)
        if type_.padded:
            text = text.rstrip(" ")
        if type_.kind in (Kind.OPAQUE, Kind.NULL):
            return constant(UNTYPED, text)
        if not readable(type_.kind, self.family):
            raise InexactError(f"{type_.kind} is compared with a text by rounding both: write the value without quotes")
        if self.family is Family.MYSQL and type_.kind is Kind.DATE and len(text) > DATE_LENGTH:
            type_ = Type(Kind.TIMESTAMP)
        term = self._read(node, text, type_)
        if type_.kind is Kind.INSTANT:
            self._say_zone(node, text, term.constant, beside)
        return term

    def _read(self, node: Expr, text: str, type_: Type) -> Term:
        try:
            value = READERS[type_.kind](text)
        except ValueError as error:
            raise InexactError(f"{text!r} {error}") from error
        if self.family.by_documentation:
            check_literal(self.family, type_.kind, text, value)
            if type_.kind in TIMES:
                self.rewritten[id(node)] = written(self.family, type_, value)
        return constant(type_, value)

    def _say_zone(self, node: Expr, text: str, value: Any, beside: Expr) -> None:
        """Have the source read the instant in UTC, whatever its session's zone."""
        if self.family is Family.MYSQL:
            self.rewritten[id(node)] = exp.Literal.number(str(Decimal(value).scaleb(-6)))
            self.rewritten[id(beside)] = exp.Anonymous(this="UNIX_TIMESTAMP", expressions=[beside.copy()])
        elif not has_zone(text):
            clock = "" if len(text) > DATE_LENGTH else " 00:00:00"
            self.rewritten[id(node)] = exp.Literal.string(f"{text}{clock}+00")


def _any_literal(terms: Sequence[Term]) -> bool:
    return any(term.type.kind is Kind.STRING for term in terms)


def _literal(node: Expr, family: Family) -> Term:
    if isinstance(node, exp.Boolean):
        return constant(Type(Kind.INTEGER), int(node.this)) if family is Family.MYSQL else constant(Type(Kind.BOOLEAN), bool(node.this))
    if isinstance(node, exp.National) or node.is_string:
        return constant(UNTYPED, node.name)
    if family is Family.MYSQL and "e" in node.name.lower():
        return constant(Type(Kind.DOUBLE), float(node.name))
    if family.by_documentation and "e" in node.name.lower():
        raise InexactError("a number with an exponent is a floating-point number: write its digits")
    if not node.name.isdigit():  # it is written with a point or an exponent
        return constant(Type(Kind.DECIMAL), Decimal(node.name))
    return _number(Decimal(node.name), family)


def _number(value: Decimal, family: Family) -> Term:
    number = int(value)
    for bits in (32, 64) if family is Family.POSTGRESQL else (64,):
        if number < 2 ** (bits - 1):
            return constant(Type(Kind.INTEGER, bits), number)
    if family is Family.MYSQL and number < 2**64:
        return constant(Type(Kind.INTEGER, 64, unsigned=True), number)
    return constant(Type(Kind.DECIMAL), value)
