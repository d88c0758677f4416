"""SQLite's catalogue: types by their declared names, since any value may stand in any column."""

from typing import Any

from sqlalchemy import Connection, text, types
from sqlalchemy.types import TypeEngine

from pipeline.sources.dialects.tables import FoundColumn, FoundTable, assemble

SCHEMA = "main"

TABLES = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite#_%' ESCAPE '#'"
COLUMNS = f"""
SELECT t.name, c.name, c.type, c."notnull", c.pk
FROM ({TABLES}) AS t JOIN pragma_table_xinfo(t.name) AS c
WHERE c.hidden <> 1
ORDER BY t.name, c.cid
"""  # noqa: S608 - of constants alone
UNIQUE_INDEXES = f"""
SELECT t.name, i.name, c.name
FROM ({TABLES}) AS t JOIN pragma_index_list(t.name) AS i JOIN pragma_index_info(i.name) AS c
WHERE i."unique" AND NOT i.partial
ORDER BY t.name, i.name, c.seqno
"""  # noqa: S608 - of constants alone

EXACTLY: dict[str, TypeEngine[Any]] = {
    "BOOL": types.Boolean(),
    "BOOLEAN": types.Boolean(),
    "DATE": types.Date(),
    "DATETIME": types.DateTime(),
    "DECIMAL": types.Numeric(),
    "JSON": types.JSON(),
    "NUMERIC": types.Numeric(),
    "TIME": types.Time(),
    "TIMESTAMP": types.DateTime(),
    "UUID": types.Uuid(),
}
"""By the name; where SQLite's own rules would only say that any value is possible."""

BY_PART: tuple[tuple[str, TypeEngine[Any]], ...] = (
    ("INT", types.BigInteger()),
    ("CHAR", types.Text()),
    ("CLOB", types.Text()),
    ("TEXT", types.Text()),
    ("BLOB", types.LargeBinary()),
    ("REAL", types.Double()),
    ("FLOA", types.Double()),
    ("DOUB", types.Double()),
)
"""By a part of the name, in the order of SQLite's rules (Datatypes In SQLite, 3.1); of all others it makes texts."""


def read_catalogue(connection: Connection) -> list[FoundTable]:
    """The tables of the file; neither virtual tables nor those that they keep their data in."""
    found = connection.execute(text(COLUMNS)).all()
    columns = [
        (SCHEMA, table, FoundColumn(name, column_type(declared), declared, not filled)) for table, name, declared, filled, _ in found
    ]
    primary: dict[str, list[tuple[int, str]]] = {}
    for table, name, _, _, place in found:
        if place:
            primary.setdefault(table, []).append((place, name))
    unique: dict[tuple[str, str], list[str | None]] = {}
    for table, index, name in connection.execute(text(UNIQUE_INDEXES)).all():
        unique.setdefault((table, index), []).append(name)
    keys = [(SCHEMA, table, True, [name for _, name in sorted(places)]) for table, places in primary.items()]
    of_columns = [(table, [name for name in names if name is not None], len(names)) for (table, _), names in unique.items()]
    return assemble(columns, [*keys, *((SCHEMA, table, False, names) for table, names, count in of_columns if len(names) == count)])


def column_type(declared: str) -> TypeEngine[Any]:
    """SQLAlchemy's type for a declared one, perhaps with a length: `VARCHAR(20)`."""
    name = declared.partition("(")[0].strip().upper()
    if name in EXACTLY:
        return EXACTLY[name]
    return next((found for part, found in BY_PART if part in name), types.NullType())
