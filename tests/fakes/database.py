"""A database that answers what is written down, as its vendor's documentation has it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from pipeline.sources.queries import Row

Answer: TypeAlias = list[Row] | Callable[..., list[Row]]


class RecordedDatabase:
    """
    Implements `pipeline.sources.queries.Queries`: each query has its rows, or a function from its parameters to them.

    A query without an answer fails the test: nobody has said what the database would say.
    """

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []

    async def rows(self, query: str, *parameters: Any) -> list[Row]:
        """Return the rows of the query."""
        self.asked.append(query)
        assert query in self.answers, f"no answer is written down for {query}"
        answer = self.answers[query]
        return answer(*parameters) if callable(answer) else answer

    @asynccontextmanager
    async def session(self) -> AsyncIterator["RecordedDatabase"]:
        """A session, as a source opens one."""
        yield self
