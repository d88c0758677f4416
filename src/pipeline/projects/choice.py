"""Which tables of a source a project takes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from pipeline.errors import ConfigError
from pipeline.sources.source import Finding, Severity, Table
from pipeline.stored import StoredModel

NO_TABLE = "TABLE_NOT_FOUND"
NOT_TAKEN = "TABLE_NOT_TAKEN"
ANYTHING = "*"
_SETTINGS = "PUT /api/v1/projects/{id}"


class TableChoice(StoredModel):
    """
    The tables that are included (None: every one), without those that are excluded.

    Both name tables as schema.table, in the source's own letters; `*` stands for any characters.
    """

    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()

    def takes(self, table: str) -> bool:
        """Whether the table (schema.table) is one of them."""
        included = self.include is None or any(_matches(entry, table) for entry in self.include)
        return included and not any(_matches(entry, table) for entry in self.exclude)

    def taken(self, tables: Iterable[Table]) -> list[Table]:
        """Those of the tables that are taken."""
        return [table for table in tables if self.takes(table.qualified_name)]

    def findings(self, tables: Sequence[Table]) -> Iterator[Finding]:
        """
        What is wrong with the choice, given all tables of the source.

        A name that no table has may be one that was misspelt, and then others are taken than
        were meant. A pattern that excludes may be there for tables that come and go.
        """
        names = [table.qualified_name for table in tables]
        for listed, entries in (("include", self.include or ()), ("exclude", self.exclude)):
            idle = [entry for entry in entries if not any(_matches(entry, name) for name in names)]
            harmless = [entry for entry in idle if listed == "exclude" and ANYTHING in entry]
            for severity, found in ((Severity.ERROR, [each for each in idle if each not in harmless]), (Severity.WARNING, harmless)):
                if found:
                    yield _no_such_table(listed, found, names, severity)
        if names and not self.taken(tables):
            yield Finding("NO_TABLES", Severity.ERROR, "The project's settings leave no table of the source", f"Mend tables: {_SETTINGS}.")


def checked(choice: TableChoice, tables: Sequence[Table]) -> list[Table]:
    """
    Those of the source's tables that are taken.

    Raises:
        ConfigError: Something is wrong with the choice.
    """
    for finding in choice.findings(tables):
        if finding.severity is Severity.ERROR:
            raise ConfigError(finding.message, suggestion=finding.suggestion, code=finding.check)
    return choice.taken(tables)


def _matches(entry: str, table: str) -> bool:
    return _pattern(entry).fullmatch(table) is not None


@lru_cache(maxsize=1024)
def _pattern(entry: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, entry.split(ANYTHING))), re.DOTALL)


def _no_such_table(listed: str, entries: Sequence[str], names: Sequence[str], severity: Severity) -> Finding:
    like = [name for name in names if any(_matches(entry.lower(), name.lower()) for entry in entries)]
    hint = f"The source has {', '.join(like[:3])}: names are in the source's own letters" if like else "Names are schema.table"
    return Finding(
        NO_TABLE,
        severity,
        f"The project's settings {listed} {', '.join(entries)}, and the source has no such table",
        f"{hint}. Mend tables.{listed}: {_SETTINGS}.",
    )
