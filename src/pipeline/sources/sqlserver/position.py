"""
Where the connector is in the captured changes, and where it has to be for all that is committed by now.

SQL Server's changes come in two steps: the capture job copies them from the log into change
tables, and the connector reads those. So the end is known only once the capture job has
passed the moment, which a transaction that committed later tells, an entry that it makes every five
minutes while nothing happens, or a scan of the log that found nothing.
"""

from collections.abc import Collection
from datetime import datetime

from pipeline.sources.lsn import LsnPassage, LsnPosition
from pipeline.sources.queries import Queries, Row, only_row
from pipeline.sources.sqlserver.capture import quoted

NOW = "SELECT GETDATE() AS moment"
"""In the server's own time, as the capture job notes it."""

CAPTURED_UNTIL = """
SELECT CASE WHEN EXISTS (SELECT 1 FROM cdc.lsn_time_mapping WHERE tran_end_time > ?) THEN 1 ELSE 0 END AS passed
"""

EMPTY_SCANS = """
SELECT TOP (1) CASE WHEN s.start_time > ? AND s.end_time IS NOT NULL AND s.tran_count = 0 AND s.error_count = 0 THEN 1 ELSE 0 END AS passed
  FROM sys.dm_cdc_log_scan_sessions s WHERE s.session_id <> 0 ORDER BY s.session_id DESC
"""

MAY_SEE_SCANS = "SELECT HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DATABASE STATE') AS allowed"

CHANGE_TABLES = """
SELECT OBJECT_SCHEMA_NAME(t.source_object_id) AS schema_name, OBJECT_NAME(t.source_object_id) AS table_name,
       OBJECT_NAME(t.object_id) AS change_table
  FROM cdc.change_tables t
"""

LAST_CHANGE = """
SELECT TOP (1) CONVERT(varchar(20), l.[__$start_lsn], 2) AS commit_lsn, CONVERT(varchar(20), l.[__$seqval], 2) AS change_lsn,
       (SELECT COUNT(*) FROM cdc.{table} a WHERE a.[__$start_lsn] = l.[__$start_lsn] AND a.[__$seqval] = l.[__$seqval]) AS serial,
       (SELECT COUNT(*) FROM cdc.{table} a WHERE a.[__$start_lsn] = l.[__$start_lsn] AND a.[__$seqval] > l.[__$seqval]) AS greater
  FROM cdc.{table} l
 ORDER BY l.[__$start_lsn] DESC, l.[__$command_id] DESC, l.[__$seqval] DESC, l.[__$operation] DESC
"""
"""The last row in the order in which Debezium reads them (data.query.mode=direct)."""


class CapturePassage(LsnPassage):
    """Tells when the connector has read every change of the tables that was committed before the moment."""

    async def _find_end(self, queries: Queries) -> LsnPosition | None:
        return await _last_position(queries, self._tables) if await _captured_until(queries, self._moment) else None


async def read_moment(queries: Queries) -> datetime:
    """Return the present moment by the server's clock."""
    moment: datetime = (await only_row(queries, NOW))["moment"]
    return moment


async def _captured_until(queries: Queries, moment: datetime) -> bool:
    if (await only_row(queries, CAPTURED_UNTIL, moment))["passed"]:
        return True
    if not (await only_row(queries, MAY_SEE_SCANS))["allowed"]:
        return False
    scans = await queries.rows(EMPTY_SCANS, moment)
    return bool(scans and scans[0]["passed"])


async def _last_position(queries: Queries, tables: Collection[tuple[str, str]]) -> LsnPosition:
    """The last change that any of the tables has; the first position of all where none has any."""
    rows = [row for row in await queries.rows(CHANGE_TABLES) if (row["schema_name"], row["table_name"]) in tables]
    last = [LsnPosition()]
    for row in rows:
        found = await queries.rows(LAST_CHANGE.format(table=quoted(row["change_table"])))
        last += [_position(each) for each in found]
    return max(last)


def _position(row: Row) -> LsnPosition:
    """The change's own, or, where one that is read before it has a greater one, that behind their commit."""
    commit = bytes.fromhex(row["commit_lsn"])
    if row["greater"]:
        return LsnPosition.behind(commit)
    return LsnPosition(commit, bytes.fromhex(row["change_lsn"]), row["serial"])
