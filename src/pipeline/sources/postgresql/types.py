"""
The types of the user's own, and what the connector makes of them.

The events' schema says of most types how their values are to be read (`SELF_TELLING`). Of all
others it gives the name, without its schema, and what the name stands for is told by the
catalogue: a domain over numeric arrives as text, as one over text does.
"""

import re
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow

SELF_TELLING = (
    "bool",
    "int2",
    "int4",
    "int8",
    "smallserial",
    "serial",
    "bigserial",
    "oid",
    "float4",
    "float8",
    "text",
    "varchar",
    "bpchar",
    "char",
    "date",
    "time",
    "timetz",
    "timestamp",
    "timestamptz",
    "uuid",
    "json",
    "jsonb",
    "xml",
    "bytea",
    "bit",
    "varbit",
    "point",
    "vector",
    "halfvec",
    "sparsevec",
    "geometry",
    "geography",
    "hstore",
    "ltree",
)
"""Types whose values the events' schema describes well enough; arrays of them (`_int4`) too."""

TEXTS = frozenset({"text", "varchar", "bpchar", "char", "name", "citext"})
"""Types of which an array's values are read right where Debezium sends the texts of its elements, as it does for arrays of domains."""

DOMAINS = """
domains AS (
  SELECT oid AS domain, typbasetype AS base, typtypmod AS modifier, typndims AS dimensions FROM pg_type WHERE typtype = 'd'
   UNION ALL
  SELECT d.domain, t.typbasetype, CASE WHEN d.modifier = -1 THEN t.typtypmod ELSE d.modifier END, greatest(d.dimensions, t.typndims)
    FROM domains d JOIN pg_type t ON t.oid = d.base WHERE t.typtype = 'd'
), roots AS (
  SELECT d.* FROM domains d JOIN pg_type b ON b.oid = d.base WHERE b.typtype <> 'd'
)
"""
"""What every domain stands for in the end, domains over domains included (for WITH RECURSIVE)."""

NAMED = (
    "WITH RECURSIVE"
    + DOMAINS
    + """
SELECT t.typname AS name, n.nspname = 'pg_catalog' AS built_in, t.typtype::text AS kind, coalesce(r.base, t.oid) AS base_oid,
       coalesce(r.modifier, -1) AS modifier, b.typname AS base, e.typtype = 'd' AS of_domains, eb.typname AS element_base
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN roots r ON r.domain = t.oid
  JOIN pg_type b ON b.oid = coalesce(r.base, t.oid)
  LEFT JOIN pg_type e ON e.typarray = b.oid
  LEFT JOIN roots er ON er.domain = e.oid
  LEFT JOIN pg_type eb ON eb.oid = er.base
  LEFT JOIN pg_class c ON c.oid IN (t.typrelid, e.typrelid) AND c.relkind <> 'c'
 WHERE n.nspname <> 'pg_toast' AND t.typtype <> 'p' AND c.oid IS NULL
"""
)
"""Types that a column can have, without the rows of tables."""

_ODD_NAME = re.compile(r'[."()\[\],]')


async def read_types(connection: AsyncConnection[DictRow]) -> dict[str, str]:
    """
    Return, for each type that the events name, the type that says how its values are read; both in capitals, as the events have them.

    Ambiguous names are left out, and arrays of domains other than over texts: columns of such types are `unreadable`.
    """
    rows = await _rows(connection, NAMED)
    ambiguous = _ambiguous(rows)
    named = [row for row in rows if row["name"].upper() not in ambiguous and row["name"].lstrip("_") not in SELF_TELLING]
    return {row["name"].upper(): _read_as(row) for row in named if not _hides_values(row)}


async def ambiguous_names(connection: AsyncConnection[DictRow]) -> frozenset[str]:
    """
    Return the names, in capitals, that stand for several types which Debezium would take for each other.

    It looks types up by name, first in the table's schema, and so reads the values of a column
    as those of another type; that matters where one of the two is a domain, or a type that
    PostgreSQL itself has.
    """
    return _ambiguous(await _rows(connection, NAMED))


def unreadable(row: DictRow, ambiguous: frozenset[str]) -> str | None:
    """Why Debezium does not read a column's values for what they are; `row` names its type and its element's type, with their schemas."""
    for schema, name in ((row["type_schema"], row["type_name"]), (row["element_schema"], row["element_name"])):
        if name is None:
            continue
        if name.upper() in ambiguous:
            return f"since there are several types of the name {name}, which Debezium does not tell apart"
        if schema != "pg_catalog" and _ODD_NAME.search(schema + name):
            return f"since Debezium does not find types of such a name as {schema}.{name}"
    if _hides_values(row):
        return "since Debezium sends the elements of an array of a domain as texts"
    return None


def _ambiguous(rows: list[DictRow]) -> frozenset[str]:
    natures: dict[str, set[Any]] = {}
    risky: set[str] = set()
    for row in rows:
        natures.setdefault(row["name"].upper(), set()).add((row["base_oid"], row["modifier"]))
        if row["kind"] == "d" or row["built_in"]:
            risky.add(row["name"].upper())
    return frozenset(name for name in risky if len(natures[name]) > 1)


def _read_as(row: DictRow) -> str:
    name: str = "_text" if row["of_domains"] else row["base"]
    return name.upper()


def _hides_values(row: DictRow) -> bool:
    """Whether it is an array of a domain whose values are no texts, though they arrive as such."""
    return bool(row["of_domains"]) and row["element_base"] not in TEXTS


async def _rows(connection: AsyncConnection[DictRow], query: str) -> list[DictRow]:
    cursor = await connection.execute(query.encode())
    return await cursor.fetchall()
