"""CockroachDB's catalogue: SQLAlchemy's dialect for it knows whole numbers of one size only, and hides what identifies rows."""

import re
from typing import Any

from sqlalchemy import Connection, text, types
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from pipeline.sources.dialects.tables import FoundColumn, FoundTable, assemble

COLUMNS = """
SELECT c.table_schema, c.table_name, c.column_name, c.crdb_sql_type, c.is_nullable = 'YES' AS is_nullable, c.is_hidden = 'YES' AS is_hidden
  FROM information_schema.columns AS c
  JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
 WHERE t.table_type = 'BASE TABLE' AND c.table_catalog = current_database() AND t.table_catalog = current_database()
   AND c.table_schema NOT IN ('information_schema', 'pg_catalog', 'crdb_internal', 'pg_extension')
   AND (CAST(:schema AS TEXT) IS NULL OR (c.table_schema = :schema AND c.table_name = :name))
 ORDER BY c.table_schema, c.table_name, c.ordinal_position
"""
"""Hidden are the key of a table that was made without one, the shard of a hash-sharded one, and the region of a row."""

KEYS = """
SELECT k.table_schema, k.table_name, k.column_name
  FROM information_schema.table_constraints AS c
  JOIN information_schema.key_column_usage AS k
    ON k.constraint_name = c.constraint_name AND k.table_schema = c.table_schema AND k.table_name = c.table_name
 WHERE c.constraint_type = 'PRIMARY KEY' AND c.table_catalog = current_database() AND k.table_catalog = current_database()
   AND (CAST(:schema AS TEXT) IS NULL OR (c.table_schema = :schema AND c.table_name = :name))
 ORDER BY k.table_schema, k.table_name, k.ordinal_position
"""

TYPES: dict[str, TypeEngine[Any]] = {
    "BOOL": types.Boolean(),
    "INT2": types.SmallInteger(),
    "INT4": types.Integer(),
    "INT8": types.BigInteger(),
    "OID": types.BigInteger(),
    "FLOAT4": types.REAL(),
    "FLOAT8": types.Double(),
    "DECIMAL": types.Numeric(),
    "STRING": types.String(),
    "VARCHAR": types.String(),
    "CHAR": types.String(),
    "NAME": types.String(),
    "BYTES": types.LargeBinary(),
    "UUID": types.Uuid(),
    "DATE": types.Date(),
    "TIME": types.Time(),
    "TIMETZ": types.Time(timezone=True),
    "TIMESTAMP": types.DateTime(),
    "TIMESTAMPTZ": types.DateTime(timezone=True),
    "INTERVAL": postgresql.INTERVAL(),
    "JSONB": types.JSON(),
}
"""By CockroachDB's own names; all others (enums, bit strings, addresses, shapes, vectors) are read as the texts it makes of them."""

_NAME = re.compile(r"([A-Z][A-Z0-9]*)(\(\d+(,\d+)?\))?( COLLATE .*)?")


def read_catalogue(connection: Connection) -> list[FoundTable]:
    """The tables of the connection's database, as they are at the moment that it reads."""
    return _read(connection, None, None)


def read_table(connection: Connection, schema: str, name: str) -> FoundTable | None:
    """One table; None where there is none of this name."""
    return next(iter(_read(connection, schema, name)), None)


def row_key(connection: Connection, schema: str, name: str) -> tuple[str, ...]:
    """The columns by which a changefeed tells rows of the table, in its order: those of the primary key, hidden ones included."""
    return tuple(row.column_name for row in connection.execute(text(KEYS), {"schema": schema, "name": name}))


def column_type(name: str) -> TypeEngine[Any]:
    """SQLAlchemy's type for the one that CockroachDB calls so."""
    if name.endswith("[]") and not name.endswith("[][]"):
        return types.ARRAY(column_type(name[:-2]))
    found = _NAME.fullmatch(name)
    return TYPES.get(found[1], types.NullType()) if found else types.NullType()


def _read(connection: Connection, schema: str | None, name: str | None) -> list[FoundTable]:
    place = {"schema": schema, "name": name}
    rows = connection.execute(text(COLUMNS), place).all()
    hidden = {(row.table_schema, row.table_name, row.column_name) for row in rows if row.is_hidden}
    columns = (
        (row.table_schema, row.table_name, FoundColumn(row.column_name, column_type(row.crdb_sql_type), row.crdb_sql_type, row.is_nullable))
        for row in rows
        if not row.is_hidden
    )
    keys: dict[tuple[str, str], list[str]] = {}
    for row in connection.execute(text(KEYS), place):
        if (row.table_schema, row.table_name, row.column_name) not in hidden:
            keys.setdefault((row.table_schema, row.table_name), []).append(row.column_name)
    return assemble(columns, ((*table, True, key) for table, key in keys.items()))
