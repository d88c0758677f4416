"""The keys by which a feed tells rows, and those by which the job knows them."""

from collections.abc import Sequence

import msgspec

from pipeline.errors import ConfigError
from pipeline.reader.task import ReadTable

_decode = msgspec.json.Decoder(list[msgspec.Raw]).decode


class ToldKey:
    """
    How the key that a feed tells becomes that of the job: without what is hidden in it (a region, the shard of a hash).

    Rows of one key of the job may be told by two. `columns` are those of the job's key, in the feed's order, and `table` is
    the number of the table that the feed tells of.
    """

    def __init__(self, table: ReadTable, row_key: Sequence[str], number: str) -> None:
        self.row_key = tuple(row_key)
        self.columns = job_columns(table, row_key)
        self.table = number
        self._name = table.qualified_name
        self._kept = [row_key.index(column) for column in self.columns]
        if len(self.columns) != len(table.key):
            raise ConfigError(f"the table {self._name} {OTHER_KEY}", suggestion="Post the job again.")

    def row(self, told: str) -> str:
        """The values of these columns, a JSON array like what is told."""
        parts = _decode(told)
        if len(parts) != len(self.row_key):
            raise ConfigError(f"the table {self._name} {OTHER_KEY}", suggestion="Post the job again.")
        return f"[{','.join(bytes(parts[place]).decode() for place in self._kept)}]"


OTHER_KEY = "has another primary key than it had"


def job_columns(table: ReadTable, row_key: Sequence[str]) -> tuple[str, ...]:
    """The columns of the job's key, in the feed's order."""
    return tuple(column for column in row_key if column in table.key)


def key_values(key: str) -> list[str]:
    """The values of a key, as SQL has them: its numbers keep their digits."""
    return [_sql(part) for part in _decode(key)]


def _sql(part: msgspec.Raw) -> str:
    written = bytes(part).decode()
    return msgspec.json.decode(written, type=str) if written.startswith('"') else written
