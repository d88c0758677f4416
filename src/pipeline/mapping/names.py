"""What tables and columns are called in MongoDB."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

from pipeline.errors import ConfigError

RESERVED_COLLECTIONS = "_rowstream."
NAMESPACE_BYTES = 235
DATABASE_BYTES = 63

_PARTS = re.compile(r"[^_\- ]+")

T = TypeVar("T")


def camel_case(name: str) -> str:
    """
    Return the name in camelCase.

    Parts stand between `_`, `-` and spaces: the first in lower case, each other with a
    capital. A part all in capitals counts as lower case; in a part of mixed case only a
    leading run of capitals is lowered, without the capital that begins the next word.
    Leading underscores and all other characters stay; a name without any part stays as it is.
    """
    first, *others = _PARTS.findall(name) or [name]
    underscores = name[: len(name) - len(name.lstrip("_"))] if first != name else ""
    return underscores + _lowered(first) + "".join(_capitalised(_lowered(part)) for part in others)


def field_names(columns: Sequence[str], table: str) -> dict[str, str]:
    """
    Name the document fields of the columns of a row that are not in its key.

    A column that would be called `_id` is called `_id_`, since `_id` is the document's key.

    Raises:
        ConfigError: Two columns would have the same field.
    """
    names = {column: "_id_" if (name := camel_case(column)) == "_id" else name for column in columns}
    _refuse_collisions(names, table)
    return names


def key_names(columns: Sequence[str], table: str) -> dict[str, str]:
    """
    Name the fields of the key columns inside an `_id`, where MongoDB takes no leading `$`: its full-width form stands for it.

    Raises:
        ConfigError: Two columns would have the same field.
    """
    names = {column: "\uff04" + name[1:] if (name := camel_case(column)).startswith("$") else name for column in columns}
    _refuse_collisions(names, f"the key of {table}")
    return names


def collection_names(tables: Iterable[tuple[str, str]], database: str | None = None) -> dict[tuple[str, str], str]:
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
        schemas[camel_case(table)].add(schema)
    names = {
        (schema, table): camel_case(f"{schema}_{table}") if len(schemas[camel_case(table)]) > 1 else camel_case(table)
        for schema, table in tables
    }
    for name, ((schema, table), (other_schema, other), *_) in _collisions(names).items():
        raise ConfigError(
            f'the tables {schema}.{table} and {other_schema}.{other} would both become the collection "{name}"',
            suggestion="Rename one of the two tables at the source, or connect as a user, or to a schema, that sees only one of them.",
        )
    for (schema, table), name in names.items():
        _check_collection(name, f"{schema}.{table}", DATABASE_BYTES if database is None else len(database.encode()))
    return names


def _lowered(part: str) -> str:
    if part.isupper():
        return part.lower()
    end = next(place for place, character in enumerate(part) if not character.isupper())
    if end > 1 and part[end].islower():
        end -= 1
    return part[:end].lower() + part[end:]


def _capitalised(part: str) -> str:
    capital = part[0].upper()
    return capital + part[1:] if len(capital) == 1 else part


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
            f'the table {table} would become the collection "{name}", whose name {refused}', suggestion="Rename the table at the source."
        )
