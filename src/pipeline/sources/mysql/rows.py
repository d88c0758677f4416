"""The SELECT of single rows, named by the `_id`s of their documents."""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import Decimal128

from pipeline.sources.mysql.connection import Session
from pipeline.sources.mysql.selects import name_of, nameable, quote, select_of
from pipeline.sources.source import Table

PLAIN = (bool, int, float, str, bytes)


def row_selects(session: Session, table: Table, ids: Sequence[Any]) -> dict[str, str] | None:
    """
    Return the statement, by what a signal calls the table, that reads the rows with these `_id`s.

    None where a signal has no way to name the table, or SQL none to name a row (a JSON document in a key).
    """
    conditions = [_condition(session, table, each) for each in ids]
    if not nameable(table) or None in conditions:
        return None
    return {name_of(table): f"{select_of(table)} WHERE {' OR '.join(filter(None, conditions))}"}


def _condition(session: Session, table: Table, identity: Any) -> str | None:
    values = list(identity.values()) if isinstance(identity, Mapping) else [identity]
    literals = [_literal(session, value) for value in values]
    if None in literals:
        return None
    equal = [f"t.{quote(name)} = {literal}" for name, literal in zip(table.key, literals, strict=True)]
    return f"({' AND '.join(equal)})"


def _literal(session: Session, value: Any) -> str | None:
    if isinstance(value, Decimal128):
        return str(value.to_decimal())
    return session.literal(value) if isinstance(value, PLAIN) else None
