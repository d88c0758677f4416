"""Records become the steps of a batch."""

from typing import Any

import pytest
from tests.fakes.jobs import make_job
from tests.unit.change.envelopes import Table, column

from pipeline.change.record import Position, Record
from pipeline.jobs.job import TablePlan
from pipeline.sink.batch import ChangePartition, Step
from pipeline.sink.write import Fail
from pipeline.sources.source import Identity
from pipeline.worker.consumer import Fetched
from pipeline.worker.translate import Translator

ADA = {"id": 1, "name": "Ada"}
AT = Table().log_position


def translated(record: Record, *, key: tuple[str, ...] = ("id",), deferrable: bool = False, exactly_once: bool = True) -> Step:
    """The step of one record of the table `customer`."""
    plan: dict[str, Any] = {"key": key, "deferrable_key": deferrable, "identity": Identity.KEY if key else Identity.FULL}
    table = TablePlan(schema_name="public", table="customer", topic="t", collection="customer", **plan)
    slices = Translator(make_job(tables=(table,), exactly_once=exactly_once)).translate([Fetched(ChangePartition("t", 0), [record], 1)])
    (step,) = slices[0].steps
    return step


def test_a_change_knows_where_in_the_log_it_stands_and_a_row_that_is_read_does_not() -> None:
    assert translated(Table().create(ADA)).log_position == AT
    assert translated(Table().read(ADA)).log_position is None


@pytest.mark.parametrize("table", [{"key": ()}, {"deferrable": True}], ids=["no key", "a deferrable key"])
def test_an_insert_that_others_of_its_statement_may_equal_does_not_know_where_it_stands(table: dict[str, Any]) -> None:
    assert translated(Table().create(ADA), **table).log_position is None


@pytest.mark.parametrize("table", [{"key": ()}, {"deferrable": True}], ids=["no key", "a deferrable key"])
def test_an_update_and_a_delete_know_where_they_stand_whatever_the_key(table: dict[str, Any]) -> None:
    assert translated(Table().update(ADA, before=ADA), **table).log_position == AT
    assert translated(Table().delete(ADA), **table).log_position == AT


def test_the_order_is_read_only_where_changes_may_be_told_twice_and_not_of_rows_that_are_read() -> None:
    assert translated(Table().create(ADA)).order is None
    assert translated(Table().create(ADA), exactly_once=False).order == (AT - 1, AT)
    assert translated(Table().read(ADA), exactly_once=False).order is None


def failure(record: Record, *, key: tuple[str, ...] = ("id",)) -> tuple[Step, Fail]:
    step = translated(record, key=key)
    assert isinstance(step.write, Fail)
    return step, step.write


BORN = Table(columns=(column("id", "int32", optional=False), column("born", "int32", "io.debezium.time.Date")))
UNMAPPABLE = BORN.create({"id": 1, "born": "never"})


def test_a_record_that_cannot_be_mapped_is_a_failure_with_its_row_and_counts_as_what_it_is() -> None:
    record = UNMAPPABLE
    step, failed = failure(record)
    assert (step.counted, failed.operation, failed.id, failed.collection) == ("c", "c", 1, "customer")
    assert (failed.error.table, failed.error.column) == ("public.customer", "born")
    assert failed.record is record


def test_garbage_is_a_failure_whose_row_is_told_by_its_key() -> None:
    step, failed = failure(Table(topic="t").create(ADA)._replace(value=b"garbage"))
    assert (step.counted, failed.id, failed.error.code) == ("", 1, "DECODE")


def test_garbage_with_a_key_of_garbage_is_a_failure_of_no_known_row() -> None:
    assert failure(Record(Position("t", 0, 0), b"garbage", b"garbage"))[1].id is None


def test_a_change_of_an_unknown_table_is_a_failure_that_names_it() -> None:
    step, failed = failure(Table(name="stranger").create(ADA))
    assert failed.error.table == "public.stranger"
    assert step.counted == "c"
