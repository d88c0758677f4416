"""
Where the connector is in the captured changes, and where it has to be for all that is committed by now.

The ASN agent copies changes from the log into change tables, and notes how far it has read the log,
changes or not. Once that is behind the moment, the last row of the change tables is the end.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.sources.db2.capture import AGENT, read_registrations
from pipeline.sources.lsn import LsnPosition, position_of
from pipeline.sources.queries import Queries, Sessions, only_row, quoted

NOW = "SELECT CURRENT TIMESTAMP AS moment FROM sysibm.sysdummy1"

LAST_CHANGE = """
SELECT HEX(ibmsnap_commitseq) AS commit_lsn, HEX(ibmsnap_intentseq) AS change_lsn FROM {table}
 ORDER BY ibmsnap_commitseq DESC, ibmsnap_intentseq DESC FETCH FIRST 1 ROW ONLY
"""


class AsnPassage:
    """
    Tells when the connector has read every change of the tables that was committed before `moment`.

    The end is looked for until it is known, and then stays: on a busy server changes go on coming.
    """

    def __init__(self, session: Sessions, moment: datetime, tables: Sequence[tuple[str, str]]) -> None:
        self._session = session
        self._moment = moment
        self._tables = set(tables)
        self._end: LsnPosition | None = None

    async def passed(self, offset: Mapping[str, Any]) -> bool:
        """Whether a connector at this offset has."""
        if self._end is None:
            async with self._session() as queries:
                noted = await queries.rows(AGENT)
                if noted and noted[0]["synchtime"] is not None and noted[0]["synchtime"] > self._moment:
                    self._end = await _last_position(queries, self._tables)
        return self._end is not None and position_of(offset)[:2] >= self._end[:2]


async def read_moment(queries: Queries) -> datetime:
    """Return the present moment by the server's clock."""
    moment: datetime = (await only_row(queries, NOW))["moment"]
    return moment


async def _last_position(queries: Queries, tables: set[tuple[str, str]]) -> LsnPosition:
    """The last change that any of the tables has; the first position of all where none has any."""
    last = [LsnPosition()]
    for name, registration in (await read_registrations(queries)).items():
        if name in tables:
            change_table = f"{quoted(registration.change_schema)}.{quoted(registration.change_table)}"
            found = await queries.rows(LAST_CHANGE.format(table=change_table))
            last += [LsnPosition(bytes.fromhex(row["commit_lsn"]), bytes.fromhex(row["change_lsn"])) for row in found]
    return max(last)
