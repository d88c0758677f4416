"""Literals beside columns of SQL Server, Oracle and Db2: the same value here and there, in words that no session's settings change."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlglot import exp
from sqlglot.expressions import Expr

from pipeline.filters.dialect import Family
from pipeline.filters.faults import InexactError
from pipeline.filters.kinds import Kind, Type
from pipeline.filters.literals import DAY_MICROS, EPOCH, EPOCH_DAY, TEXTS, TIMES

EARLIEST = date(1753, 1, 1)
"""From then on all of them, and Java, have one calendar; an earlier value is earlier than any literal, whatever its day is called."""


def check_literal(family: Family, kind: Kind, text: str, value: Any) -> None:
    """Raise `InexactError` where the literal may be another value in the database than here."""
    if kind in TEXTS and not text.isascii():
        raise InexactError("a text with other characters than ASCII depends on the charset of the database: it is not known exactly")
    if kind in TEXTS and not text and family is Family.ORACLE:
        raise InexactError("an empty text is NULL, to which nothing is equal: write IS NULL")
    if isinstance(value, float):
        raise InexactError("an infinite date is known in PostgreSQL alone")
    if kind in TIMES and value < ((EARLIEST.toordinal() - EPOCH_DAY) * (1 if kind is Kind.DATE else DAY_MICROS)):
        raise InexactError(f"dates before {EARLIEST} depend on the calendar: write a later one")


def check_pattern(family: Family, pattern: str) -> None:
    """Raise `InexactError` where LIKE may take the pattern for something else in the database."""
    check_literal(family, Kind.TEXT, pattern, pattern)
    if "_" in pattern:
        raise InexactError("_ stands for one character of the database's charset, whichever that is: use % alone")


def is_typed_literal(node: Expr) -> bool:
    """Whether the part is DATE '2024-12-31' or the like, by whatever words the dialect has for it."""
    if not (isinstance(node.this, exp.Literal) and node.this.is_string):
        return False
    if isinstance(node, exp.StrToTime | exp.StrToDate):
        return node.args.get("format") is not None and node.args["format"].name in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")
    if isinstance(node, exp.Cast):
        return node.args["to"].this in _TIME_TYPES and not node.args["to"].expressions  # fewer digits would round
    return isinstance(node, exp.DateStrToDate)


def typed_kind(node: Expr) -> Kind:
    """Whether a typed literal is a day or a moment."""
    is_day = isinstance(node, exp.DateStrToDate) or (isinstance(node, exp.Cast) and node.args["to"].this is exp.DataType.Type.DATE)
    return Kind.DATE if is_day else Kind.TIMESTAMP


_TIME_TYPES = frozenset({exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.DATETIME2})


def written(family: Family, type_: Type, value: int) -> Expr:
    """The literal of a day or a moment, in days or microseconds since 1970, in words that no setting of a session changes."""
    if type_.kind is Kind.DATE:
        return _WRITTEN[family]("DATE", date.fromordinal(value + EPOCH_DAY).isoformat())
    moment = EPOCH + timedelta(microseconds=value)
    return _WRITTEN[family]("datetime" if type_.name == "datetime" else "TIMESTAMP", moment.isoformat(" "))


def _sql_server_literal(type_: str, text: str) -> Expr:
    return exp.cast(exp.Literal.string(text.replace(" ", "T")), "DATETIME2(6)" if type_ == "TIMESTAMP" else type_, dialect="tsql")


def _oracle_literal(type_: str, text: str) -> Expr:
    return exp.Introducer(this=type_, expression=exp.Literal.string(text))


def _db2_literal(type_: str, text: str) -> Expr:
    return exp.cast(exp.Literal.string(text), "TIMESTAMP(6)" if type_ == "TIMESTAMP" else type_)


_WRITTEN: Mapping[Family, Callable[[str, str], Expr]] = {
    Family.SQL_SERVER: _sql_server_literal,
    Family.ORACLE: _oracle_literal,
    Family.DB2: _db2_literal,
}
