"""What tables and columns are called in MongoDB."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

from pipeline.errors import ConfigError
from pipeline.mapping.style import Names

RESERVED_COLLECTIONS = "_rowstream."
NAMESPACE_BYTES = 235
DATABASE_BYTES = 63

T = TypeVar("T")


def field_names(columns: Sequence[str], table: str, style: Names = Names.CAMEL_CASE) -> dict[str, str]:
    """
    Name the document fields of the columns of a row that are not in its key.

    A column that would be called `_id` is called `_id_`, since `_id` is the document's key.

    Raises:
        ConfigError: Two columns would have the same field.
    """
    names = {column: "_id_" if (name := style.of(column)) == "_id" else name for column in columns}
    _refuse_collisions(names, table)
    return names


def key_names(columns: Sequence[str], table: str, style: Names = Names.CAMEL_CASE) -> dict[str, str]:
    """
    Name the fields of the key columns inside an `_id`, where MongoDB takes no leading `$`: its full-width form stands for it.

    Raises:
        ConfigError: Two columns would have the same field.
    """
    names = {column: "\uff04" + name[1:] if (name := style.of(column)).startswith("$") else name for column in columns}
    _refuse_collisions(names, f"the key of {table}")
    return names


def collection_names(
    tables: Iterable[tuple[str, str]], database: str | None = None, style: Names = Names.CAMEL_CASE
) -> dict[tuple[str, str], str]:
    """
    Name the collection of each table, given and returned as (schema, table).

    Tables of one name in several schemas all have their schema as prefix. Without the
    target's `database` the longest possible one is assumed.

    Raises:
        ConfigError: Two tables would have the same collection, or MongoDB refuses a name.
    """
    tables = list(tables)
    schemas = defaultdict[str, set[str]](set)
    for schema, table in tables:
        schemas[style.of(table)].add(schema)
    names = {
        (schema, table): style.within(schema, table) if len(schemas[style.of(table)]) > 1 else style.of(table) for schema, table in tables
    }
    for name, ((schema, table), (other_schema, other), *_) in _collisions(names).items():
        raise ConfigError(
            f'the tables {schema}.{table} and {other_schema}.{other} would both become the collection "{name}"',
            suggestion="Leave one of the two out in the project's settings (tables.exclude), or rename one at the source.",
        )
    for (schema, table), name in names.items():
        _check_collection(name, f"{schema}.{table}", DATABASE_BYTES if database is None else len(database.encode()))
    return names


def _refuse_collisions(fields: dict[str, str], place: str) -> None:
    for name, (first, second, *_) in _collisions(fields).items():
        raise ConfigError(
            f'the columns "{first}" and "{second}" of {place} would both become the field "{name}"',
            suggestion="Rename one of the two columns at the source.",
        )


def _collisions(names: dict[T, str]) -> dict[str, list[T]]:
    sources = defaultdict[str, list[T]](list)
    for source, name in names.items():
        sources[name].append(source)
    return {name: found for name, found in sources.items() if len(found) > 1}


def _check_collection(name: str, table: str, database_bytes: int) -> None:
    """Refuse what MongoDB refuses (its documentation: Naming Restrictions) and what the project keeps for itself."""
    refused = None
    if name.startswith("system."):
        refused = 'begins with "system.", which MongoDB keeps for itself'
    elif name.startswith(RESERVED_COLLECTIONS):
        refused = f'begins with "{RESERVED_COLLECTIONS}", which rowstream keeps for its own records'
    elif "$" in name or "\0" in name:
        refused = 'has a character that MongoDB does not take there ("$" or a null)'
    elif not name or name.startswith(".") or name.endswith(".") or ".." in name:
        refused = "is empty, begins or ends with a dot, or has two dots in a row"
    elif database_bytes + 1 + len(name.encode()) > NAMESPACE_BYTES:
        refused = f"is longer than MongoDB takes ({NAMESPACE_BYTES} bytes together with the database's name)"
    if refused is not None:
        raise ConfigError(
            f'the table {table} would become the collection "{name}", whose name {refused}',
            suggestion="Leave it out in the project's settings (tables.exclude), or rename the table at the source.",
        )
