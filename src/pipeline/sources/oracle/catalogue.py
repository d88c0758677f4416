"""The tables of the database, as Oracle's data dictionary has them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipeline.errors import ConfigError
from pipeline.sources.oracle.types import TEXTS, is_large, type_name
from pipeline.sources.queries import Queries, Row, only_row
from pipeline.sources.source import Column, Identity, Table

TABLES = """
SELECT t.owner, t.table_name, t.num_rows
  FROM all_tables t JOIN all_users u ON u.username = t.owner
 WHERE u.oracle_maintained = 'N' AND t.temporary = 'N' AND t.secondary = 'N' AND t.nested = 'NO' AND t.dropped = 'NO'
   AND t.iot_name IS NULL AND t.table_name NOT LIKE 'MLOG$\\_%' ESCAPE '\\' AND t.table_name NOT LIKE 'RUPD$\\_%' ESCAPE '\\'
   AND NOT REGEXP_LIKE(t.table_name, '^(MDRT|MDRS|MDXT)_|^LOG_MINING_FLUSH|^RS_[0-9A-F]{24}_[0-9]+$')
   AND NOT EXISTS (SELECT 1 FROM all_external_tables e WHERE e.owner = t.owner AND e.table_name = t.table_name)
   AND NOT EXISTS (SELECT 1 FROM all_mviews m WHERE m.owner = t.owner AND m.container_name = t.table_name)
   AND NOT EXISTS (SELECT 1 FROM all_nested_tables n WHERE n.owner = t.owner AND n.parent_table_name = t.table_name)
 ORDER BY t.owner, t.table_name
"""
"""
Tables of users that are not Oracle's own. Left out: temporary, external and nested ones, what belongs to indexes,
materialized views and their logs, and the tables by which connectors have the redo log flushed.
"""

COLUMNS = """
SELECT c.owner, c.table_name, c.column_name, c.data_type, c.data_type_owner, c.data_length, c.data_precision, c.data_scale, c.char_length,
       c.nullable, c.virtual_column
  FROM all_tab_cols c JOIN all_users u ON u.username = c.owner
 WHERE u.oracle_maintained = 'N' AND c.hidden_column = 'NO'
 ORDER BY c.owner, c.table_name, c.column_id
"""

KEYS = """
SELECT c.owner, c.table_name, c.constraint_name, c.constraint_type, c.deferrable, k.column_name, n.nullable
  FROM all_constraints c
  JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name AND k.table_name = c.table_name
  JOIN all_tab_cols n ON n.owner = c.owner AND n.table_name = c.table_name AND n.column_name = k.column_name
  JOIN all_users u ON u.username = c.owner
 WHERE u.oracle_maintained = 'N' AND c.constraint_type IN ('P', 'U') AND c.status = 'ENABLED' AND c.validated = 'VALIDATED'
 ORDER BY c.owner, c.table_name, c.constraint_type, c.constraint_name, k.position
"""
"""Primary keys first, then unique constraints."""

COMPARISON = "SELECT value FROM nls_session_parameters WHERE parameter = 'NLS_COMP'"
"""How texts compare whose columns do not say it themselves."""

COLLATIONS_KNOWN = """
SELECT 1 AS known FROM all_tab_cols WHERE owner = 'SYS' AND table_name = 'ALL_TAB_COLS' AND column_name = 'COLLATION'
"""
"""Columns have collations from Oracle 12.2 on."""

COLLATIONS = "SELECT owner, table_name, column_name, collation FROM all_tab_cols WHERE collation <> 'USING_NLS_COMP'"

Name = tuple[str, str]


async def read_tables(queries: Queries) -> list[Table]:
    """
    List the tables of all schemas that are not Oracle's own, in name order.

    Raises:
        ConfigError: There is none, or the user sees none.
    """
    rows = await queries.rows(TABLES)
    if not rows:
        raise ConfigError(
            "the database has no table that the user sees (views, temporary and external tables are not taken)",
            suggestion="Grant the user SELECT on the tables (GRANT SELECT ANY TABLE), and name the pluggable database as oraclePdbName.",
            code="NO_TABLES",
        )
    columns, keys = _columns(await queries.rows(COLUMNS), await _collations(queries)), _keys(await queries.rows(KEYS))
    return [_table(row, columns[name], keys.get(name)) for row in rows for name in [(row["owner"], row["table_name"])]]


def _table(row: Row, columns: Sequence[Column], key: "_Key | None") -> Table:
    deferrable = key is not None and key.deferrable
    return Table(
        schema=row["owner"],
        name=row["table_name"],
        columns=tuple(columns),
        key=key.columns if key else (),
        identity=_identity(columns, keyed=key is not None and not deferrable),
        estimated_rows=row["num_rows"],
        deferrable_key=deferrable,
    )


def _identity(columns: Sequence[Column], *, keyed: bool) -> Identity:
    """With supplemental logging of all columns a change tells the whole row as it was, but for large values."""
    if keyed:
        return Identity.KEY
    return Identity.NOTHING if any(is_large(column) for column in columns) else Identity.FULL


async def _collations(queries: Queries) -> "_Collations":
    own = await queries.rows(COLLATIONS) if await queries.rows(COLLATIONS_KNOWN) else ()
    return _Collations(
        (await only_row(queries, COMPARISON))["value"],
        {(row["owner"], row["table_name"], row["column_name"]): row["collation"] for row in own},
    )


class _Collations(NamedTuple):
    """How texts compare: those of some columns in their own way, all others in one."""

    common: str
    own: Mapping[tuple[str, str, str], str]

    def of(self, row: Row) -> str | None:
        """The collation of a column of the dictionary's, None where it has no text."""
        if row["data_type"] not in TEXTS:
            return None
        return self.own.get((row["owner"], row["table_name"], row["column_name"]), self.common)


def _columns(rows: Sequence[Row], collations: _Collations) -> dict[Name, list[Column]]:
    columns: dict[Name, list[Column]] = defaultdict(list)
    for row in rows:
        columns[row["owner"], row["table_name"]].append(
            Column(
                name=row["column_name"],
                type=type_name(row),
                nullable=row["nullable"] == "Y",
                published=row["virtual_column"] == "NO",
                unreadable=_unreadable(row),
                collation=collations.of(row),
            )
        )
    return columns


def _unreadable(row: Row) -> str | None:
    """The types of XML and of users have an owner; the values of the latter have no form that Debezium knows."""
    if row["data_type_owner"] is None or row["data_type"] == "XMLTYPE":
        return None
    return f"since {row['data_type_owner']}.{row['data_type']} is an object type"


class _Key:
    """The columns of a constraint, and whether two rows may hold one key until their transaction ends."""

    def __init__(self, parts: Sequence[Row]) -> None:
        self.columns = tuple(part["column_name"] for part in parts)
        self.deferrable = parts[0]["deferrable"] == "DEFERRABLE"


def _keys(rows: Sequence[Row]) -> dict[Name, _Key]:
    """The key of each table: the first constraint of which no column is nullable."""
    constraints: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        constraints[row["owner"], row["table_name"], row["constraint_name"]].append(row)
    keys: dict[Name, _Key] = {}
    for (owner, table, _), parts in constraints.items():
        if (owner, table) not in keys and all(part["nullable"] == "N" for part in parts):
            keys[owner, table] = _Key(parts)
    return keys
