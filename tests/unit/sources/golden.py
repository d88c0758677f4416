"""Reviewed configurations: what a job makes, compared whole with a file in tests/golden."""

import json
import os
from dataclasses import replace
from pathlib import Path

from pipeline.filters.catalogue import FilterColumn
from pipeline.filters.condition import Condition
from pipeline.filters.dialect import dialect_of
from pipeline.jobs.names import ownership
from pipeline.sources.source import Column, Identity, Table

GOLDEN = Path(__file__).parents[2] / "golden"
OWNED = ownership("0123456789abcdef01234567", 2)
PASSWORD = "${secrets:/s/c:password}"
KAFKA = "kafka:9092"


def assert_reviewed(config: dict[str, str], name: str) -> None:
    """Compare with `tests/golden/<name>.json`; UPDATE_GOLDEN=1 writes it anew, for a person to review."""
    file = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")
    assert config == json.loads(file.read_text())


def tables(schema: str) -> list[Table]:
    """A table of the usual kind, one with odd names, one without a key."""
    number, computed = Column("id", "int", nullable=False), Column("v", "int", nullable=True, published=False)
    return [
        Table(schema, "orders", (number, computed), ("id",), Identity.KEY, 100),
        Table(schema, "Order Lines, old", (number, Column("line no", "int", nullable=False)), ("id", "line no"), Identity.KEY),
        Table(schema, "notes", (Column("text", "varchar(20)", nullable=True),), (), Identity.FULL),
    ]


def narrowed(schema: str, source_type: str) -> list[Table]:
    """The same, of which the first is cut and filtered, and the last filtered."""
    orders, lines, notes = tables(schema)
    return [replace(filtered(orders, source_type, "id <> 3"), row_count=10), lines, filtered(notes, source_type, "text LIKE 'a%'")]


def followed(schema: str, source_type: str) -> list[Table]:
    """The same of databases of which only comparisons are evaluated while a job streams."""
    *others, notes = narrowed(schema, source_type)
    return [*others, filtered(notes, source_type, "text IS NOT NULL")]


def filtered(table: Table, source_type: str, where_clause: str) -> Table:
    """The table with the filter, as a job of such a database has it."""
    columns = [FilterColumn(column.name, column.type) for column in table.columns]
    quoted = where_clause.replace("id", '"id"').replace("text", '"text"') if source_type in ("ORACLE", "DB2") else where_clause
    return replace(table, condition=Condition(quoted, dialect_of(source_type), table.qualified_name, columns).sql)
