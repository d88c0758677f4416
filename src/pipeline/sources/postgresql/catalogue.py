"""The tables of the database, as its catalogue has them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from pipeline.errors import ConfigError
from pipeline.sources.postgresql.collations import COLLATIONS
from pipeline.sources.postgresql.types import DOMAINS, ambiguous_names, unreadable
from pipeline.sources.schemas import check_schemas
from pipeline.sources.source import Column, Identity, Table

SCHEMAS = """
SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY nspname
"""

TABLES = """
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind = 'p' AS partitioned,
       c.relreplident::text AS replica_identity, nullif(c.reltuples, -1)::bigint AS rows,
       c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AS inherited
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY (%(schemas)s)
   AND (c.relpersistence = 'p' OR (c.relpersistence = 'u' AND NOT %(logged)s))
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY n.nspname, c.relname
"""

COLUMNS = (
    "WITH RECURSIVE"
    + DOMAINS
    + ","
    + COLLATIONS
    + """
SELECT a.attrelid AS oid, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable,
       a.attgenerated = '' OR (a.attgenerated = 's' AND current_setting('server_version_num')::int >= 180000) AS published,
       format_type(r.base, r.modifier) AS domain_base, greatest(a.attndims, r.dimensions) AS dimensions,
       n.nspname AS type_schema, t.typname AS type_name, en.nspname AS element_schema, e.typname AS element_name,
       e.typtype = 'd' AS of_domains, eb.typname AS element_base,
       CASE WHEN coalesce(bt.typtype, t.typtype) = 'e' THEN 'enum' ELSE collations.name END AS collation
  FROM pg_attribute a
  JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN roots r ON r.domain = a.atttypid
  LEFT JOIN (pg_type e JOIN pg_namespace en ON en.oid = e.typnamespace) ON e.typarray = coalesce(r.base, a.atttypid)
  LEFT JOIN roots er ON er.domain = e.oid LEFT JOIN pg_type eb ON eb.oid = er.base
  LEFT JOIN pg_type bt ON bt.oid = r.base
  LEFT JOIN collations ON collations.oid = a.attcollation
 WHERE a.attrelid = ANY (%(tables)s) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum
"""
)

KEYS = """
SELECT i.indrelid AS oid, i.indisprimary AS is_primary, i.indisreplident AS is_identity, i.indimmediate AS is_immediate,
       array_agg(a.attname::text ORDER BY k.place) AS columns
  FROM pg_index i
 CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
 WHERE i.indrelid = ANY (%(tables)s) AND (i.indisprimary OR i.indisreplident) AND k.place <= i.indnkeyatts
 GROUP BY i.indexrelid, i.indrelid, i.indisprimary, i.indisreplident, i.indimmediate
"""

LEAVES = """
SELECT root.oid AS root, c.oid, c.relreplident::text AS replica_identity, nullif(c.reltuples, -1)::bigint AS rows
  FROM unnest(%(roots)s::oid[]) AS root(oid) CROSS JOIN pg_partition_tree(root.oid) AS p
  JOIN pg_class c ON c.oid = p.relid
 WHERE p.isleaf AND c.relkind = 'r'
