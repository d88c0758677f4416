"""
The catalogue of Sybase ASE (sysobjects and its like: SAP's Reference Manual, Tables).

The dialect's inspector leaves out the last column of an index and does not know signs, nor
types newer than ASE 15.5.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, text, types
from sqlalchemy.types import TypeEngine

from pipeline.sources.dialects.tables import FoundColumn, FoundTable, assemble

NULLABLE = 8
UNIQUE = 2
PRIMARY = 2048
FIRST_OF_USERS = 100
MOST_KEY_COLUMNS = 31

TYPE_NAMES = "SELECT usertype, type, name FROM systypes ORDER BY usertype"
COLUMNS = f"""
SELECT u.name, o.name, c.name, c.usertype, c.prec, c.scale, c.status & {NULLABLE}
FROM sysobjects o JOIN sysusers u ON u.uid = o.uid JOIN syscolumns c ON c.id = o.id
WHERE o.type = 'U'
ORDER BY u.name, o.name, c.colid
"""  # noqa: S608 - of constants alone
_KEY_COLUMNS = ", ".join(f"index_col(u.name + '.' + o.name, i.indid, {number + 1})" for number in range(MOST_KEY_COLUMNS))
KEYS = f"""
SELECT u.name, o.name, i.status & {PRIMARY}, {_KEY_COLUMNS}
FROM sysindexes i JOIN sysobjects o ON o.id = i.id JOIN sysusers u ON u.uid = o.uid
WHERE o.type = 'U' AND i.indid BETWEEN 1 AND 254 AND i.status & {UNIQUE} = {UNIQUE}
"""  # noqa: S608 - of constants alone

TYPES: dict[str, TypeEngine[Any]] = {
    "bit": types.Boolean(),
    "tinyint": types.SmallInteger(),
    "smallint": types.SmallInteger(),
    "usmallint": types.Integer(),
    "unsigned smallint": types.Integer(),
    "int": types.Integer(),
    "uint": types.BigInteger(),
    "unsigned int": types.BigInteger(),
    "bigint": types.BigInteger(),
    "ubigint": types.Numeric(20, 0),
    "unsigned bigint": types.Numeric(20, 0),
    "money": types.Numeric(19, 4),
    "smallmoney": types.Numeric(10, 4),
    "float": types.Double(),
    "real": types.REAL(),
    "date": types.Date(),
    "time": types.Time(),
    "bigtime": types.Time(),
    "datetime": types.DateTime(),
    "smalldatetime": types.DateTime(),
    "bigdatetime": types.DateTime(),
    "char": types.String(),
    "varchar": types.String(),
    "nchar": types.String(),
    "nvarchar": types.String(),
    "unichar": types.String(),
    "univarchar": types.String(),
    "sysname": types.String(),
    "longsysname": types.String(),
    "text": types.Text(),
    "unitext": types.Text(),
    "binary": types.LargeBinary(),
    "varbinary": types.LargeBinary(),
    "timestamp": types.LargeBinary(),
    "image": types.LargeBinary(),
}
"""By the names of systypes; `timestamp` is the version of a row, no time."""


def read_catalogue(connection: Connection) -> list[FoundTable]:
    """The tables of every owner in the connection's database."""
    names = type_names(connection.execute(text(TYPE_NAMES)).all())
    columns = (
        (owner, table, FoundColumn(column, column_type(names.get(usertype, ""), prec, scale), names.get(usertype, "?"), bool(nullable)))
        for owner, table, column, usertype, prec, scale, nullable in connection.execute(text(COLUMNS)).all()
    )
    keys = (
        (owner, table, bool(primary), [name for name in names if name is not None])
        for owner, table, primary, *names in connection.execute(text(KEYS)).all()
    )
    return assemble(columns, keys)


def type_names(rows: Iterable[Row[Any] | tuple[int, int, str]]) -> dict[int, str]:
    """The system's type behind each number of a type: a user's own stands for the first one that is stored alike."""
    system: dict[int, str] = {}
    names: dict[int, str] = {}
    for usertype, storage, name in rows:
        if usertype < FIRST_OF_USERS:
            system.setdefault(storage, name)
            names[usertype] = name
        else:
            names[usertype] = system.get(storage, name)
    return names


def column_type(name: str, precision: int | None, scale: int | None) -> TypeEngine[Any]:
    """SQLAlchemy's type for a column whose type the system calls so."""
    if name in ("numeric", "decimal"):
        return types.Numeric(precision, scale)
    return TYPES.get(name, types.NullType())
