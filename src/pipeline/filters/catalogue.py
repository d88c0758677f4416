"""From a column of the source's catalogue to the type by which conditions compare it."""

import re
from collections.abc import Callable
from typing import NamedTuple

from pipeline.filters.collations import folds_of
from pipeline.filters.dialect import Family
from pipeline.filters.kinds import Kind, Type
from pipeline.filters.texts import TextRule
from pipeline.filters.vendors import db2, oracle, sql_server, vendor_rule

BITS = {"smallint": 16, "integer": 32, "bigint": 64}
MYSQL_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "integer", "bigint", "year"})

NONDETERMINISTIC = "nondeterministic "
CODE_POINTS = frozenset({"C", "POSIX", "ucs_basic", "C.UTF-8", "PG_UNICODE_FAST", "pg_c_utf8", "pg_unicode_fast"})
"""PostgreSQL's collations in which texts stand in the order of their code points."""

_TEXTS = ("char", "varchar", "text", "tinytext", "mediumtext", "longtext")
_TURKIC = re.compile(r"locale (tr|az|lt)\b|locale (tr|az|lt)[_-]")
_CHARSET = re.compile(r"^(utf8mb4|utf8mb3|utf8|ucs2|utf16|utf16le|utf32)_")


class FilterColumn(NamedTuple):
    """A column as the catalogue had it when the filter was taken: its type with length and digits, and its collation."""

    name: str
    type: str
    collation: str | None = None


def is_text(type_name: str) -> bool:
    """Whether a type of the catalogue's is one of texts, so that a collation says how they compare."""
    return type_name.lower().startswith(_TEXTS)


def type_of(family: Family, column: FilterColumn) -> Type:
    """The type of the column; OPAQUE where its values are not known exactly, or nothing can be told of how they compare."""
    return _OF_FAMILIES[family](column)


def collation_rule(family: Family, name: str) -> TextRule | None:
    """The rule of a collation that a condition names, None where it cannot be told exactly: a name of PostgreSQL's may be anybody's."""
    if family is Family.POSTGRESQL:
        return _postgresql_rule(name) if name in CODE_POINTS else None
    return _mysql_rule(name) if family is Family.MYSQL else vendor_rule(family, name)


def _postgresql(column: FilterColumn) -> Type:
    name = column.type.lower()
    base = name.partition("(")[0].strip() if not name.endswith("[]") else name
    if base in BITS:
        return Type(Kind.INTEGER, BITS[base], name=name)
    if base == "character varying" or base == "text":
        return Type(Kind.TEXT, rule=_postgresql_rule(column.collation or ""), name=name)
    if base == "character":
        return Type(Kind.TEXT, rule=_postgresql_rule(column.collation or ""), padded=True, name=name)
    if base in ("real", "double precision"):
        return Type(Kind.DOUBLE, single=base == "real", name=name)
    kind = _POSTGRESQL_KINDS.get(re.sub(r"\(\d+(,-?\d+)?\)", "", name))
    return Type(
        kind or (Kind.ENUM if column.collation == ENUM else Kind.OPAQUE), rule=_BINARY if column.collation == ENUM else None, name=name
    )


ENUM = "enum"
"""What stands for the collation of an enum, whose name says nothing."""

_POSTGRESQL_KINDS = {
    "numeric": Kind.DECIMAL,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "timestamp without time zone": Kind.TIMESTAMP,
    "timestamp with time zone": Kind.INSTANT,
    "uuid": Kind.UUID,
}
_BINARY = TextRule("binary")


def _postgresql_rule(collation: str) -> TextRule | None:
    if not collation or collation.startswith(NONDETERMINISTIC):
        return None
    cases = "ascii" if collation in ("C", "POSIX", "ucs_basic") else "none" if _TURKIC.match(collation.lower()) else "unicode"
    return TextRule(collation, ordered=collation in CODE_POINTS, cases=cases)


def _mysql(column: FilterColumn) -> Type:
    words = column.type.lower().split()
    base = words[0].partition("(")[0]
    if base in MYSQL_INTEGERS or column.type.lower() == "bit(1)":
        return Type(Kind.INTEGER, unsigned="unsigned" in words or base in ("year", "bit"), name=column.type)
    if base in _TEXTS:
        rule = _mysql_rule(column.collation or "")
        return (
            Type(Kind.TEXT, rule=rule, name=column.type)
            if rule
            else Type(Kind.OPAQUE, name=f"{column.type} {column.collation or ''}".strip())
        )
    if base == "enum":
        rule = _mysql_rule(column.collation or "")
        return Type(Kind.ENUM if rule else Kind.OPAQUE, rule=rule, name=column.type)
    if base in ("float", "double"):
        return Type(Kind.DOUBLE, single=base == "float", name=column.type)
    return Type(_MYSQL_KINDS.get(base, Kind.OPAQUE), name=base)


_MYSQL_KINDS = {"decimal": Kind.DECIMAL, "date": Kind.DATE, "datetime": Kind.TIMESTAMP, "timestamp": Kind.INSTANT}


def _mysql_rule(collation: str) -> TextRule | None:
    name = collation.lower()
    trims = not (name.startswith("utf8mb4_0900") or "nopad" in name)
    unicode = _CHARSET.match(name) is not None
    cases = "unicode" if unicode else "none"  # a charset of eight bits has its own table of cases, and the order of its bytes
    if name.endswith("_bin"):
        return TextRule(name, ordered=unicode and not trims, trims=trims, cases=cases)
    folds = folds_of(_CHARSET.sub("", name.replace("_nopad", "")))
    return None if folds is None else TextRule(name, folds, trims=trims, cases=cases)


def _other(column: FilterColumn) -> Type:
    return Type(Kind.OPAQUE, name=column.type)


_OF_FAMILIES: dict[Family, Callable[[FilterColumn], Type]] = {
    Family.POSTGRESQL: _postgresql,
    Family.MYSQL: _mysql,
    Family.SQL_SERVER: lambda column: sql_server(column.type, column.collation or ""),
    Family.ORACLE: lambda column: oracle(column.type, column.collation or ""),
    Family.DB2: lambda column: db2(column.type, column.collation or ""),
    Family.OTHER: _other,
}
