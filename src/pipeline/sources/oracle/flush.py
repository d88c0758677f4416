"""
The table that Debezium's Oracle connector writes to, so that the server flushes its redo log to disk.

It is in the schema of the connector's user, in the pluggable database if one is named. Each job has one of its own, which
goes when the job ends.
"""

from pipeline.sources.queries import Queries
from pipeline.sources.source import Ownership

EXISTS = "SELECT table_name FROM user_tables WHERE table_name = :1"


def flush_table(owned: Ownership) -> str:
    """Name the generation's table; names of 30 characters are possible everywhere."""
    return f"RS_{owned.job_id}_{owned.generation}".upper()


def drop_statement(owned: Ownership) -> str:
    """The SQL that removes it."""
    return f"DROP TABLE {flush_table(owned)} PURGE"


async def drop_flush_table(queries: Queries, owned: Ownership) -> None:
    """Remove it; one that is gone, or was never made, is no error."""
    if await queries.rows(EXISTS, flush_table(owned)):
        await queries.rows(drop_statement(owned))
