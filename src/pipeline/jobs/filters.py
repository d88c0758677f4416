"""The filters of a job: from what the request says of a table to the condition that source and workers go by."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from pipeline.errors import ConfigError
from pipeline.filters.catalogue import FilterColumn
from pipeline.filters.condition import Condition
from pipeline.filters.dialect import dialect_of
from pipeline.filters.parse import parse
from pipeline.jobs.job import Filter, PlannedColumn, PlannedFilter, TablePlan
from pipeline.jobs.request import RelationalTableFilters
from pipeline.sources.registry import has_own_reader
from pipeline.sources.source import Mode, Table

NO_TABLE = "FILTER_TABLE"
NO_PLACES = "FILTER_KEY"
NO_COLUMN = "FILTER_COLUMN"


def check_condition(source_type: str, where_clause: str) -> None:
    """
    See whether the text is a condition that a filter of such databases can have.

    Raises:
        ConfigError: It is not; the message says where and why.
    """
    parse(where_clause, dialect_of(source_type))


def are_evaluated(source_type: str, mode: Mode) -> bool:
    """Whether workers evaluate the filters of such jobs: not where the database itself says which rows satisfy them."""
    return mode.streams and not has_own_reader(source_type)


def check_row_count(row_count: int) -> None:
    """Raise `ConfigError` when no table can be cut after so many rows."""
    if row_count < 0:
        raise ConfigError("should be 0 or more: leave it out to take all rows")


def posted_filters(filters: RelationalTableFilters | None) -> tuple[Filter, ...]:
    """The filters of a request, as the job keeps them."""
    schemas = filters.root if filters is not None else {}
    return tuple(
        Filter(schema_name=schema, table=table, where_clause=each.where_clause, row_count=each.row_count)
        for schema, tables in schemas.items()
        for table, each in tables.items()
    )


class Narrowing(NamedTuple):
    """What a job takes of a table: the rows that satisfy the filter, and at most so many."""

    filter: PlannedFilter | None = None
    row_count: int | None = None


ALL_ROWS = Narrowing()

Narrowings: TypeAlias = Mapping[str, Narrowing]
"""By the qualified names of their tables."""


def plan_filters(filters: Sequence[Filter], source_type: str, tables: Sequence[Table], mode: Mode) -> Narrowings:
    """
    Return what the filters come to.

    Raises:
        ConfigError: There is no such table, or its filter cannot be evaluated.
    """
    found, faults = find_filters(filters, source_type, tables, mode)
    if faults:
        messages = "; ".join(error.message for error in faults.values())
        advice = " ".join(dict.fromkeys(error.suggestion for error in faults.values() if error.suggestion))
        raise ConfigError(messages, suggestion=advice or None, code=next(iter(faults.values())).code)
    return found


def find_filters(
    filters: Sequence[Filter], source_type: str, tables: Sequence[Table], mode: Mode
) -> tuple[Narrowings, dict[str, ConfigError]]:
    """What the filters come to, and what is wrong with the others, by the qualified names of their tables."""
    known = {(table.schema, table.name): table for table in tables}
    found: dict[str, Narrowing] = {}
    faults: dict[str, ConfigError] = {}
    for each in filters:
        name = f"{each.schema_name}.{each.table}"
        try:
            found[name] = _planned(each, source_type, known, mode)
        except ConfigError as error:
            message = f"the filter of {name}: {error.message}"
            faults[name] = ConfigError(message, suggestion=error.suggestion, code=error.code)
    return found, faults


def filtered(tables: Sequence[Table], narrowings: Narrowings, source_type: str) -> list[Table]:
    """The tables with what the source is told of their filters."""
    return [_narrowed(table, narrowings.get(table.qualified_name, ALL_ROWS), source_type) for table in tables]


def _narrowed(table: Table, narrowing: Narrowing, source_type: str) -> Table:
    planned = narrowing.filter
    condition = None if planned is None else condition_of(planned, source_type, table.qualified_name).sql
    return replace(table, condition=condition, row_count=narrowing.row_count)


def condition_of(planned: PlannedFilter, source_type: str, table: str) -> Condition:
    """The condition of a table's filter, on the columns as they were when the job took the table."""
    columns = [FilterColumn(column.name, column.type, column.collation) for column in planned.columns]
    return Condition(planned.where_clause, dialect_of(source_type), table, columns)


def changed_columns(plan: TablePlan, table: Table | None) -> Iterator[str]:
    """What is not as it was of the columns that the table's filter uses."""
    if plan.filter is None or table is None:
        return
    now = {column.name: column for column in _columns(table)}
    for column in plan.filter.columns:
        present = now.get(column.name)
        if present is None:
            yield f'the column "{column.name}" is gone'
        elif present != (column.name, column.type, column.collation):
            before, after = (f"{kind}{f' ({rule})' if rule else ''}" for kind, rule in ((column.type, column.collation), present[1:]))
            yield f'the column "{column.name}" was {before} and is {after}'


def _planned(each: Filter, source_type: str, known: Mapping[tuple[str, str], Table], mode: Mode) -> Narrowing:
    table = known.get((each.schema_name, each.table))
    if table is None:
        raise ConfigError(
            "the job takes no table of this name",
            suggestion=f"Name it as the source does, in its case, and see that the project takes it: the job takes {_some_names(known)}.",
            code=NO_TABLE,
        )
    planned = None if each.where_clause is None else _planned_filter(each.where_clause, source_type, table, mode)
    if each.row_count is not None and not table.key:
        raise ConfigError(
            "rowCount takes the first rows in the order of the key, and the table has none",
            suggestion="Give it a primary key, or narrow its rows with a whereClause.",
            code=NO_PLACES,
        )
    if mode.streams and (planned is not None or each.row_count is not None):
        _check_key(table)
    return Narrowing(planned, each.row_count)


def _planned_filter(where_clause: str, source_type: str, table: Table, mode: Mode) -> PlannedFilter:
    condition = Condition(where_clause, dialect_of(source_type), table.qualified_name, _columns(table))
    if are_evaluated(source_type, mode):
        condition.check()
        _check_columns(condition, table)
    columns = tuple(PlannedColumn(name=name, type=type_, collation=rule) for name, type_, rule in condition.columns)
    return PlannedFilter(where_clause=where_clause, columns=columns)


def _check_columns(condition: Condition, table: Table) -> None:
    untold = {column.name for column in table.columns if not column.published}
    if missing := [column.name for column in condition.columns if column.name in untold]:
        raise ConfigError(
            f'changes do not carry the generated column "{missing[0]}"',
            suggestion="Write in the condition what the column is generated from, or post a SNAPSHOT job.",
            code=NO_COLUMN,
        )


def _check_key(table: Table) -> None:
    if table.deferrable_key:
        raise ConfigError(
            "its primary key is deferrable, so that rows outside the filter may hold the key of one inside until the commit",
            suggestion="Make the key not deferrable (ALTER TABLE ... ALTER CONSTRAINT ... NOT DEFERRABLE), or post a SNAPSHOT job.",
            code=NO_PLACES,
        )


def _columns(table: Table) -> list[FilterColumn]:
    """The columns as conditions know them: a domain is what it stands for."""
    return [FilterColumn(column.name, column.declared or column.base, column.collation) for column in table.columns]


def _some_names(known: Mapping[tuple[str, str], Table], most: int = 10) -> str:
    names = [".".join(name) for name in list(known)[:most]]
    return ", ".join(names) + (" and others" if len(known) > most else "")
