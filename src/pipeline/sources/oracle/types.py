"""Oracle's types: how they are written, and what becomes of them in Debezium."""

import re
from collections.abc import Iterator

from pipeline.sources.findings import column_error
from pipeline.sources.queries import Row
from pipeline.sources.source import Column, Finding, Mode, Table

TEXTS = frozenset({"VARCHAR2", "NVARCHAR2", "CHAR", "NCHAR"})

LARGE = frozenset({"CLOB", "NCLOB", "BLOB", "XMLTYPE"})
"""Types that LogMiner tells by operations of their own, for which lob.enabled has to be set."""

NOT_CARRIED = re.compile(r"LONG( RAW)?|BFILE|UROWID|JSON|VECTOR.*|BOOLEAN|ANYDATA|SDO_.*|ST_GEOMETRY")
"""Types that Debezium's Oracle connector does not convert, or LogMiner does not tell; so are types of users."""

FINEST = re.compile(r"TIMESTAMP\([7-9]\)")
"""Holds more digits than the microseconds that the connector is set to, whose range has no end in the year 2262."""

LONGEST_NAME = 30
"""LogMiner leaves out tables and columns with longer names."""

MISSING = "would be missing in documents, since LogMiner or Debezium does not carry the type"
CUT_KEY = "cannot be part of a key: its last digits are cut, so that two keys may become one"
LARGE_KEY = "cannot be part of a key, since changes do not always carry large values"
OTHER_TYPE = "Change the column's type, or move it to a table of another schema that the user does not see."


def type_name(row: Row) -> str:
    """Write the type as a column's declaration has it; `row` is one of the dictionary's."""
    base, precision, scale = row["data_type"], row["data_precision"], row["data_scale"]
    if base == "NUMBER" and precision is not None:
        return f"NUMBER({precision},{scale or 0})"
    if base in TEXTS:
        return f"{base}({row['char_length']})"
    if base == "RAW":
        return f"RAW({row['data_length']})"
    return str(base)


def is_large(column: Column) -> bool:
    """Whether a change may leave the column's value out."""
    return column.base in LARGE


def check_types(table: Table, mode: Mode) -> Iterator[Finding]:
    """What names and types of the table's columns mean for a job."""
    for column in table.columns:
        if column.unreadable:
            yield column_error("COLUMN_TYPE", table, column, f"would be misread, {column.unreadable}", OTHER_TYPE)
        elif NOT_CARRIED.fullmatch(column.base):
            yield column_error("COLUMN_TYPE", table, column, MISSING, OTHER_TYPE)
        elif column.name in table.key and FINEST.fullmatch(column.base):
            yield column_error("KEY_TYPE", table, column, CUT_KEY)
        elif column.name in table.key and is_large(column):
            yield column_error("KEY_TYPE", table, column, LARGE_KEY)
        elif mode.streams and len(column.name.encode()) > LONGEST_NAME:
            advice = "Give the column a shorter name."
            yield column_error("LONG_NAME", table, column, f"would be missing: LogMiner takes names of {LONGEST_NAME} bytes", advice)
