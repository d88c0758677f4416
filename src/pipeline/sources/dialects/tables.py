"""Tables as a database's catalogue describes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.types import TypeEngine

from pipeline.sources.dialects.types import WireType, wire_type
from pipeline.sources.source import Column, Identity, Table


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column; `type` is SQLAlchemy's, `type_name` the database's own word."""

    name: str
    type: TypeEngine[Any]
    type_name: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table; `key` is the primary key, or else a unique one without NULLs, and empty where there is neither."""

    schema: str
    name: str
    columns: tuple[FoundColumn, ...]
    key: tuple[str, ...]

    def wire_types(self, dialect: str) -> dict[str, WireType]:
        """What travels for each column."""
        return {found.name: wire_type(found.type, dialect) for found in self.columns}

    def described(self) -> Table:
        """The table as the jobs know it: nobody follows its changes."""
        columns = tuple(Column(found.name, found.type_name, found.nullable) for found in self.columns)
        return Table(self.schema, self.name, columns, self.key, Identity.NOTHING)


def assemble(columns: Iterable[tuple[str, str, FoundColumn]], keys: Iterable[tuple[str, str, bool, Sequence[str]]]) -> list[FoundTable]:
    """Return the tables that columns (schema, table, column, in order) and keys (schema, table, whether primary, columns) make."""
    tables: dict[tuple[str, str], list[FoundColumn]] = {}
    for schema, name, column in columns:
        tables.setdefault((schema, name), []).append(column)
    primary: dict[tuple[str, str], tuple[str, ...]] = {}
    unique: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for schema, name, is_primary, key in keys:
        if is_primary:
            primary[schema, name] = tuple(key)
        else:
            unique.setdefault((schema, name), []).append(tuple(key))
    return [
        FoundTable(*place, tuple(found), primary.get(place) or shortest_key(found, unique.get(place, ())))
        for place, found in sorted(tables.items())
    ]


def shortest_key(columns: Sequence[FoundColumn], keys: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The shortest of the unique keys that has no column with NULLs; empty where all have."""
    filled = {found.name for found in columns if not found.nullable}
    return min((key for key in keys if key and filled.issuperset(key)), key=lambda key: (len(key), key), default=())
