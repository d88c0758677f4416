"""SQL Server's types: how they are written, and what becomes of them in Debezium."""

from collections.abc import Iterator

from pipeline.sources.findings import column_error, distorted
from pipeline.sources.queries import Row
from pipeline.sources.source import Finding, Table

LARGE = frozenset({"text", "ntext", "image", "xml", "varchar(max)", "nvarchar(max)", "varbinary(max)"})
"""Types whose values a change table leaves out of the row as it was, unless they are what was changed."""

NOT_CARRIED = frozenset({"sql_variant", "geometry", "geography", "hierarchyid", "json", "vector"})
"""Types for which Debezium's SQL Server connector has no converter, so that no field would arrive."""

FINEST = ("time(7)", "datetime2(7)")
"""Types that hold tenths of microseconds; the connector is set to microseconds, whose range has no end in the year 2262."""

MISSING = "would be missing in every document, since Debezium does not carry the type"
CUT_KEY = "cannot be part of a key: its last digit is cut, so that two keys may become one"
OTHER_COLUMNS = (
    "Leave the column out of what is captured (@captured_column_list of sys.sp_cdc_enable_table), or change its type; "
    "a computed column does not help, since change data capture has no values of it."
)


def type_name(row: Row) -> str:
    """Write the type as a column's declaration has it; `row` is one of the catalogue's."""
    base, length = row["base_type"], row["max_length"]
    if base in ("decimal", "numeric"):
        return f"{base}({row['precision']},{row['scale']})"
    if base in ("time", "datetime2", "datetimeoffset"):
        return f"{base}({row['scale']})"
    if base in ("char", "varchar", "binary", "varbinary", "nchar", "nvarchar"):
        width = length // 2 if base.startswith("n") else length
        return f"{base}({'max' if length == -1 else width})"
    return str(base)


def check_types(table: Table, captured: frozenset[str] | None) -> Iterator[Finding]:
    """What the types of the table's columns mean for a job; `captured` are those that arrive, None for all."""
    for column in table.columns:
        if captured is not None and column.name not in captured:
            continue
        if column.unreadable:
            yield column_error("COLUMN_TYPE", table, column, f"would be misread, {column.unreadable}", OTHER_COLUMNS)
        elif column.base in NOT_CARRIED:
            yield column_error("COLUMN_TYPE", table, column, MISSING, OTHER_COLUMNS)
        elif column.name in table.key and column.base in FINEST:
            yield column_error("KEY_TYPE", table, column, CUT_KEY)
        elif column.base == "time(7)":
            yield distorted(table, column, "are cut to microseconds")
