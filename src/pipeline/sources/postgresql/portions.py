"""How many rows the connector may fetch at a time without holding too much of them in memory."""

from collections.abc import Sequence

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from pipeline.sources.source import Table

LARGEST_FETCH = 5000
SMALLEST_FETCH = 4
PORTION_BYTES = 8 * 1024 * 1024

WIDEST_ROW = """
SELECT coalesce(max(pg_table_size(c.oid) / greatest(c.reltuples, pg_relation_size(c.oid) / 8192, 1)), 0)::bigint AS bytes
  FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
  LEFT JOIN LATERAL pg_partition_tree(t.oid) p ON true JOIN pg_class c ON c.oid = coalesce(p.relid, t.oid)
 WHERE (n.nspname, t.relname) IN (SELECT * FROM unnest(%(schemas)s::text[], %(names)s::text[])) AND c.relkind = 'r'
   AND pg_table_size(c.oid) > %(portion)s
"""
"""The mean row of the widest table, out-of-line values included; of a table never analysed, as if each page held one row."""


async def fetch_size(connection: AsyncConnection[DictRow], tables: Sequence[Table]) -> int:
    """
    The number of rows to fetch at a time, so that a portion of the widest table is about 8 MB.

    pgjdbc keeps a whole portion in memory, and one connector has one size for all its tables.
    """
    names = {"schemas": [table.schema for table in tables], "names": [table.name for table in tables], "portion": PORTION_BYTES}
    row = await (await connection.execute(WIDEST_ROW.encode(), names)).fetchone()
    width = row["bytes"] if row else 0
    return LARGEST_FETCH if not width else max(SMALLEST_FETCH, min(LARGEST_FETCH, PORTION_BYTES // width))
