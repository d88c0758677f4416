"""A database driver (PEP 249) whose servers answer what is written down."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.sources.queries import Row


class DriverError(Exception):
    """What the driver raises."""


class RecordedDriver:
    """
    A driver: each query has its rows, or the error that it ends in.

    A query without an answer fails the test. `refusals` are what servers say to the first that connect.
    """

    Error = DriverError

    def __init__(self, answers: Mapping[str, Sequence[Row] | Exception], *, refusals: Sequence[str] = ()) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []
        self.connects: list[str] = []
        self.open = 0
        self._refusals = list(refusals)

    def connect(self, *arguments: Any, **named: Any) -> "_Connection":
        """Open a connection."""
        self.connects.append(" ".join(map(str, [*arguments, *named.values()])))
        if self._refusals:
            raise DriverError(self._refusals.pop(0))
        self.open += 1
        return _Connection(self)


class _Connection:
    def __init__(self, driver: RecordedDriver) -> None:
        self._driver = driver

    def set_autocommit(self, on: bool) -> None:
        assert on

    def cursor(self) -> "_Cursor":
        return _Cursor(self._driver)

    def close(self) -> None:
        self._driver.open -= 1


class _Cursor:
    description: list[tuple[str]] | None = None

    def __init__(self, driver: RecordedDriver) -> None:
        self._driver = driver
        self._rows: Sequence[Row] = ()

    def execute(self, query: str, _parameters: Sequence[Any] = ()) -> None:
        self._driver.asked.append(query)
        assert query in self._driver.answers, f"no answer is written down for {query}"
        answer = self._driver.answers[query]
        if isinstance(answer, Exception):
            raise answer
        self._rows = answer
        self.description = [(name.upper(),) for name in answer[0]] if answer else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self._rows]

    def close(self) -> None:
        """Nothing is held."""
