"""
Where the connector is in the captured changes, and where it has to be for all that is committed by now.

The ASN agent copies changes from the log into change tables, and notes how far it has read the log,
changes or not. Once that is behind the moment, the last row of the change tables is the end.
"""

from collections.abc import Collection
from datetime import datetime

from pipeline.sources.db2.capture import AGENT, read_registrations
from pipeline.sources.lsn import LsnPassage, LsnPosition
from pipeline.sources.queries import Queries, only_row, quoted

NOW = "SELECT CURRENT TIMESTAMP AS moment FROM sysibm.sysdummy1"

LAST_CHANGE = """
SELECT HEX(ibmsnap_commitseq) AS commit_lsn, HEX(ibmsnap_intentseq) AS change_lsn FROM {table}
 ORDER BY ibmsnap_commitseq DESC, ibmsnap_intentseq DESC FETCH FIRST 1 ROW ONLY
"""


class AsnPassage(LsnPassage):
    """Tells when the connector has read every change of the tables that was committed before the moment."""

    async def _find_end(self, queries: Queries) -> LsnPosition | None:
        noted = await queries.rows(AGENT)
        if noted and noted[0]["synchtime"] is not None and noted[0]["synchtime"] > self._moment:
            return await _last_position(queries, self._tables)
        return None


async def read_moment(queries: Queries) -> datetime:
    """Return the present moment by the server's clock."""
    moment: datetime = (await only_row(queries, NOW))["moment"]
    return moment


async def _last_position(queries: Queries, tables: Collection[tuple[str, str]]) -> LsnPosition:
    """The last change that any of the tables has; the first position of all where none has any."""
    last = [LsnPosition()]
    for name, registration in (await read_registrations(queries)).items():
        if name in tables:
            change_table = f"{quoted(registration.change_schema)}.{quoted(registration.change_table)}"
            found = await queries.rows(LAST_CHANGE.format(table=change_table))
            last += [LsnPosition(bytes.fromhex(row["commit_lsn"]), bytes.fromhex(row["change_lsn"])) for row in found]
    return max(last)
