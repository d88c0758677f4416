"""The tables of a database that SQLAlchemy reads, with their columns and keys."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Inspector, inspect, or_, select, text
from sqlalchemy.types import TypeEngine

from pipeline.sources.cockroachdb import catalogue as cockroachdb
from pipeline.sources.dialects import duckdb, sqlanywhere_catalogue, sqlite, sybase_catalogue
from pipeline.sources.dialects.expressions import rows_of
from pipeline.sources.dialects.tables import FoundColumn, FoundTable, shortest_key

SYSTEM_SCHEMAS = frozenset({"information_schema", "INFORMATION_SCHEMA", "pg_catalog", "sys", "guest"})
SYSTEM_PREFIXES = ("pg_toast", "pg_temp", "db_")

SEVERAL_SCHEMAS = frozenset({"postgresql", "mssql", "redshift"})
"""Dialects whose databases hold schemas; elsewhere the connection's own schema is all that it reaches."""

PARTITIONS = "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relispartition"
"""PostgreSQL's partitions, whose rows are read with those of the table that they are part of."""

_OWN: dict[str, Callable[[Connection], list[FoundTable]]] = {
    "cockroachdb": cockroachdb.read_catalogue,
    "duckdb": duckdb.read_catalogue,
    "sqlany": sqlanywhere_catalogue.read_catalogue,
    "sqlite": sqlite.read_catalogue,
    "sybase": sybase_catalogue.read_catalogue,
}
"""Dialects whose inspector does not work with SQLAlchemy 2 or the database's present version, or does not tell enough."""


def read_catalogue(connection: Connection) -> list[FoundTable]:
    """Every table of the connection's database (or schema) in name order, system schemas and views left out."""
    own = _OWN.get(connection.dialect.name)
    found = own(connection) if own is not None else _inspect_all(connection)
    return _with_certain_keys(connection, sorted(found, key=lambda each: (each.schema, each.name)))


def read_table(connection: Connection, schema: str, name: str) -> FoundTable | None:
    """One table; None where there is none of this name."""
    if connection.dialect.name == "cockroachdb":
        return cockroachdb.read_table(connection, schema, name)
    own = _OWN.get(connection.dialect.name)
    if own is not None:
        return next((found for found in own(connection) if (found.schema, found.name) == (schema, name)), None)
    inspector = inspect(connection)
    return _inspect(inspector, schema, name) if inspector.has_table(name, schema) else None


def _inspect_all(connection: Connection) -> list[FoundTable]:
    inspector = inspect(connection)
    parts = {tuple(row) for row in connection.execute(text(PARTITIONS))} if connection.dialect.name == "postgresql" else set()
    places = [(schema, name) for schema in _schemas(inspector) for name in inspector.get_table_names(schema)]
    return [_inspect(inspector, *place) for place in places if place not in parts]


def _schemas(inspector: Inspector) -> Iterable[str]:
    if inspector.dialect.name not in SEVERAL_SCHEMAS:
        return [inspector.default_schema_name or ""]
    return [name for name in inspector.get_schema_names() if name not in SYSTEM_SCHEMAS and not name.startswith(SYSTEM_PREFIXES)]


def _inspect(inspector: Inspector, schema: str, name: str) -> FoundTable:
    columns = tuple(
        FoundColumn(found["name"], found["type"], _type_name(found["type"]), bool(found["nullable"]))
        for found in inspector.get_columns(name, schema)
    )
    primary = tuple(inspector.get_pk_constraint(name, schema)["constrained_columns"])
    return FoundTable(schema, name, columns, primary or shortest_key(columns, _unique_keys(inspector, schema, name)))


def _unique_keys(inspector: Inspector, schema: str, name: str) -> Iterable[tuple[str, ...]]:
    """Unique constraints and indexes; an index of some rows only, or of expressions, is no key."""
    for constraint in inspector.get_unique_constraints(name, schema):
        yield tuple(constraint["column_names"])
    for index in inspector.get_indexes(name, schema):
        partial = any(option.endswith("_where") for option in index.get("dialect_options", {}))
        if index["unique"] and not partial and not index.get("expressions"):
            yield tuple(name for name in index["column_names"] if name is not None)


def _with_certain_keys(connection: Connection, tables: Sequence[FoundTable]) -> list[FoundTable]:
    """The tables; those in whose key a row has NULL, as SQLite allows, without it."""
    return [found if _key_is_filled(connection, found) else replace(found, key=()) for found in tables]


def _key_is_filled(connection: Connection, found: FoundTable) -> bool:
    doubtful = [each.name for each in found.columns if each.name in found.key and each.nullable]
    if not doubtful:
        return True
    rows = rows_of(connection.dialect, found.schema, found.name, doubtful)
    nulls = select(rows.c[doubtful[0]]).where(or_(*(rows.c[name].is_(None) for name in doubtful))).limit(1)
    return connection.execute(nulls).first() is None


def _type_name(column_type: TypeEngine[Any]) -> str:
    try:
        return str(column_type)
    except Exception:  # noqa: BLE001 - a type that has no name in SQL raises what it likes; its class has one
        return type(column_type).__name__
