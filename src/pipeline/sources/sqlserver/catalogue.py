"""The tables of the database, as SQL Server's catalogue views have them."""

from collections import defaultdict
from collections.abc import Sequence

from pipeline.errors import ConfigError
from pipeline.sources.queries import Queries, Row
from pipeline.sources.source import Column, Identity, Table
from pipeline.sources.sqlserver.types import LARGE, type_name

TABLES = """
SELECT t.object_id, s.name AS schema_name, t.name AS table_name,
       (SELECT SUM(p.rows) FROM sys.partitions p WHERE p.object_id = t.object_id AND p.index_id IN (0, 1)) AS row_count
  FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id
 WHERE t.is_ms_shipped = 0 AND t.is_external = 0 AND t.temporal_type <> 1 AND s.name NOT IN (N'cdc', N'sys')
   AND t.name NOT IN (N'systranschemas', N'sysdiagrams')
 ORDER BY s.name, t.name
"""
"""Tables of users; the histories of system-versioned ones are left out: they are the database's own log of the others."""

COLUMNS = """
SELECT c.object_id, c.name AS column_name, c.is_nullable, c.is_computed, c.max_length, c.precision, c.scale,
       TYPE_NAME(CASE WHEN t.is_assembly_type = 1 THEN c.user_type_id ELSE c.system_type_id END) AS base_type,
       TYPE_NAME(c.user_type_id) AS type_name, t.is_user_defined, c.encryption_type, c.collation_name
  FROM sys.columns c JOIN sys.types t ON t.user_type_id = c.user_type_id
  JOIN sys.tables o ON o.object_id = c.object_id
 ORDER BY c.object_id, c.column_id
"""

KEYS = """
SELECT i.object_id, i.index_id, i.is_primary_key, c.name AS column_name, c.is_nullable
  FROM sys.indexes i
  JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.key_ordinal > 0
  JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id
  JOIN sys.tables o ON o.object_id = i.object_id
 WHERE i.is_unique = 1 AND i.is_disabled = 0 AND i.has_filter = 0
 ORDER BY i.object_id, i.is_primary_key DESC, i.index_id, k.key_ordinal
"""
"""The primary key first, then other unique indexes over whole tables."""


async def read_tables(queries: Queries) -> list[Table]:
    """
    List the tables of all schemas, in name order.

    Raises:
        ConfigError: There is none, or the user sees none.
    """
    rows = await queries.rows(TABLES)
    if not rows:
        raise ConfigError(
            "the database has no table that the user sees (views, external tables and tables of the system are not taken)",
            suggestion="Check databaseName in the JDBC URL, and grant the user SELECT on the tables.",
            code="NO_TABLES",
        )
    columns, keys = await _columns(queries), _keys(await queries.rows(KEYS))
    return [_table(row, columns[row["object_id"]], keys.get(row["object_id"], ())) for row in rows]


def _table(row: Row, columns: Sequence[Column], key: tuple[str, ...]) -> Table:
    return Table(
        schema=row["schema_name"],
        name=row["table_name"],
        columns=tuple(columns),
        key=key,
        identity=Identity.KEY if key else _identity_without_key(columns),
        estimated_rows=row["row_count"],
    )


def _identity_without_key(columns: Sequence[Column]) -> Identity:
    """Change tables hold the whole row as it was, but for large values that the change left alone."""
    return Identity.NOTHING if any(column.base in LARGE for column in columns) else Identity.FULL


async def _columns(queries: Queries) -> dict[int, list[Column]]:
    columns: dict[int, list[Column]] = defaultdict(list)
    for row in await queries.rows(COLUMNS):
        base = type_name(row)
        columns[row["object_id"]].append(
            Column(
                name=row["column_name"],
                type=row["type_name"] if row["is_user_defined"] else base,
                nullable=bool(row["is_nullable"]),
                published=not row["is_computed"],
                domain_base=base if row["is_user_defined"] else None,
                unreadable="since it is encrypted by the client (Always Encrypted)" if row["encryption_type"] else None,
                collation=row["collation_name"],
            )
        )
    return columns


def _keys(rows: Sequence[Row]) -> dict[int, tuple[str, ...]]:
    """The key of each table: the first index of which no column is nullable."""
    indexes: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows:
        indexes[row["object_id"], row["index_id"]].append(row)
    keys: dict[int, tuple[str, ...]] = {}
    for (table, _), parts in indexes.items():
        if table not in keys and not any(part["is_nullable"] for part in parts):
            keys[table] = tuple(part["column_name"] for part in parts)
    return keys
