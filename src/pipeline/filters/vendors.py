"""
SQL Server, Oracle and Db2, whose rules are known from their documentation alone: columns compared with constants, and no more.

Transact-SQL: "Collation and Unicode support", "Data type precedence", "datetime2", "datetime". Oracle's SQL Language
Reference: "Data Type Comparison Rules", "Literals". Db2's SQL reference: "Assignments and comparisons".
"""

import re
from decimal import Decimal
from typing import Any

from pipeline.filters.dialect import Family
from pipeline.filters.faults import InexactError
from pipeline.filters.kinds import EXACT_NUMBERS, Kind, Term, Type
from pipeline.filters.literals import MICROS
from pipeline.filters.texts import TextRule

ANY_BITS = 8
"""Debezium writes integers as short as their declared digits allow."""

MICROSECOND_DIGITS = 6

_DIGITS = re.compile(r"\((\d+)(?:,\s*(-?\d+))?\)")
_BINARY_COLLATION = re.compile(r"_BIN2?(_UTF8)?$", re.IGNORECASE)

_SQL_SERVER_KINDS = {
    **dict.fromkeys(("bigint", "int", "smallint", "tinyint", "bit"), Kind.INTEGER),
    **dict.fromkeys(("decimal", "numeric", "money", "smallmoney"), Kind.DECIMAL),
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar"), Kind.TEXT),
    "date": Kind.DATE,
    **dict.fromkeys(("datetime", "smalldatetime", "datetime2"), Kind.TIMESTAMP),
}
_DB2_KINDS = {
    **dict.fromkeys(("BIGINT", "INTEGER", "SMALLINT"), Kind.INTEGER),
    **dict.fromkeys(("DECIMAL", "NUMERIC"), Kind.DECIMAL),
    **dict.fromkeys(("CHARACTER", "VARCHAR", "GRAPHIC", "VARGRAPHIC"), Kind.TEXT),
    "DATE": Kind.DATE,
    "TIMESTAMP": Kind.TIMESTAMP,
}
_MONEY = {"money": (19, 4), "smallmoney": (10, 4)}
_INTEGER_DIGITS = (19, 0)


def sql_server(name: str, collation: str) -> Type:
    """The type of a column of SQL Server."""
    base = name.partition("(")[0]
    kind = Kind.OPAQUE if name.endswith("(max)") else _SQL_SERVER_KINDS.get(base, Kind.OPAQUE)
    if kind is Kind.TEXT:
        return Type(kind, rule=vendor_rule(Family.SQL_SERVER, collation), name=name)
    return Type(kind, ANY_BITS, cut=base == "datetime2" and _first_digits(name, MICROSECOND_DIGITS + 1) > MICROSECOND_DIGITS, name=name)


def oracle(name: str, collation: str) -> Type:
    """The type of a column of Oracle, where a DATE has a time of the day; `collation` is what the column's texts really compare by."""
    base = name.partition("(")[0]
    if base in ("VARCHAR2", "NVARCHAR2", "CHAR", "NCHAR"):
        return Type(Kind.TEXT, rule=vendor_rule(Family.ORACLE, collation), padded=base in ("CHAR", "NCHAR"), name=name)
    if base == "DATE":
        return Type(Kind.TIMESTAMP, name=name)
    if re.fullmatch(r"TIMESTAMP(\(\d\))?", name):
        return Type(Kind.TIMESTAMP, cut=_first_digits(name, MICROSECOND_DIGITS) > MICROSECOND_DIGITS, name=name)
    if base != "NUMBER":
        return Type(Kind.OPAQUE, name=name)
    digits = _DIGITS.search(name)
    scale = int(digits[2] or 0) if digits else None
    kind = Kind.INTEGER if scale == 0 else Kind.OPAQUE if scale is not None and scale < 0 else Kind.DECIMAL
    return Type(kind, ANY_BITS, name=name)


