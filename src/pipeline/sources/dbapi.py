"""Sessions over Python's DB-API (PEP 249), whose drivers block: each call is made in a thread."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from pipeline.errors import PipelineError
from pipeline.sources.queries import Row


class Cursor(Protocol):
    """A cursor, as far as it is used here."""

    description: Any

    def execute(self, query: str, parameters: Any = ..., /) -> Any:
        """Run the statement."""
        ...

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """Return all rows of the last statement."""
        ...

    def close(self) -> None:
        """Close the cursor."""
        ...


class Connection(Protocol):
    """A connection, as far as it is used here."""

    def cursor(self) -> Cursor:
        """Open a cursor."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class DbApiSession:
    """Implements `pipeline.sources.queries.Queries`; `explain` makes our own error of one of the driver's."""

    def __init__(self, connection: Connection, errors: type[Exception], explain: Callable[[Exception], PipelineError]) -> None:
        self._connection = connection
        self._errors = errors
        self._explain = explain

    async def rows(self, query: str, *parameters: Any) -> list[Row]:
        """Return the rows of the query; a statement without any gives none."""
        try:
            return await asyncio.to_thread(self._run, query, parameters)
        except self._errors as error:
            raise self._explain(error) from error

    def _run(self, query: str, parameters: Sequence[Any]) -> list[Row]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(query, parameters) if parameters else cursor.execute(query)
            if cursor.description is None:
                return []
            names = [column[0].lower() for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        finally:
            cursor.close()


@asynccontextmanager
async def dbapi_session(
    connect: Callable[[], Connection], errors: type[Exception], explain: Callable[[Exception], PipelineError]
) -> AsyncIterator[DbApiSession]:
    """A session that is closed at the end; what the driver says of the connection is explained, too."""
    try:
        connection = await asyncio.to_thread(connect)
    except errors as error:
        raise explain(error) from error
    try:
        yield DbApiSession(connection, errors, explain)
    finally:
        await asyncio.to_thread(connection.close)
