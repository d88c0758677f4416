"""Tables without a key on a real MongoDB: every change meets one document of the row it is about."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from bson import encode
from pymongo import MongoClient
from pymongo.monitoring import CommandListener, CommandStartedEvent
from tests.fakes.keyless import OWNER, VALUES, KeylessTable, keyless_history, swap
from tests.fakes.rows import COLLECTION, PARTITION, part, position, step

from pipeline.errors import FencedError, WriteRefusedError
from pipeline.mapping.style import Nulls
from pipeline.sink import collection as chunks
from pipeline.sink.batch import ChangePartition, Step
from pipeline.sink.checkpoint import COLLECTION as CHECKPOINTS
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.client import OPTIONS
from pipeline.sink.document import Document
from pipeline.sink.mongo import MongoSink
from pipeline.sink.row_id import row_id
from pipeline.sink.write import Clear
from pipeline.worker.writer import RefusedStepError, Writer
from stack.mongodb import MongoDB

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # see `collected`


class Target:
    """A collection, and a worker that applies to it as the main loop does."""

    def __init__(self, client: MongoClient[Document], name: str) -> None:
        self.database = client[name]
        self.collection = self.database[COLLECTION]
        self.sink = MongoSink(client, name, OWNER["job"], 1)
        self.writer = Writer(self.sink, 2_000)
        self.held = self.sink.claim(PARTITION)

    def apply(self, *steps: Step) -> None:
        self.writer.start([part(steps)], {PARTITION: self.held})
        self.held = self.writer.finish()[PARTITION]

    def documents(self) -> list[Document]:
        return list(self.collection.find())

    def bodies(self) -> list[Document]:
        found = [{name: value for name, value in each.items() if name != "_id"} for each in self.documents()]
        return sorted(found, key=encode)


@pytest.fixture
def asked() -> list[CommandStartedEvent]:
    """The commands that the client has sent."""
    return []


@pytest.fixture
def target(mongodb: MongoDB, asked: list[CommandStartedEvent]) -> Iterator[Target]:
    class Listener(CommandListener):
        def started(self, event: CommandStartedEvent) -> None:
            asked.append(event)

        def succeeded(self, event: object) -> None: ...

        def failed(self, event: object) -> None: ...

    name = f"keyless_{uuid.uuid4().hex}"
    with MongoClient[Document](mongodb.url, event_listeners=[Listener()], **OPTIONS) as client:
        client[name][CHECKPOINTS].insert_one(Checkpoint(OWNER["job"], 1, *PARTITION).stored())
        client[name].create_collection(COLLECTION)
        made = Target(client, name)
        yield made
        made.writer.close()
        client.drop_database(name)


@pytest.mark.parametrize("nulls", [Nulls.KEEP] * 6 + [Nulls.OMIT] * 3)
def test_any_history_with_columns_that_come_and_go_leaves_the_rows_of_the_source(target: Target, nulls: Nulls) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - shown with a failed test
    dice, table = random.Random(seed), KeylessTable("abcdefg", nulls)  # noqa: S311 - dice of a test

    def statement() -> tuple[Any, ...]:
        pick = dice.choices(("insert", "update", "delete", "add_column", "drop_column"), (8, 6, 4, 0.3, 0.3 if nulls is Nulls.KEEP else 0))[
            0
        ]
        place, value = dice.randrange(40), dice.choice(VALUES)
        arguments = {
            "insert": ([value, dice.choice(VALUES)],),
            "update": (place, dice.randrange(9), value),
            "delete": (place,),
            "add_column": (value,),
            "drop_column": (dice.randrange(9),),
        }
        return pick, *arguments[pick]

    steps = keyless_history(table, [statement() for _ in range(300)])
    while steps:
        size = dice.choice((1, 3, 40))
        target.apply(*steps[:size])
        steps = steps[size:]
    assert table.bag_of(target.documents()) == table.bag()


def test_where_nulls_are_left_out_a_dropped_column_is_told_from_a_renamed_one_by_what_other_documents_have(target: Target) -> None:
    for offset, row in enumerate(({"a": 1, "b": 1, "c": None}, {"a": 2, "b": 2, "c": 5}, {"a": 3, "b": None, "c": None})):
        target.apply(swap(offset, None, row, nulls=Nulls.OMIT))
    target.apply(swap(3, {"a": 1, "c": None}, {"a": 1, "c": 7}, nulls=Nulls.OMIT), swap(4, {"a": 2, "c": 5}, None, nulls=Nulls.OMIT))
    assert target.bodies() == [{"a": 3}, {"a": 1, "c": 7}]


def test_where_nulls_are_left_out_a_column_that_no_older_document_has_may_be_the_dropped_one(target: Target) -> None:
    target.apply(swap(0, None, {"a": 1, "b": 1, "c": None}, nulls=Nulls.OMIT))
    with pytest.raises(RefusedStepError) as refused:
        target.apply(swap(1, {"a": 1, "c": None}, None, nulls=Nulls.OMIT))
    assert "ROW_NOT_FOUND" in str(getattr(refused.value.cause, "code", ""))
    assert target.bodies() == [{"a": 1, "b": 1}]


def test_a_row_from_before_columns_were_added_is_found(target: Target) -> None:
    target.apply(swap(0, None, {"a": 1}), swap(1, None, {"a": 2}), swap(2, None, {"a": 2}))
    target.apply(swap(3, {"a": 2, "b": None}, {"a": 2, "b": 5}), swap(4, {"a": 1, "b": None, "c": 7}, None))
    assert target.bodies() == [{"a": 2}, {"a": 2, "b": 5}]


def test_a_row_from_before_a_column_was_dropped_is_found_and_the_others_take_the_new_shape(target: Target) -> None:
    target.apply(*(swap(offset, None, {"a": offset, "gone": "x", "b": 1}) for offset in range(4)))
    target.apply(swap(4, {"a": 2, "b": 1}, {"a": 2, "b": 3}))
    assert target.bodies() == [{"a": 0, "b": 1}, {"a": 1, "b": 1}, {"a": 2, "b": 3}, {"a": 3, "b": 1}]
    assert target.held.position == 5


def test_a_row_from_before_one_column_was_dropped_and_another_added_is_found(target: Target) -> None:
    target.apply(*(swap(offset, None, {"gone": "x", "a": offset}) for offset in range(3)))
    target.apply(swap(3, {"a": 2, "b": 5}, {"a": 2, "b": 6}))
    assert target.bodies() == [{"a": 0}, {"a": 1}, {"a": 2, "b": 6}]


def test_a_row_is_not_taken_for_an_older_one_that_never_had_a_column_it_has_lost(target: Target) -> None:
    """The first row was there when `x` (now dropped) and `b` (by default 5) were added, and has not changed since."""
    target.apply(swap(0, None, {"a": 1}), swap(1, None, {"a": 1, "x": 9, "b": 3}))
    target.apply(swap(2, {"a": 1, "b": 3}, None))
    assert target.bodies() == [{"a": 1}]
    target.apply(swap(3, None, {"a": 1, "y": 8, "b": 4}), swap(4, {"a": 1, "b": 4}, None), swap(5, {"a": 1, "b": 5}, None))
    assert target.bodies() == []


RENAMED = [({"a": 1, "k": 1}, {"b": 1, "k": 1}), ({"k": 1, "a": 1}, {"k": 1, "b": 1}), ({"k": 1, "a": 1}, {"k": 1, "b": 1, "added": 2})]


@pytest.mark.parametrize(("before", "row"), RENAMED, ids=str)
def test_a_row_from_before_a_column_was_renamed_is_refused_and_no_document_loses_a_value(
    target: Target, before: Document, row: Document
) -> None:
    target.apply(swap(0, None, before), swap(1, None, before))
    with pytest.raises(RefusedStepError) as refused:
        target.apply(swap(2, row, None))
    assert refused.value.cause.code == "ROW_NOT_FOUND"
    assert target.bodies() == [before, before]


def test_rows_from_after_a_column_was_renamed_are_found(target: Target) -> None:
    target.apply(swap(0, None, {"a": 1, "k": 1}), swap(1, None, {"b": 1, "k": 1}), swap(2, {"b": 1, "k": 1}, {"b": 2, "k": 1}))
    target.apply(swap(3, {"b": 2, "k": 1}, None))
    assert target.bodies() == [{"a": 1, "k": 1}]


def test_after_another_worker_had_the_table_its_documents_are_looked_at_again(target: Target) -> None:
    target.apply(swap(0, None, {"a": 1}), swap(1, None, {"a": 1, "x": 9, "b": 3}))
    target.apply(swap(2, {"a": 1, "b": 3}, None))
    other = Target(target.database.client, target.database.name)
    other.apply(swap(3, None, {"a": 1, "y": 8, "b": 4}))
    other.writer.close()
    target.held = target.sink.claim(PARTITION)
    target.apply(swap(4, {"a": 1, "b": 4}, None))
    assert target.bodies() == [{"a": 1}]


def test_documents_are_looked_at_once_for_each_change_of_the_columns(target: Target, asked: list[CommandStartedEvent]) -> None:
    target.apply(*(swap(offset, None, {"a": offset, "gone": 1}) for offset in range(60)))
    for offset in range(60, 120, 20):
        target.apply(*(swap(offset + each, {"a": offset - 60 + each}, None) for each in range(20)))
    assert target.documents() == []
    assert sum("$setIsSubset" in str(event.command) for event in asked) == 1


def test_a_row_that_no_document_equals_is_refused_and_named(target: Target) -> None:
    target.apply(swap(0, None, {"a": 1, "text": "x"}))
    with pytest.raises(RefusedStepError) as refused:
        target.apply(swap(1, {"a": 1, "text": "x"}, None), swap(2, {"a": 1, "text": "x" * 900}, None), swap(3, None, {"a": 3}))
    assert (refused.value.position, refused.value.cause.code) == (position(2), "ROW_NOT_FOUND")
    assert "xxx" not in str(refused.value.cause)
    assert target.bodies() == []


@pytest.mark.parametrize(("stored", "row"), [(1.5, -1.5), (0.0, -0.0), ("1", 1), ([1, 2], [2, 1]), (None, 0)])
def test_values_that_are_not_the_same_are_not_taken_for_each_other(target: Target, stored: Any, row: Any) -> None:
    target.apply(swap(0, None, {"a": stored}))
    with pytest.raises(WriteRefusedError):
        target.sink.apply([part([swap(1, {"a": row}, None)])], {PARTITION: target.held})
    assert len(target.documents()) == 1


def test_not_a_number_is_found(target: Target) -> None:
    target.apply(swap(0, None, {"a": float("nan")}))
    target.apply(swap(1, {"a": float("nan")}, None))
    assert target.documents() == []


def test_documents_of_other_jobs_are_left_alone_by_a_job_that_has_read_every_row(target: Target) -> None:
    foreign = {"_id": row_id({"a": 1}, {"job": "0" * 24, "generation": 1}, position(0)), "a": 1}
    target.collection.insert_one(foreign)
    with pytest.raises(WriteRefusedError):
        target.sink.apply([part([swap(0, {"a": 1}, None)])], {PARTITION: target.held})
    assert target.documents() == [foreign]


def test_a_job_without_a_snapshot_changes_the_documents_it_finds_and_adds_those_it_does_not(target: Target) -> None:
    owner = {"job": "0" * 24, "generation": 1}
    target.collection.insert_one({"_id": row_id({"a": 1, "x": 7}, owner, position(0)), "a": 1, "x": 7})
    target.apply(swap(0, {"a": 1}, {"a": 2}, required=False), swap(1, {"a": 8}, {"a": 9}, required=False))
    target.apply(swap(2, {"a": 5}, None, required=False))
    assert target.bodies() == [{"a": 2}, {"a": 9}]


def test_a_change_reads_few_of_many_equal_documents(target: Target, asked: list[CommandStartedEvent]) -> None:
    equal = [{"_id": row_id({"a": 0}, OWNER, position(-offset)), "a": 0} for offset in range(1, 5_001)]
    target.collection.insert_many(equal)
    target.apply(*(swap(offset, None, {"a": 1 + offset}) for offset in range(20)))
    asked.clear()
    target.apply(swap(20, {"a": 0}, None), *(swap(21 + offset, {"a": 1 + offset}, {"a": -1}) for offset in range(20)))
    assert target.collection.count_documents({"a": 0}) == 4_999
    assert target.collection.count_documents({"a": -1}) == 20
    assert all(event.command["limit"] <= 1_100 for event in asked if event.command_name == "find" and event.command["find"] == COLLECTION)


def test_a_worker_that_froze_while_it_reshaped_changes_nothing_that_its_successor_wrote(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK_DOCUMENTS", 2)
    target.apply(*(swap(offset, None, {"a": offset, "gone": 1}) for offset in range(5)))
    run, meanwhile = target.sink._transactions.run, [target]

    def frozen(work: Any, *, divisible: bool = False) -> Any:
        done = run(work, divisible=divisible)
        if meanwhile:
            meanwhile.pop()
            other = Target(target.database.client, target.database.name)
            other.apply(*(swap(5 + offset, {"a": offset}, {"a": 9}) for offset in range(5)))
            other.writer.close()
        return done

    monkeypatch.setattr(target.sink._transactions, "run", frozen)
    with pytest.raises(FencedError):
        target.apply(swap(5, {"a": 0}, {"a": 9}))
    assert target.bodies() == [{"a": 9}] * 5


def test_the_table_whose_documents_are_reshaped_is_the_one_that_is_fenced(target: Target) -> None:
    other = ChangePartition("other", 0)
    target.database[CHECKPOINTS].insert_one(Checkpoint(OWNER["job"], 1, *other).stored())
    target.apply(swap(0, None, {"a": 1, "gone": 1}))
    held = {PARTITION: target.held, other: target.sink.claim(other)}
    slices = [replace(part([swap(0, None, {"a": 5})]), partition=other), part([swap(1, {"a": 1}, None)])]
    MongoSink(target.database.client, target.database.name, OWNER["job"], 1).claim(PARTITION)
    with pytest.raises(FencedError):
        target.sink.apply(slices, held)
    assert target.bodies() == [{"a": 1, "gone": 1}]


def test_a_truncated_table_takes_rows_again(target: Target) -> None:
    target.apply(swap(0, None, {"a": 1}), step(Clear(COLLECTION, position(1)), "t"), swap(2, None, {"a": 1}), swap(3, {"a": 1}, {"a": 2}))
    assert target.bodies() == [{"a": 2}]
    assert target.held.counts == {"c": 2, "t": 1, "u": 1}
