"""A session with a source database, as checks and catalogues see it: queries in, rows out."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

Row: TypeAlias = Mapping[str, Any]
"""A row by the names of its columns, in small letters."""


class Queries(Protocol):
    """
    What a database answers.

    `rows` raises `ConfigError` when the database refuses (a privilege, a name),
    `SourceUnavailableError` when it does not answer, `SourceError` for anything else.
    """

    async def rows(self, query: str, *parameters: Any) -> list[Row]:
        """Return the rows of the query; parameters are bound, in the driver's own style."""
        ...


Sessions: TypeAlias = Callable[[], AbstractAsyncContextManager[Queries]]
"""Opens a session, which is closed at the end."""


async def only_row(queries: Queries, query: str, *parameters: Any) -> Row:
    """Return the one row of a query that always has one, such as an aggregate."""
    (row,) = await queries.rows(query, *parameters)
    return row


def quoted(name: str) -> str:
    """The name as an identifier in standard SQL."""
    return '"' + name.replace('"', '""') + '"'
