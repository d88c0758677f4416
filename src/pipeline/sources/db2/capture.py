"""SQL Replication as it is set up in the database: the ASN tables, and which tables are registered in them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.sources.queries import Queries, Row
from pipeline.sources.source import Table

SCHEMA = "ASNCDC"
"""The schema of the ASN control and change tables, in Debezium's scripts and by its defaults."""

REGISTERED = """
SELECT RTRIM(source_owner) AS source_schema, RTRIM(source_table) AS source_table, RTRIM(cd_owner) AS change_schema,
       RTRIM(cd_table) AS change_table, state
  FROM ASNCDC.ibmsnap_register WHERE source_owner <> ''
"""

CHANGE_COLUMNS = """
SELECT RTRIM(tabname) AS change_table, colname FROM syscat.columns
 WHERE tabschema = 'ASNCDC' AND colname NOT LIKE 'IBMSNAP\\_%' ESCAPE '\\' ORDER BY tabname, colno
"""

AGENT = """
SELECT synchtime, TIMESTAMPDIFF(2, CHAR(CURRENT TIMESTAMP - synchtime)) AS seconds_ago
  FROM ASNCDC.ibmsnap_register WHERE global_record = 'Y'
"""
"""How far the capture agent has read the log, which it notes at every commit interval, changes or not."""

PARAMETERS = "SELECT retention_limit FROM ASNCDC.ibmsnap_capparms"

START = "VALUES ASNCDC.ASNCDCSERVICES('start','asncdc');"
REINITIALISE = "VALUES ASNCDC.ASNCDCSERVICES('reinit','asncdc');"


@dataclass(frozen=True, slots=True)
class Registration:
    """A table that is registered: the change table, its columns in order, and the state (A: active, I: inactive, S: stopped)."""

    change_schema: str
    change_table: str
    state: str
    columns: tuple[str, ...]


async def read_registrations(queries: Queries) -> Mapping[tuple[str, str], Registration]:
    """The registrations by table (schema, name)."""
    columns: dict[str, list[str]] = defaultdict(list)
    for row in await queries.rows(CHANGE_COLUMNS):
        columns[row["change_table"]].append(row["colname"])
    rows = await queries.rows(REGISTERED)
    return {(row["source_schema"], row["source_table"]): _registration(row, columns[row["change_table"]]) for row in rows}


def _registration(row: Row, columns: list[str]) -> Registration:
    return Registration(row["change_schema"], row["change_table"], row["state"], tuple(columns))


def add_table(table: Table) -> str:
    """The SQL that registers the table."""
    return f"CALL ASNCDC.ADDTABLE({literal(table.schema)}, {literal(table.name)}); {REINITIALISE}"


def register_anew(table: Table) -> str:
    """The SQL that registers it with the columns that it has now."""
    return f"CALL ASNCDC.REMOVETABLE({literal(table.schema)}, {literal(table.name)}); {add_table(table)}"


def literal(text: str) -> str:
    """The text as a literal."""
    return "'" + text.replace("'", "''") + "'"
