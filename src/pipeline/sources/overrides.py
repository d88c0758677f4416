"""Debezium's list of statements that read tables in the place of its own, and what SQL Server, Oracle and Db2 are sent by it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.errors import ConfigError, SourceError, SourceUnavailableError
from pipeline.sources.findings import condition_refused, not_read
from pipeline.sources.narrowing import narrowing
from pipeline.sources.queries import Queries
from pipeline.sources.source import Finding, Table

OVERRIDES = "snapshot.select.statement.overrides"

_UNNAMEABLE = re.compile(r"[,.\[\]\"'`\\(){}*+?|^]|\$\{")


@dataclass(frozen=True, slots=True)
class Wording:
    """
    How a database's statements are worded.

    `quote` makes an identifier of a name, `moment` stands behind the table's name. `obstacle` says
    what in a table's filter Debezium would replace, if there is any such thing.
    """

    quote: Callable[[str], str]
    moment: str = ""
    obstacle: Callable[[Table], str | None] = lambda _: None

    def name(self, table: Table) -> str:
        """The table's name in a statement."""
        return f"{self.quote(table.schema)}.{self.quote(table.name)}"

    def refusal(self, table: Table) -> Finding | None:
        """
        Why Debezium cannot be told of the table's filter.

        Its list is split at commas and points, quotes in it are united, and a signal's names are compiled as regular expressions.
        """
        if not table.narrowed:
            return None
        if any(_UNNAMEABLE.search(name) for name in (table.schema, table.name)):
            return not_read(table, "its name has a character that Debezium's list of statements cannot hold")
        reason = self.obstacle(table)
        return None if reason is None else not_read(table, reason)


def overrides(selects: Mapping[str, str]) -> dict[str, str]:
    """The properties that give Debezium these statements, by the names of their tables."""
    return {OVERRIDES: ",".join(selects), **{f"{OVERRIDES}.{name}": select for name, select in selects.items()}} if selects else {}


def narrowed_selects(tables: Sequence[Table], wording: Wording) -> dict[str, str]:
    """
    Return the properties by which a snapshot reads of each table only the rows that the job takes, in key order.

    Raises:
        ConfigError: Debezium cannot be told of the filter of one.
    """
    for table in tables:
        if refused := wording.refusal(table):
            raise ConfigError(refused.message, suggestion=refused.suggestion, code=refused.check)
    return overrides(_selects(tables, wording, first=True))


def later_selects(tables: Sequence[Table], wording: Wording) -> dict[str, str]:
    """The same for a signal that has tables read again, by their names."""
    return _selects(tables, wording, first=False)


def _selects(tables: Sequence[Table], wording: Wording, *, first: bool) -> dict[str, str]:
    return {table.qualified_name: _select(table, wording, first=first) for table in tables if table.narrowed}


async def check_filters(queries: Queries, tables: Sequence[Table], wording: Wording) -> list[Finding]:
    """What keeps the tables' filters from being read: the database does not take a condition, or Debezium cannot be told of it."""
    findings = [refused for table in tables if (refused := wording.refusal(table))]
    for table in tables:
        if table.condition is None:
            continue
        try:
            await queries.rows(f"SELECT 1 AS one FROM {wording.name(table)} WHERE ({table.condition}) AND 1 = 0")  # noqa: S608 - names are quoted
        except SourceUnavailableError:
            raise
        except (ConfigError, SourceError) as error:
            findings.append(condition_refused(table, error.message))
    return findings


def _select(table: Table, wording: Wording, *, first: bool) -> str:
    order = ", ".join(wording.quote(name) for name in table.key)
    cut = replace(table, condition="1 = 0", row_count=None) if table.row_count == 0 else table
    clauses = narrowing(cut, order, first=first, limit=" OFFSET 0 ROWS FETCH NEXT {} ROWS ONLY")
    return f"SELECT * FROM {wording.name(table)}{wording.moment}{clauses}"  # noqa: S608 - names are quoted
