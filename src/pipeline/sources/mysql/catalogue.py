"""The tables of the database, as its catalogue has them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.errors import ConfigError
from pipeline.sources.mysql.connection import Session
from pipeline.sources.source import Column, Identity, Table

SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")

TABLES = """
SELECT table_schema AS `schema`, table_name AS name, table_rows AS `rows` FROM information_schema.tables
 WHERE table_schema IN %s AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY table_schema, table_name
"""

COLUMNS = """
SELECT table_schema AS `schema`, table_name AS name, column_name AS `column`, data_type AS type,
       column_type AS declared, collation_name AS collation,
       is_nullable = 'YES' AS nullable, extra LIKE '%%INVISIBLE%%' AS hidden
  FROM information_schema.columns WHERE table_schema IN %s ORDER BY table_schema, table_name, ordinal_position
"""

INDEXES = """
SELECT table_schema AS `schema`, table_name AS name, index_name AS `index`, column_name AS `column`,
       nullable <> 'YES' AND sub_part IS NULL AND column_name IS NOT NULL AS whole
  FROM information_schema.statistics WHERE table_schema IN %s AND non_unique = 0
 ORDER BY table_schema, table_name, index_name <> 'PRIMARY', index_name, seq_in_index
"""
"""Unique indexes, the primary key first; a column that can be null, is cut short or is an expression is not `whole`."""

Name = tuple[str, str]


async def read_tables(session: Session, database: str | None) -> list[Table]:
    """
    List the ordinary tables of the database (None: of every one that the user sees, system databases aside), in name order.

    Left out: views, sequences and temporary tables. The catalogue shows a user only tables on which it has a privilege.

    Raises:
        ConfigError: There is no table.
    """
    databases = await _databases(session, database)
    found = await session.rows(TABLES, [databases]) if databases else []
    if not found:
        where = f"the database {database}" if database else "the server"
        raise ConfigError(
            f"{where} has no table that the user may see",
            suggestion=f"Check the database in the JDBC URL, and run: GRANT SELECT ON {database or '...'}.* TO the user of the job;",
            code="NO_TABLES",
        )
    columns, keys = await _columns(session, databases), await _keys(session, databases)
    return [_table(row, columns[_name(row)], keys.get(_name(row), ())) for row in found]


async def read_table_names(session: Session, database: str | None) -> list[Name]:
    """Name (schema, table) what `read_tables` would list, without looking any closer."""
    databases = await _databases(session, database)
    return [_name(row) for row in await session.rows(TABLES, [databases])] if databases else []


async def _databases(session: Session, database: str | None) -> list[str]:
    """The databases by the names that the catalogue has for them, which may differ in case from those in the URL."""
    rows = await session.rows("SELECT schema_name AS name FROM information_schema.schemata ORDER BY schema_name")
    names = [row["name"] for row in rows if row["name"].lower() not in SYSTEM]
    if database is None or database in names:
        return names if database is None else [database]
    return [name for name in names if name.lower() == database.lower()]


def _table(row: dict[str, Any], columns: list[Column], key: tuple[str, ...]) -> Table:
    """With the row image FULL, every change carries the whole row as it was."""
    rows = None if row["rows"] is None else int(row["rows"])
    return Table(row["schema"], row["name"], tuple(columns), key, Identity.FULL, rows)


async def _columns(session: Session, databases: Sequence[str]) -> dict[Name, list[Column]]:
    columns: dict[Name, list[Column]] = defaultdict(list)
    for row in await session.rows(COLUMNS, [databases]):
        columns[_name(row)].append(
            Column(
                row["column"],
                row["type"].lower(),
                bool(row["nullable"]),
                hidden=bool(row["hidden"]),
                declared=row["declared"],
                collation=row["collation"],
            )
        )
    return columns


async def _keys(session: Session, databases: Sequence[str]) -> dict[Name, tuple[str, ...]]:
    """The first key of each table: its primary key, or a unique one of whole columns."""
    indexes: dict[Name, dict[str, list[tuple[str, bool]]]] = defaultdict(lambda: defaultdict(list))
    for row in await session.rows(INDEXES, [databases]):
        indexes[_name(row)][row["index"]].append((row["column"], bool(row["whole"])))
    return {name: _first_whole(members.values()) for name, members in indexes.items()}


def _first_whole(indexes: Iterable[Sequence[tuple[str, bool]]]) -> tuple[str, ...]:
    return next((tuple(column for column, _ in index) for index in indexes if all(whole for _, whole in index)), ())


def _name(row: dict[str, Any]) -> Name:
    return row["schema"], row["name"]
