"""How a logical type is written down in the tables of this folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bson.datetime_ms import DatetimeMS

SAME: Any = object()
"""The `_id` holds what the body does."""

DAY_MS = 86_400_000


def unchanged(value: Any) -> Any:
    """The value."""
    return value


@dataclass(frozen=True, slots=True)
class Value:
    """
    A value of a type: what the document holds, worked out by hand, and its literal in each dialect that has it.

    `key` is what an `_id` holds. `distorted` says why `stored` is not what the source has: then
    it is what the documentation says. `told` is the value in an event, where a connector's
    documentation is all that can be had of it (see `tests.contract.types.told`).
    """

    stored: Any
    postgresql: str | None = None
    key: Any = SAME
    distorted: str | None = None
    sqlserver: str | None = None
    oracle: str | None = None
    db2: str | None = None
    told: Any = None

    @property
    def id(self) -> Any:
        """What an `_id` holds."""
        return self.stored if self.key is SAME else self.key

    def literal(self, dialect: str) -> str | None:
        """The value in this dialect's SQL, or None where it has none."""
        found: str | None = getattr(self, dialect)
        return found


@dataclass(frozen=True, slots=True)
class LogicalType:
    """
    A type, what it is called in each dialect, and its values.

    `keys` are values that are tried as primary keys, which must differ; by default none.
    `large` is one that is stored out of line, so that an update may leave it out.
    `needs` names what a server may lack: an extension, or a library it is built with.
    `schema` is the Connect schema of such a column, where values say what is `told`. `like` is what
    two values are compared by, where a source writes one value in several ways.
    """

    name: str
    values: tuple[Value, ...]
    postgresql: str | None = None
    keys: tuple[Value, ...] = ()
    large: Value | None = None
    needs: str | None = None
    sqlserver: str | None = None
    oracle: str | None = None
    db2: str | None = None
    schema: Mapping[str, Any] | None = None
    like: Callable[[Any], Any] = unchanged

    def called(self, dialect: str) -> str | None:
        """The type in this dialect's SQL, or None where it has none."""
        found: str | None = getattr(self, dialect)
        return found


def day(year: int, month: int, day_of_month: int) -> int:
    """Days from 1970-01-01, by the Gregorian calendar in all years; the year 0 is 1 BC. It repeats itself every 400 years."""
    cycles = (year - 2000) // 400
    return date(year - cycles * 400, month, day_of_month).toordinal() - date(1970, 1, 1).toordinal() + cycles * 146_097


def at(year: int, month: int = 1, day_of_month: int = 1, hour: int = 0, minute: int = 0, second: int = 0, ms: int = 0) -> DatetimeMS:
    """An instant of UTC."""
    return DatetimeMS(day(year, month, day_of_month) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1_000 + ms)
