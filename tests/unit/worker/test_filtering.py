"""What becomes of the changes of a table with a filter."""

from typing import Any

import pytest
from tests.fakes.jobs import make_job
from tests.unit.change.envelopes import Table, column

from pipeline.change.record import Record
from pipeline.errors import ConfigError, FilterError, WriteRefusedError
from pipeline.jobs.job import PlannedColumn, PlannedFilter, TablePlan
from pipeline.mapping.style import Nulls
from pipeline.sink.batch import ChangePartition, Step
from pipeline.sink.write import Clear, Delete, Fail, Insert, Move, Replace, Set, Swap
from pipeline.sources.source import Identity, Mode
from pipeline.worker.consumer import Fetched
from pipeline.worker.translate import Translator

UNAVAILABLE = "__debezium_unavailable_value"
COLUMNS = (column("id", "int32", optional=False), column("name"), column("state"), column("price", source_type="NUMERIC"))
IN, OUT = {"id": 1, "name": "Ada", "state": "in", "price": "1"}, {"id": 1, "name": "Ada", "state": "out", "price": "1"}


def table() -> Table:
    """The table."""
    return Table(columns=COLUMNS)


def step(record: Record, where: str = "state = 'in'", *, key: tuple[str, ...] = ("id",), mode: Mode = Mode.CDC, **style: Any) -> Step:
    """The step of one record of the table with this filter."""
    columns = (("id", "integer", None), ("name", "text", "C"), ("state", "text", "C"), ("price", "numeric", None))
    planned = PlannedFilter(
        where_clause=where, columns=tuple(PlannedColumn(name=name, type=kind, collation=rule) for name, kind, rule in columns)
    )
    identity = Identity.KEY if key else Identity.FULL
    plan = TablePlan(
        schema_name="public", table="customer", topic="t", collection="customer", key=key, identity=identity, filter=planned, **style
    )
    (part,) = Translator(make_job(tables=(plan,), mode=mode)).translate([Fetched(ChangePartition("t", 0), [record], 1)])
    (made,) = part.steps
    if isinstance(made.write, Fail):
        raise made.write.error
    return made


@pytest.mark.parametrize("record", [table().create(IN), table().read(IN)])
def test_a_row_inside_is_inserted(record: Record) -> None:
    assert type(step(record).write) is Insert


@pytest.mark.parametrize("record", [table().create(OUT), table().read(OUT), table().update(OUT), table().update(OUT, before=IN)])
def test_of_a_row_outside_no_document_stays_and_the_change_counts(record: Record) -> None:
    made = step(record)
    assert made.write == Delete("customer", 1, record.position)
    assert made.counted in ("c", "r", "u")


def test_an_update_of_a_row_inside_replaces() -> None:
    assert type(step(table().update(IN)).write) is Replace


def test_a_null_is_not_inside() -> None:
    assert type(step(table().create(IN | {"state": None})).write) is Delete


def test_a_row_outside_is_not_mapped() -> None:
    assert type(step(table().create(OUT | {"price": "1" * 50})).write) is Delete


def test_a_delete_and_a_truncate_need_no_condition() -> None:
    assert type(step(table().delete({"id": 1})).write) is Delete
    assert type(step(table().truncate()).write) is Clear


def test_a_key_change_to_inside_moves_and_to_outside_deletes_as_its_second_half() -> None:
    assert type(step(table().create(IN, old_key={"id": 9})).write) is Move
    made = step(table().create(OUT, old_key={"id": 9}))
    assert made.write == Delete("customer", 1, made.write.position, moved_from=9)
    assert made.counted == "u"


def test_rows_that_a_snapshot_job_reads_were_filtered_by_the_source() -> None:
    assert type(step(table().read(OUT), mode=Mode.SNAPSHOT).write) is Insert


def test_an_unavailable_value_is_left_to_the_document_where_the_rest_does_not_decide() -> None:
    where = "name = 'Ada' AND state = 'in'"
    left_out = {"name": UNAVAILABLE}
    assert type(step(table().update(OUT | left_out), where).write) is Delete
    made = step(table().update(IN | left_out), where).write
    assert isinstance(made, Set)
    assert made.stays is not None
    assert made.stays.fields == ("name",)
    assert made.stays.told_by({"name": "Ada"}) is True
    assert made.stays.told_by({"name": "Bob"}) is False
    with pytest.raises(WriteRefusedError, match="leaves out an unchanged value"):
        made.stays.told_by({"name": 5})


def test_an_unavailable_value_is_taken_from_the_row_before_if_that_has_it() -> None:
    where = "name = 'Ada'"
    assert type(step(table().update(IN | {"name": UNAVAILABLE}, before=IN | {"name": "Bob"}), where).write) is Delete
    assert type(step(table().update(IN | {"name": UNAVAILABLE}, before=IN), where).write) is Set


def test_a_moved_row_whose_filter_hangs_on_an_unavailable_value_is_left_to_its_document() -> None:
    made = step(table().create(IN | {"name": UNAVAILABLE}, old_key={"id": 9}), "name = 'Ada'").write
    assert isinstance(made, Move)
    assert made.stays is not None
    assert made.stays.told_by({"name": "Bob", "state": "in"}) is False


@pytest.mark.parametrize(
    ("before", "after", "gone", "come"),
    [(IN, IN, True, True), (IN, OUT, True, False), (OUT, IN, False, True), (OUT, OUT, False, False)],
)
def test_without_a_key_each_image_counts_by_itself(before: dict[str, Any], after: dict[str, Any], gone: bool, come: bool) -> None:
    made = step(table().update(after, before=before), key=())
    assert isinstance(made.write, Swap)
    assert (made.write.gone is not None, made.write.come is not None) == (gone, come)
    assert made.counted == "u"


def test_without_a_key_and_without_nulls_a_row_that_comes_tells_every_field_it_may_have() -> None:
    made = step(table().update(IN | {"name": None}, before=OUT), key=(), nulls=Nulls.OMIT).write
    assert isinstance(made, Swap)
    assert made.gone is None
    assert made.come is not None
    assert "name" not in made.come
    assert made.shape == ("_id", "id", "name", "state", "price")


def test_of_a_row_without_a_key_that_is_new_or_gone_one_image_counts() -> None:
    for record, inside in (
        (table().create(IN), True),
        (table().create(OUT), False),
        (table().delete(IN), True),
        (table().delete(OUT), False),
    ):
        write = step(record, key=()).write
        assert isinstance(write, Swap)
        assert (write.gone is not None or write.come is not None) is inside


def test_a_row_that_cannot_be_judged_is_a_failure() -> None:
    with pytest.raises(FilterError, match="divides by zero") as refused:
        step(table().create(IN), "1 / (id - 1) = 1")
    assert refused.value.table == "public.customer"


def test_a_column_that_is_gone_ends_the_job() -> None:
    with pytest.raises(ConfigError, match='uses the column "state", which is gone') as refused:
        step(Table(columns=COLUMNS[:2]).create({"id": 1, "name": "Ada"}))
    assert refused.value.code == "FILTER_COLUMN_CHANGED"
