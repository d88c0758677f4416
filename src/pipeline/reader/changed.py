"""The rows that have changed since a moment, as a changefeed has told them: on disk where they are many."""

import sqlite3
from collections.abc import Callable, Iterator

from pipeline.sources.following import Place

_TABLE = """
CREATE TABLE changed (schema TEXT, name TEXT, key TEXT, moment TEXT, PRIMARY KEY (schema, name, key)) WITHOUT ROWID
"""
_ADD = """
INSERT INTO changed VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET moment = max(moment, excluded.moment)
"""
_NEXT = """
SELECT key FROM changed WHERE schema = ? AND name = ? AND key > ? ORDER BY key LIMIT ?
"""


class ChangedRows:
    """Keeps each changed row once, in a file without a name, with the moment that it changed last."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute(_TABLE)

    def add(self, place: Place, key: str, moment: str) -> None:
        """Take in a row of the table that has changed, not after the moment."""
        self._file.execute(_ADD, (*place, key, moment))

    def places(self) -> list[Place]:
        """The tables of the rows."""
        return self._file.execute("SELECT DISTINCT schema, name FROM changed ORDER BY schema, name").fetchall()

    def batches(self, after: tuple[str, str, str] | None, most: Callable[[], int]) -> Iterator[tuple[Place, list[str]]]:
        """The keys, a table after the other, from behind `after` (schema, table, key) on; `most` says of how many the next batch may be."""
        for place in self.places():
            last = ""
            if after is not None:
                if place < after[:2]:
                    continue
                last = after[2] if place == after[:2] else ""
            while keys := [key for (key,) in self._file.execute(_NEXT, (*place, last, most()))]:
                yield place, keys
                last = keys[-1]

    def forget(self, moment: str) -> None:
        """Drop the rows that have not changed after the moment."""
        self._file.execute("DELETE FROM changed WHERE moment <= ?", (moment,))
