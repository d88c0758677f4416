"""Zero dates (0000-00-00): null in the documents, also where the column can hold none."""

from collections.abc import Iterable, Sequence

from pipeline.sources import patterns
from pipeline.sources.mysql.connection import Session
from pipeline.sources.mysql.flavour import Flavour
from pipeline.sources.source import Table

CONVERTER = {
    "converters": "zerodates",
    "zerodates.type": "io.debezium.connector.binlog.converters.ZeroDateFallbackConverter",
}
"""Makes null of a zero date in a column that is NOT NULL, of which Debezium else makes 1970-01-01. MariaDB's connector 3.5 lacks it."""

COLUMNS = """
SELECT table_schema AS `schema`, table_name AS name, column_name AS `column` FROM information_schema.columns
 WHERE table_schema IN %s AND is_nullable = 'NO' AND data_type IN ('date', 'datetime', 'timestamp')
   AND (extra NOT LIKE '%%DEFAULT_GENERATED%%' OR column_default LIKE 'CURRENT_TIMESTAMP%%')
 ORDER BY 1, 2, ordinal_position
"""
"""Not those whose default is an expression: the converter would take the first row's date for the default, and lose it (3.6.1)."""


Name = tuple[str, str, str]


async def read_columns(session: Session, flavour: Flavour, tables: Sequence[Table]) -> list[Name]:
    """Those columns (schema, table, column) of the tables; none without the converter."""
    if flavour is not Flavour.MYSQL or not tables:
        return []
    rows = await session.rows(COLUMNS, [sorted({table.schema for table in tables})])
    return [(row["schema"], row["name"], row["column"]) for row in rows]


def selector(columns: Iterable[Name], tables: Sequence[Table]) -> str:
    """Those columns of the tables, as the converter is told of them; empty without any."""
    taken = {(table.schema, table.name) for table in tables}
    return ",".join(patterns.named(*column) for column in columns if column[:2] in taken)


def converter_config(selected: str) -> dict[str, str]:
    """The properties that make the connector convert the selected columns."""
    return CONVERTER | {"zerodates.selector": selected} if selected else {}
