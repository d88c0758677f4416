"""The catalogue of SQL Anywhere and Sybase IQ (SYS.SYSTAB and its like): the dialect's inspector is from before SQLAlchemy 2."""

from typing import Any

from sqlalchemy import Connection, text, types
from sqlalchemy.types import TypeEngine

from pipeline.sources.dialects.tables import FoundColumn, FoundTable, assemble

BASE_TABLE = 1
SYSTEM_OWNERS = "'SYS', 'dbo', 'rs_systabgroup', 'SA_DEBUG', 'DBA_SYS', 'ml_server'"

COLUMNS = f"""
SELECT u.user_name, t.table_name, c.column_name, d.domain_name, c.width, c.scale, c."nulls"
FROM SYS.SYSTAB t JOIN SYS.SYSUSER u ON u.user_id = t.creator
JOIN SYS.SYSTABCOL c ON c.table_id = t.table_id JOIN SYS.SYSDOMAIN d ON d.domain_id = c.domain_id
WHERE t.table_type = {BASE_TABLE} AND u.user_name NOT IN ({SYSTEM_OWNERS})
ORDER BY u.user_name, t.table_name, c.column_id
"""  # noqa: S608 - of constants alone
KEYS = f"""
SELECT u.user_name, t.table_name, i.index_id, i.index_category, c.column_name
FROM SYS.SYSIDX i JOIN SYS.SYSTAB t ON t.table_id = i.table_id JOIN SYS.SYSUSER u ON u.user_id = t.creator
JOIN SYS.SYSIDXCOL x ON x.table_id = i.table_id AND x.index_id = i.index_id
JOIN SYS.SYSTABCOL c ON c.table_id = x.table_id AND c.column_id = x.column_id
WHERE t.table_type = {BASE_TABLE} AND u.user_name NOT IN ({SYSTEM_OWNERS})
AND (i.index_category = 1 OR (i.index_category = 3 AND i."unique" IN (1, 2)))
ORDER BY u.user_name, t.table_name, i.index_id, x.sequence
"""  # noqa: S608 - of constants alone
PRIMARY = 1

TYPES: dict[str, TypeEngine[Any]] = {
    "bit": types.Boolean(),
    "tinyint": types.SmallInteger(),
    "smallint": types.SmallInteger(),
    "unsigned smallint": types.Integer(),
    "integer": types.Integer(),
    "unsigned int": types.BigInteger(),
    "bigint": types.BigInteger(),
    "unsigned bigint": types.Numeric(20, 0),
    "float": types.REAL(),
    "double": types.Double(),
    "char": types.String(),
    "varchar": types.String(),
    "long varchar": types.Text(),
    "nchar": types.String(),
    "nvarchar": types.String(),
    "long nvarchar": types.Text(),
    "xml": types.Text(),
    "binary": types.LargeBinary(),
    "varbinary": types.LargeBinary(),
    "long binary": types.LargeBinary(),
    "date": types.Date(),
    "time": types.Time(),
    "timestamp": types.DateTime(),
    "timestamp with time zone": types.DateTime(timezone=True),
    "uniqueidentifier": types.Uuid(),
}
"""By the names of SYS.SYSDOMAIN; all others are read as the texts that the database makes of them."""


def read_catalogue(connection: Connection) -> list[FoundTable]:
    """The base tables of every owner but the system's."""
    columns = (
        (owner, table, FoundColumn(name, column_type(domain, width, scale), domain, nulls == "Y"))
        for owner, table, name, domain, width, scale, nulls in connection.execute(text(COLUMNS)).all()
    )
    keys: dict[tuple[str, str, int, bool], list[str]] = {}
    for owner, table, index, category, name in connection.execute(text(KEYS)).all():
        keys.setdefault((owner, table, index, category == PRIMARY), []).append(name)
    return assemble(columns, ((owner, table, primary, names) for (owner, table, _, primary), names in keys.items()))


def column_type(domain: str, width: int, scale: int) -> TypeEngine[Any]:
    """SQLAlchemy's type for a column of this domain."""
    if domain in ("numeric", "decimal", "money", "smallmoney"):
        return types.Numeric(width, scale)
    return TYPES.get(domain, types.NullType())
