"""
Where the connector is in the redo log, and where it has to be for all that is committed by now.

Debezium tells transactions once they have committed, in that order. Its offset has the number (SCN) from which it
would read again, and for each redo thread that of the last commit it has come to.
"""

from collections.abc import Mapping
from typing import Any

from pipeline.sources.queries import Queries, only_row

NOW = "SELECT TO_CHAR(current_scn) AS scn FROM v$database"


class ScnPassage:
    """Tells when the connector has read everything that had been committed at an SCN."""

    def __init__(self, scn: int) -> None:
        self._scn = scn

    async def passed(self, offset: Mapping[str, Any]) -> bool:
        """
        Whether a connector at this offset has.

        It has when it would read again from behind the SCN, where no older transaction is open, or when a later
        one is being told in every redo thread. Beyond, not at it: transactions that commit together share an SCN.
        """
        return _scn(offset.get("scn")) > self._scn or _last_commit(offset.get("commit_scn")) > self._scn


async def read_scn(queries: Queries) -> int:
    """Return the present SCN."""
    return int((await only_row(queries, NOW))["scn"])


def _last_commit(text: Any) -> int:
    """Of several redo threads, that which is furthest behind; each is written as SCN:thread:transactions."""
    if not isinstance(text, str) or not text:
        return 0
    return min(_scn(part.partition(":")[0]) for part in text.split(","))


def _scn(text: Any) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else 0
