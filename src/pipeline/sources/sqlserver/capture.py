"""Change data capture as it is set up in the database: capture instances, their columns, and the jobs that fill them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.sources.queries import Queries, Row
from pipeline.sources.source import Table

INSTANCES = """
SELECT OBJECT_SCHEMA_NAME(t.source_object_id) AS schema_name, OBJECT_NAME(t.source_object_id) AS table_name,
       t.capture_instance, t.role_name, t.create_date,
       HAS_PERMS_BY_NAME(N'cdc.' + QUOTENAME(OBJECT_NAME(t.object_id)), 'OBJECT', 'SELECT') AS may_read
  FROM cdc.change_tables t
 ORDER BY t.create_date
"""

CAPTURED_COLUMNS = """
SELECT t.capture_instance, c.column_name
  FROM cdc.change_tables t JOIN cdc.captured_columns c ON c.object_id = t.object_id
 ORDER BY t.capture_instance, c.column_ordinal
"""

JOBS = """
SELECT job_type, retention, continuous FROM msdb.dbo.cdc_jobs WHERE database_id = DB_ID()
"""


@dataclass(frozen=True, slots=True)
class CaptureInstance:
    """One capture instance: a change table, the role that gates it, whether the user may read it, and its columns."""

    name: str
    role: str | None
    readable: bool
    columns: frozenset[str]


async def read_instances(queries: Queries) -> Mapping[tuple[str, str], Sequence[CaptureInstance]]:
    """The capture instances of each table (schema, name), the newest last: that is the one Debezium goes over to."""
    columns: dict[str, set[str]] = defaultdict(set)
    for row in await queries.rows(CAPTURED_COLUMNS):
        columns[row["capture_instance"]].add(row["column_name"])
    instances: dict[tuple[str, str], list[CaptureInstance]] = defaultdict(list)
    for row in await queries.rows(INSTANCES):
        instances[row["schema_name"], row["table_name"]].append(_instance(row, columns[row["capture_instance"]]))
    return instances


def _instance(row: Row, columns: set[str]) -> CaptureInstance:
    return CaptureInstance(row["capture_instance"], row["role_name"], bool(row["may_read"]), frozenset(columns))


def enable_database() -> str:
    """The SQL that turns change data capture on in the database."""
    return "EXEC sys.sp_cdc_enable_db;"


def enable_table(table: Table, instance: str | None = None) -> str:
    """The SQL that has the table captured; with a name of its own for the instance where there is one already."""
    named = f", @capture_instance = {literal(instance)}" if instance else ""
    return (
        f"EXEC sys.sp_cdc_enable_table @source_schema = {literal(table.schema)}, @source_name = {literal(table.name)}, "
        f"@role_name = NULL{named}, @supports_net_changes = 0;"
    )


def disable_table(table: Table, instance: str) -> str:
    """The SQL that removes one of the table's capture instances."""
    return (
        f"EXEC sys.sp_cdc_disable_table @source_schema = {literal(table.schema)}, @source_name = {literal(table.name)}, "
        f"@capture_instance = {literal(instance)};"
    )


def literal(text: str) -> str:
    """The text as a Unicode literal."""
    return "N'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """The name in brackets."""
    return "[" + name.replace("]", "]]") + "]"
