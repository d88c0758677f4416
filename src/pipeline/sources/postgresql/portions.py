"""How many rows the connector may fetch at a time without holding too much of them in memory."""

from collections.abc import Mapping, Sequence

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from pipeline.sources.source import Table

LARGEST_FETCH = 5000
SMALLEST_FETCH = 4
PORTION_BYTES = 8 * 1024 * 1024

WIDE_ROWS = """
SELECT n.nspname AS schema, t.relname AS name,
       max(pg_table_size(c.oid) / greatest(c.reltuples, pg_relation_size(c.oid) / 8192, 1))::bigint AS bytes
  FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
  LEFT JOIN LATERAL pg_partition_tree(t.oid) p ON true JOIN pg_class c ON c.oid = coalesce(p.relid, t.oid)
 WHERE (n.nspname, t.relname) IN (SELECT * FROM unnest(%(schemas)s::text[], %(names)s::text[])) AND c.relkind = 'r'
   AND pg_table_size(c.oid) > %(portion)s
 GROUP BY 1, 2
"""
"""The mean row of each table that has more than a portion, out-of-line values included; of one never analysed, as if a page held a row."""


async def row_widths(connection: AsyncConnection[DictRow], tables: Sequence[Table]) -> dict[tuple[str, str], int]:
    """The mean bytes of a row of those tables (schema, name) that have more than a portion."""
    names = {"schemas": [table.schema for table in tables], "names": [table.name for table in tables], "portion": PORTION_BYTES}
    rows = await (await connection.execute(WIDE_ROWS.encode(), names)).fetchall()
    return {(row["schema"], row["name"]): row["bytes"] for row in rows}


def fetch_size(widths: Mapping[tuple[str, str], int], tables: Sequence[Table]) -> int:
    """
    The number of rows to fetch at a time, so that a portion of the widest table is about 8 MB.

    pgjdbc keeps a whole portion in memory, and one connector has one size for all its tables.
    """
    width = max((widths.get((table.schema, table.name), 0) for table in tables), default=0)
    return LARGEST_FETCH if not width else max(SMALLEST_FETCH, min(LARGEST_FETCH, PORTION_BYTES // width))
