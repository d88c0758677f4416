"""DuckDB's catalogue, read from its own functions: what it offers of PostgreSQL's is not enough for SQLAlchemy's inspector."""

import re
from typing import Any

from sqlalchemy import Connection, text, types
from sqlalchemy.types import TypeEngine

from pipeline.sources.dialects.tables import FoundColumn, FoundTable, assemble

COLUMNS = """
SELECT c.schema_name, c.table_name, c.column_name, c.data_type, c.is_nullable
FROM duckdb_columns() AS c JOIN duckdb_tables() AS t ON t.table_oid = c.table_oid AND t.database_oid = c.database_oid
WHERE c.database_name = current_database() AND NOT t.internal AND NOT t.temporary
ORDER BY c.schema_name, c.table_name, c.column_index
"""
KEYS = """
SELECT schema_name, table_name, constraint_type = 'PRIMARY KEY', constraint_column_names
FROM duckdb_constraints()
WHERE database_name = current_database() AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')
"""

TYPES: dict[str, TypeEngine[Any]] = {
    "BOOLEAN": types.Boolean(),
    "TINYINT": types.SmallInteger(),
    "UTINYINT": types.SmallInteger(),
    "SMALLINT": types.SmallInteger(),
    "USMALLINT": types.Integer(),
    "INTEGER": types.Integer(),
    "UINTEGER": types.BigInteger(),
    "BIGINT": types.BigInteger(),
    "UBIGINT": types.Numeric(20, 0),
    "HUGEINT": types.Numeric(39, 0),
    "UHUGEINT": types.Numeric(39, 0),
    "FLOAT": types.REAL(),
    "DOUBLE": types.Double(),
    "VARCHAR": types.String(),
    "BLOB": types.LargeBinary(),
    "DATE": types.Date(),
    "TIME": types.Time(),
    "TIME WITH TIME ZONE": types.Time(timezone=True),
    "TIMESTAMP": types.DateTime(),
    "TIMESTAMP_S": types.DateTime(),
    "TIMESTAMP_MS": types.DateTime(),
    "TIMESTAMP WITH TIME ZONE": types.DateTime(timezone=True),
    "UUID": types.Uuid(),
    "JSON": types.JSON(),
}
"""By DuckDB's names; all others (intervals, nanoseconds, structs, maps, unions, bit strings) are read as the texts it makes of them."""

_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def read_catalogue(connection: Connection) -> list[FoundTable]:
    """The tables of the connection's database file."""
    columns = (
        (schema, table, FoundColumn(name, column_type(type_name), type_name, bool(nullable)))
        for schema, table, name, type_name, nullable in connection.execute(text(COLUMNS)).all()
    )
    return assemble(columns, (tuple(row) for row in connection.execute(text(KEYS)).all()))


def column_type(name: str) -> TypeEngine[Any]:
    """SQLAlchemy's type for the one that DuckDB calls so."""
    if name.endswith("[]") and not name.endswith("[][]"):
        return types.ARRAY(column_type(name[:-2]))
    if name.startswith("ENUM("):
        return types.Enum()
    if decimal := _DECIMAL.fullmatch(name):
        return types.Numeric(int(decimal[1]), int(decimal[2]))
    return TYPES.get(name, types.NullType())
