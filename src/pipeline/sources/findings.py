"""Findings that are made alike for every database."""

from collections.abc import Iterable, Iterator

from pipeline.sources.source import Column, Finding, Severity, Table

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.OK)


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, errors first, otherwise in their order."""
    return sorted(findings, key=lambda finding: _ORDER.index(finding.severity))


def column_error(check: str, table: Table, column: Column, consequence: str, advice: str | None = None) -> Finding:
    """Say why a job cannot take the column."""
    message = f"{table.qualified_name}: the column {column.name} ({column.type}) {consequence}"
    return Finding(check, Severity.ERROR, message, advice, table=table.qualified_name)


def columns_alike(table: Table) -> Iterator[Finding]:
    """Say of each column whose name another has in other letters that Debezium's connector fails for it."""
    known: dict[str, str] = {}
    for column in table.columns:
        other = known.setdefault(column.name.lower(), column.name)
        if other != column.name:
            told = f"differs from {other} only in capital letters, which Debezium does not take"
            yield column_error("COLUMN_CASE", table, column, told, "Rename one of the two, or leave the table out of the project's tables.")


def condition_refused(table: Table, reason: str) -> Finding:
    """Say that the database does not take the condition of the table's filter."""
    message = f"the filter of {table.qualified_name}: the database refuses the condition: {reason}"
    return Finding("FILTER", Severity.ERROR, message, "Try it in a SELECT, then post the job again.", table=table.qualified_name)


def not_filtered(table: Table) -> Finding:
    """Say that no statement of a filter reaches the connector."""
    message = (
        f"the filter of {table.qualified_name}: because of a character in its name Debezium cannot be told to read only some of its rows"
    )
    advice = "Rename the table, or post a CDC job, whose workers leave out the others."
    return Finding("FILTER", Severity.ERROR, message, advice, table=table.qualified_name)


def not_read(table: Table, reason: str) -> Finding:
    """Say why a database, which alone filters in its jobs, cannot be asked for the rows of the table's filter."""
    message = f"the filter of {table.qualified_name}: {reason}"
    return Finding("FILTER", Severity.ERROR, message, "Word it otherwise, or leave it out.", table=table.qualified_name)


def distorted(table: Table, column: Column, consequence: str, advice: str | None = None) -> Finding:
    """Say what becomes of some values of the column."""
    message = f"{table.qualified_name}: values of the column {column.name} ({column.type}) {consequence}"
    return Finding("DISTORTED_VALUE", Severity.WARNING, message, advice, table=table.qualified_name)