"""


@dataclass(frozen=True, slots=True)
class _Keys:
    """The key columns of one relation: of its primary key, and of the index that is its replica identity."""

    primary: tuple[str, ...] = ()
    deferrable: bool = False
    identity: tuple[str, ...] = ()


async def read_tables(connection: AsyncConnection[DictRow], schemas: Sequence[str], *, logged: bool) -> list[Table]:
    """
    List the ordinary tables and partitioned roots of these schemas (none: all but system schemas), in name order.

    Left out: partitions (their root stands for them), views, temporary and foreign tables,
    tables of extensions and, if `logged`, unlogged tables, whose changes no log holds.

    Raises:
        ConfigError: A schema does not exist, or there is no table.
    """
    existing = [row["nspname"] for row in await _rows(connection, SCHEMAS)]
    check_schemas(schemas, existing)
    found = await _rows(connection, TABLES, schemas=list(schemas or existing), logged=logged)
    if not found:
        where = f"the schema {', '.join(schemas)}" if schemas else "the database"
        raise ConfigError(
            f"{where} has no table that can be taken (views, foreign and temporary tables are not)",
            suggestion="Check the database and currentSchema in the JDBC URL.",
            code="NO_TABLES",
        )
    leaves = await _leaves(connection, [row["oid"] for row in found if row["partitioned"]])
    oids = [row["oid"] for row in found]
    keys = await _keys(connection, [*oids, *(leaf["oid"] for rows in leaves.values() for leaf in rows)])
    columns = await _columns(connection, oids)
    return [_table(row, columns[row["oid"]], leaves[row["oid"]], keys) for row in found]


async def read_table_names(connection: AsyncConnection[DictRow], schemas: Sequence[str], *, logged: bool) -> list[tuple[str, str]]:
    """Name (schema, table) what `read_tables` would list, without looking any closer; schemas that do not exist have none."""
    existing = [row["nspname"] for row in await _rows(connection, SCHEMAS)]
    found = await _rows(connection, TABLES, schemas=list(schemas or existing), logged=logged)
    return [(row["schema"], row["name"]) for row in found]


def _table(row: DictRow, columns: list[Column], leaves: list[DictRow], keys: dict[int, _Keys]) -> Table:
    own = keys.get(row["oid"], _Keys())
    key, identity = _identity("d" if row["partitioned"] else row["replica_identity"], own)
    if leaves and identity is Identity.KEY:
        key, identity = _weakest(own, [_identity(leaf["replica_identity"], keys.get(leaf["oid"], _Keys())) for leaf in leaves])
    known = [count for count in (row["rows"], *(leaf["rows"] for leaf in leaves)) if count is not None]
    rows = known[0] if row["rows"] is not None else sum(known) if known else None
    deferrable = own.deferrable and identity is not Identity.KEY
    return Table(row["schema"], row["name"], tuple(columns), key, identity, rows, deferrable, row["inherited"])


def _identity(replica_identity: str, keys: _Keys) -> tuple[tuple[str, ...], Identity]:
    """
    The key of a relation and what its changes tell of the row before.

    Where the identity is an index, changes carry only its columns, so it is the key even
    beside a primary key. PostgreSQL takes no deferrable primary key as identity: it refuses
    UPDATE and DELETE of such a table once they are published (relcache.c, rd_replidindex).
    """
    if replica_identity == "f":
        return keys.primary, Identity.FULL
    if replica_identity == "i" and keys.identity:
        return keys.identity, Identity.KEY
    if replica_identity == "d" and keys.primary and not keys.deferrable:
        return keys.primary, Identity.KEY
    return keys.primary, Identity.NOTHING


def _weakest(root: _Keys, leaves: list[tuple[tuple[str, ...], Identity]]) -> tuple[tuple[str, ...], Identity]:
    """
    The identity of a partitioned table that has a usable primary key: its partitions' own count, for their rows are what is logged.

    Without such a key, the next partition that is made would have no identity, and PostgreSQL
    would refuse its updates and deletes. Partitions that differ in their key columns, but are not all FULL, have no identity in common.
    """
    identities = {identity for _, identity in leaves}
    if Identity.NOTHING in identities:
        return root.primary, Identity.NOTHING
    if identities == {Identity.FULL}:
        return root.primary, Identity.FULL
    common = {key for key, identity in leaves if identity is Identity.KEY}
    return (common.pop(), Identity.KEY) if len(common) == 1 else (root.primary, Identity.NOTHING)


async def _keys(connection: AsyncConnection[DictRow], oids: list[int]) -> dict[int, _Keys]:
    keys: dict[int, _Keys] = {}
    for row in await _rows(connection, KEYS, tables=oids):
        before, columns = keys.get(row["oid"], _Keys()), tuple(row["columns"])
        keys[row["oid"]] = _Keys(
            primary=columns if row["is_primary"] else before.primary,
            deferrable=not row["is_immediate"] if row["is_primary"] else before.deferrable,
            identity=columns if row["is_identity"] else before.identity,
        )
    return keys


async def _columns(connection: AsyncConnection[DictRow], oids: list[int]) -> dict[int, list[Column]]:
    columns: dict[int, list[Column]] = defaultdict(list)
    ambiguous = await ambiguous_names(connection)
    for row in await _rows(connection, COLUMNS, tables=oids):
        columns[row["oid"]].append(
            Column(
                name=row["name"],
                type=row["type"],
                nullable=row["nullable"],
                published=row["published"],
                domain_base=row["domain_base"],
                dimensions=row["dimensions"],
                unreadable=unreadable(row, ambiguous),
                collation=row["collation"],
            )
        )
    return columns


async def _leaves(connection: AsyncConnection[DictRow], roots: list[int]) -> dict[int, list[DictRow]]:
    leaves: dict[int, list[DictRow]] = defaultdict(list)
    for row in await _rows(connection, LEAVES, roots=roots) if roots else []:
        leaves[row["root"]].append(row)
    return leaves


async def _rows(connection: AsyncConnection[DictRow], query: str, **parameters: Any) -> list[DictRow]:
    cursor = await connection.execute(query.encode(), parameters)
    return await cursor.fetchall()
