"""What the filters of a job come to, by what the catalogue says."""

import pytest

from pipeline.errors import ConfigError
from pipeline.jobs.filters import changed_columns, filtered, find_filters, plan_filters
from pipeline.jobs.job import Filter, TablePlan
from pipeline.sources.source import Column, Identity, Mode, Table

ID = Column("id", "integer", nullable=False)
NAME = Column("name", "short_name", nullable=True, domain_base="character varying(5)", collation="C")
SUM = Column("sum", "integer", nullable=True, published=False)


def table(
    *columns: Column, name: str = "orders", key: tuple[str, ...] = ("id",), deferrable: bool = False, schema: str = "public"
) -> Table:
    """A table of these columns, or of all."""
    return Table(schema, name, columns or (ID, NAME, SUM), key, Identity.FULL, deferrable_key=deferrable)


def posted(where: str | None = None, row_count: int | None = None, name: str = "orders") -> Filter:
    """A filter of the request."""
    return Filter(schema_name="public", table=name, where_clause=where, row_count=row_count)


@pytest.mark.parametrize(
    ("filter_", "found", "code", "told"),
    [
        (posted("id = 1", name="Orders"), table(), "FILTER_TABLE", "the job takes public.orders"),
        (posted("id = 1 AND total = 2"), table(), "FILTER", 'line 1, column 12: public.orders has no column "total"'),
        (posted("sum = 1"), table(), "FILTER_COLUMN", 'changes do not carry the generated column "sum"'),
        (posted("id = 1"), table(deferrable=True), "FILTER_KEY", "its primary key is deferrable"),
        (posted(row_count=1), table(deferrable=True), "FILTER_KEY", "its primary key is deferrable"),
        (posted(row_count=1), table(key=()), "FILTER_KEY", "in the order of the key, and the table has none"),
    ],
)
def test_what_the_catalogue_does_not_allow_is_told(filter_: Filter, found: Table, code: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        plan_filters([filter_], "POSTGRESQL", [found], Mode.CDC)
    assert refused.value.code == code
    assert told in f"{refused.value.message} {refused.value.suggestion}"
    assert "the filter of public." in refused.value.message


def test_a_snapshot_needs_neither_columns_that_travel_nor_a_key_that_lasts() -> None:
    found = plan_filters([posted("sum > 1", 5)], "POSTGRESQL", [table(deferrable=True)], Mode.SNAPSHOT)
    (narrowed,) = filtered([table()], found, "POSTGRESQL")
    assert (narrowed.condition, narrowed.row_count) == ('"sum" > 1', 5)


def test_all_faults_are_found_and_the_other_filters_stand() -> None:
    tables = [table(), table(name="lines")]
    found, faults = find_filters(
        [posted("x = 1"), posted("id = 1", name="lines"), posted("id = 1", name="gone")], "POSTGRESQL", tables, Mode.CDC
    )
    assert list(found) == ["public.lines"]
    assert list(faults) == ["public.orders", "public.gone"]


def test_a_filter_without_anything_in_it_takes_all_rows() -> None:
    (narrowed,) = filtered([table()], plan_filters([posted()], "POSTGRESQL", [table()], Mode.CDC), "POSTGRESQL")
    assert not narrowed.narrowed


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (table(), []),
        (table(ID, NAME), []),
        (table(ID), ['the column "name" is gone']),
        (
            table(ID, Column("name", "text", nullable=True, collation="C")),
            ['the column "name" was character varying(5) (C) and is text (C)'],
        ),
        (
            table(ID, Column("name", "short_name", nullable=True, domain_base="character varying(5)", collation="locale de")),
            ['the column "name" was character varying(5) (C) and is character varying(5) (locale de)'],
        ),
        (None, []),
    ],
)
def test_what_has_changed_of_the_columns_in_use_is_told(now: Table | None, told: list[str]) -> None:
    planned = plan_filters([posted("name = 'x'")], "POSTGRESQL", [table()], Mode.CDC)["public.orders"].filter
    plan = TablePlan(schema_name="public", table="orders", topic="t", collection="c", key=("id",), identity=Identity.FULL, filter=planned)
    assert list(changed_columns(plan, now)) == told