def db2(name: str, collation: str) -> Type:
    """The type of a column of Db2."""
    base = name.partition("(")[0]
    kind = Kind.OPAQUE if name.endswith("FOR BIT DATA") else _DB2_KINDS.get(base, Kind.OPAQUE)
    if kind is Kind.TEXT:
        return Type(kind, rule=_identity_rule(collation), padded=base in ("CHARACTER", "GRAPHIC"), name=name)
    return Type(kind, ANY_BITS, cut=base == "TIMESTAMP" and _first_digits(name, MICROSECOND_DIGITS) > MICROSECOND_DIGITS, name=name)


def vendor_rule(family: Family, collation: str) -> TextRule | None:
    """The rule of a collation by which texts are equal only where their characters are, None of any other."""
    if family is Family.SQL_SERVER and _BINARY_COLLATION.search(collation):
        return TextRule(collation, trims=True, cases="none")
    return TextRule("BINARY", cases="none") if family is Family.ORACLE and collation.upper() == "BINARY" else None


def _identity_rule(collation: str) -> TextRule | None:
    return TextRule(collation, trims=True, cases="none") if collation in ("IDENTITY", "IDENTITY_16BIT") else None


def _first_digits(name: str, otherwise: int) -> int:
    digits = _DIGITS.search(name)
    return int(digits[1]) if digits else otherwise


def check_pair(family: Family, one: Term, other: Term) -> None:
    """Raise `InexactError` where two terms are not compared by the rules that all versions have."""
    if Kind.NULL in (one.type.kind, other.type.kind) or Kind.OPAQUE in (one.type.kind, other.type.kind):
        return  # nothing compares with NULL, and an opaque value is refused as such
    if one.is_constant and other.is_constant:
        raise InexactError("two constants are compared in the database's own way: compare a column")
    if not (one.is_constant or other.is_constant):
        if one.type.name != other.type.name:
            raise InexactError("columns of two types are compared after conversions that are not known exactly: compare with a constant")
        return
    column, value = (other, one) if one.is_constant else (one, other)
    if column.type.kind is Kind.TEXT and column.type.rule is None:
        instead = "compare other columns, or post a SNAPSHOT job" if not can_be_collated(family, column.type) else _BINARY_INSTEAD[family]
        raise InexactError(f"its collation takes texts for equal that differ, or is not known: {instead}")
    if column.type.name == "datetime" and value.type.kind is Kind.TIMESTAMP and value.constant is not None and value.constant % MICROS:
        raise InexactError("a datetime has fractions of three milliseconds: compare it with whole seconds")
    if {column.type.kind, value.type.kind} <= EXACT_NUMBERS:
        _check_digits(family, column.type.name, value.constant)


_BINARY_INSTEAD = {
    Family.SQL_SERVER: "write COLLATE Latin1_General_BIN2 behind the column",
    Family.ORACLE: "write COLLATE BINARY behind the column",
}


def can_be_collated(family: Family, type_: Type) -> bool:
    """Whether COLLATE changes how the column's texts compare, and nothing else: that of a charset of SQL Server's converts them."""
    return type_.kind is Kind.TEXT and (family is Family.ORACLE or (family is Family.SQL_SERVER and type_.name.startswith("n")))


def _check_digits(family: Family, name: str, value: Any) -> None:
    """Both sides get a common type, which has no more than so many digits before and behind the point."""
    _, digits, exponent = Decimal(value).as_tuple()
    scale = max(-int(exponent), 0)
    whole = max(len(digits) + int(exponent), 0)
    found = _DIGITS.search(name)
    precision, behind = (int(found[1]), int(found[2] or 0)) if found else _MONEY.get(name, _INTEGER_DIGITS)
    if family is Family.ORACLE:
        precision, behind = 0, 0  # its numbers have no common type: each has so many digits of its own
    most = _MOST_DIGITS[family]
    if max(precision - behind, whole) + max(behind, scale) > most:
        raise InexactError(f"the number has so many digits that both sides together need more than {most}: write fewer")


_MOST_DIGITS = {Family.SQL_SERVER: 38, Family.ORACLE: 38, Family.DB2: 31}
