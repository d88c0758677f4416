"""Db2's types: how they are written, and what becomes of them in Debezium."""

import re
from collections.abc import Iterator

from pipeline.sources.findings import column_error, distorted
from pipeline.sources.queries import Row
from pipeline.sources.source import Column, Finding, Mode, Table

LARGE = re.compile(r"(BLOB|CLOB|DBCLOB)(\(\d+\))?")
"""Types that Debezium 3.6.1 does not read: it makes nothing of a BLOB, and of a CLOB the name of the driver's object (tried with both)."""

NOT_CAPTURED = re.compile(LARGE.pattern + r"|XML|BOOLEAN|LONG VARCHAR|LONG VARGRAPHIC")
"""Types of which SQL Replication keeps no values in change tables; a snapshot has those that are not large."""

FINEST = re.compile(r"TIMESTAMP\((7|8|9|10|11|12)\)")
"""Holds more digits than the microseconds that the connector is set to."""

MISREAD = "would be misread, since the connector does not read what Db2's driver gives for large values"
MISSING_CHANGES = "would not follow changes, since SQL Replication does not capture the type"
CUT_KEY = "cannot be part of a key: its last digits are cut, so that two keys may become one"
OTHER_TYPE = "Change the column's type, or take the table with a SNAPSHOT job."


def type_name(row: Row) -> str:
    """Write the type as a column's declaration has it; `row` is one of the catalogue's."""
    base, length, scale = row["base_type"], row["length"], row["scale"]
    if base in ("DECIMAL", "NUMERIC"):
        return f"{base}({length},{scale})"
    if base == "TIMESTAMP":
        return f"TIMESTAMP({scale})"
    if base in ("CHARACTER", "VARCHAR", "GRAPHIC", "VARGRAPHIC", "BINARY", "VARBINARY", "BLOB", "CLOB", "DBCLOB"):
        bits = " FOR BIT DATA" if row["codepage"] == 0 and base in ("CHARACTER", "VARCHAR") else ""
        return f"{base}({length}){bits}"
    return str(base)


def holds_large_values(column: Column) -> bool:
    """Whether changes have no values of the column."""
    return NOT_CAPTURED.fullmatch(column.base) is not None


def check_types(table: Table, mode: Mode) -> Iterator[Finding]:
    """What the types of the table's columns mean for a job."""
    for column in table.columns:
        if column.unreadable:
            yield column_error("COLUMN_TYPE", table, column, f"would be misread, {column.unreadable}", OTHER_TYPE)
        elif LARGE.fullmatch(column.base):
            yield column_error("COLUMN_TYPE", table, column, MISREAD, "Change the column's type, or leave the table out.")
        elif mode.streams and holds_large_values(column):
            yield column_error("COLUMN_TYPE", table, column, MISSING_CHANGES, OTHER_TYPE)
        elif column.name in table.key and FINEST.fullmatch(column.base):
            yield column_error("KEY_TYPE", table, column, CUT_KEY)
        elif column.base == "DECFLOAT":
            yield distorted(table, column, "make the source connector fail where they are NaN or an infinity")
