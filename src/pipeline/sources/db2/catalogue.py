"""The tables of the database, as Db2's catalogue views have them."""

from collections import defaultdict
from collections.abc import Sequence

from pipeline.errors import ConfigError
from pipeline.sources.db2.types import holds_large_values, type_name
from pipeline.sources.queries import Queries, Row
from pipeline.sources.schemas import check_schemas
from pipeline.sources.source import Column, Identity, Table

SCHEMAS = """
SELECT RTRIM(schemaname) AS name FROM syscat.schemata
 WHERE schemaname NOT LIKE 'SYS%' AND schemaname NOT IN ('ASNCDC', 'ASN', 'NULLID', 'SQLJ', 'DB2GSE', 'DB2INST1_DP') ORDER BY 1
"""

TABLES = """
SELECT RTRIM(tabschema) AS schema_name, RTRIM(tabname) AS table_name, card
  FROM syscat.tables WHERE type = 'T' AND property NOT LIKE 'Y%' ORDER BY 1, 2
"""
"""Ordinary tables; staging tables and the like are marked in `property`."""

COLUMNS = """
SELECT RTRIM(c.tabschema) AS schema_name, RTRIM(c.tabname) AS table_name, c.colname, COALESCE(d.sourcename, c.typename) AS base_type,
       c.typename, d.metatype, c.length, c.scale, c.codepage, c.nulls,
       c.collationname
  FROM syscat.columns c
  LEFT JOIN syscat.datatypes d ON d.typeschema = c.typeschema AND d.typename = c.typename AND d.metatype <> 'S'
 ORDER BY c.tabschema, c.tabname, c.colno
"""

COMPATIBILITY = "SELECT value FROM sysibmadm.dbcfg WHERE name = 'varchar2_compat'"
"""Where it is on, spaces at the end of a VARCHAR count, and an empty one is NULL."""

KEYS = """
SELECT RTRIM(k.tabschema) AS schema_name, RTRIM(k.tabname) AS table_name, k.constname, t.type, k.colname, c.nulls
  FROM syscat.keycoluse k
  JOIN syscat.tabconst t ON t.tabschema = k.tabschema AND t.tabname = k.tabname AND t.constname = k.constname
  JOIN syscat.columns c ON c.tabschema = k.tabschema AND c.tabname = k.tabname AND c.colname = k.colname
 WHERE t.type IN ('P', 'U') AND t.enforced = 'Y' ORDER BY k.tabschema, k.tabname, t.type, k.constname, k.colseq
"""
"""Primary keys first, then unique constraints; neither has nullable columns."""

Name = tuple[str, str]


async def read_tables(queries: Queries, schema: str | None) -> list[Table]:
    """
    List the tables of the schema, or of all but the system's, in name order.

    Raises:
        ConfigError: The schema does not exist, or there is no table.
    """
    existing = [row["name"] for row in await queries.rows(SCHEMAS)]
    wanted = _folded(schema, existing)
    check_schemas(wanted, existing)
    rows = [row for row in await queries.rows(TABLES) if row["schema_name"] in (wanted or existing)]
    if not rows:
        where = f"the schema {schema}" if schema else "the database"
        raise ConfigError(
            f"{where} has no table that can be taken (views, aliases and nicknames are not)",
            suggestion="Check the database and currentSchema in the JDBC URL.",
            code="NO_TABLES",
        )
    as_oracle = any(row["value"] == "ON" for row in await queries.rows(COMPATIBILITY))
    columns, keys = _columns(await queries.rows(COLUMNS), as_oracle=as_oracle), _keys(await queries.rows(KEYS))
    return [_table(row, columns[name], keys.get(name, ())) for row in rows for name in [(row["schema_name"], row["table_name"])]]


def _folded(schema: str | None, existing: Sequence[str]) -> list[str]:
    """Db2 folds names to capitals that stand without quotes, and so does this where the name as it is written is none."""
    if schema is None:
        return []
    return [schema if schema in existing or schema.upper() not in existing else schema.upper()]


def _table(row: Row, columns: Sequence[Column], key: tuple[str, ...]) -> Table:
    large = any(holds_large_values(column) for column in columns)
    return Table(
        schema=row["schema_name"],
        name=row["table_name"],
        columns=tuple(columns),
        key=key,
        identity=Identity.KEY if key else Identity.NOTHING if large else Identity.FULL,
        estimated_rows=row["card"] if row["card"] >= 0 else None,
    )


def _columns(rows: Sequence[Row], *, as_oracle: bool) -> dict[Name, list[Column]]:
    columns: dict[Name, list[Column]] = defaultdict(list)
    for row in rows:
        base = type_name(row)
        distinct = row["metatype"] == "T"
        columns[row["schema_name"], row["table_name"]].append(
            Column(
                name=row["colname"],
                type=row["typename"] if distinct else base,
                nullable=row["nulls"] == "Y",
                domain_base=base if distinct else None,
                unreadable=f"since {row['typename']} is a structured type" if row["metatype"] == "R" else None,
                collation=f"{row['collationname']} with varchar2_compat" if as_oracle and row["collationname"] else row["collationname"],
            )
        )
    return columns


def _keys(rows: Sequence[Row]) -> dict[Name, tuple[str, ...]]:
    """The key of each table: its first constraint."""
    constraints: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        constraints[row["schema_name"], row["table_name"], row["constname"]].append(row)
    keys: dict[Name, tuple[str, ...]] = {}
    for (schema, table, _), parts in constraints.items():
        keys.setdefault((schema, table), tuple(part["colname"] for part in parts))
    return keys
