"""What every sink promises, whether it is MongoDB or the fake that tests use."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Protocol

import pytest
from bson import Binary, Decimal128, Int64
from bson.datetime_ms import DatetimeMS
from pymongo import MongoClient
from tests.fakes.keyless import swap
from tests.fakes.memory_sink import MemorySink
from tests.fakes.rows import COLLECTION, PARTITION, part, position, step
from tests.integration.sink.conftest import mongodb  # noqa: F401 - a fixture

from pipeline.errors import FencedError, WriteRefusedError
from pipeline.sink.batch import ChangePartition, Slice, Step
from pipeline.sink.checkpoint import COLLECTION as CHECKPOINTS
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.client import connect
from pipeline.sink.document import Document
from pipeline.sink.half_changes import COLLECTION as HALF_CHANGES
from pipeline.sink.mongo import MongoSink
from pipeline.sink.write import Clear, Delete, Insert, Move, Replace, Set
from stack.mongodb import MongoDB

JOB, GENERATION = "65f000000000000000000001", 1
OTHER = ChangePartition("other", 0)


class Subject(Protocol):
    """A sink, and a look at what it holds."""

    sink: MongoSink | MemorySink

    def documents(self, collection: str = COLLECTION) -> dict[Any, Document]:
        """The documents by `_id`."""
        ...

    def half_changes(self) -> list[tuple[str, Any]]:
        """Collection and `_id` of the rows whose second halves never came."""
        ...

    def count(self) -> int:
        """How many documents there are."""
        ...

    def another(self) -> MongoSink | MemorySink:
        """The same sink as another worker has it."""
        ...

    def close(self) -> None:
        """Close the generation, as the supervisor does at a job's end."""
        ...


class Memory:
    """The fake."""

    def __init__(self) -> None:
        self.sink = MemorySink([PARTITION, OTHER])

    def documents(self, collection: str = COLLECTION) -> dict[Any, Document]:
        return {document["_id"]: document for document in self.sink.documents(collection)}

    def half_changes(self) -> list[tuple[str, Any]]:
        return [(each["collection"], each["id"]) for each in self.sink.half_changes]

    def count(self) -> int:
        return len(self.sink.documents(COLLECTION))

    def another(self) -> MemorySink:
        return self.sink

    def close(self) -> None:
        self.sink.closed = True


class Mongo:
    """The real one."""

    def __init__(self, client: MongoClient[Document]) -> None:
        self.client = client
        self.name = f"contract_{uuid.uuid4().hex}"
        self.database = client[self.name]
        for partition in (PARTITION, OTHER):
            self.database[CHECKPOINTS].insert_one(Checkpoint(JOB, GENERATION, *partition).stored())
        self.database.create_collection(COLLECTION)
        self.sink = self.another()

    def documents(self, collection: str = COLLECTION) -> dict[Any, Document]:
        return {document["_id"]: document for document in self.database[collection].find()}

    def half_changes(self) -> list[tuple[str, Any]]:
        return [(each["collection"], each["id"]) for each in self.database[HALF_CHANGES].find({"job": JOB, "generation": GENERATION})]

    def count(self) -> int:
        return self.database[COLLECTION].count_documents({})

    def another(self) -> MongoSink:
        return MongoSink(self.client, self.name, JOB, GENERATION)

    def close(self) -> None:
        self.database[CHECKPOINTS].update_many({}, {"$inc": {"epoch": 1}, "$set": {"closed": True}})


@pytest.fixture(params=["memory", "mongodb"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "memory":
        yield Memory()
        return
    server: MongoDB = request.getfixturevalue("mongodb")
    with connect(server.url) as client:
        mongo = Mongo(client)
        yield mongo
        client.drop_database(mongo.name)


@pytest.fixture
def run(subject: Subject) -> Callable[..., Checkpoint]:
    """Applies steps as the next batch of the partition."""
    held = {PARTITION: subject.sink.claim(PARTITION)}

    def apply(*steps: Step, end: int | None = None) -> Checkpoint:
        (held[PARTITION],) = subject.sink.apply([part(steps, end)], held)
        return held[PARTITION]

    return apply


def insert(key: Any, offset: int, **fields: Any) -> Step:
    return step(Insert(COLLECTION, key, {"_id": key, **fields}, position(offset)))


def replaced(key: Any, offset: int, **fields: Any) -> Step:
    return step(Replace(COLLECTION, key, {"_id": key, **fields}, position(offset)), "u")


def partial(key: Any, offset: int, *unavailable: str, **fields: Any) -> Step:
    return step(Set(COLLECTION, key, {"_id": key, **fields}, unavailable, position(offset)), "u")


def deleted(key: Any, offset: int, moved_to: Any = None) -> Step:
    return step(Delete(COLLECTION, key, position(offset), moved_to), "" if moved_to is not None else "d")


def test_a_batch_is_applied_and_its_checkpoint_moves(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    checkpoint = run(insert(1, 0, a=1), insert(2, 1, a=2), replaced(1, 2, a=3), deleted(2, 3), end=6)
    assert subject.documents() == {1: {"_id": 1, "a": 3}}
    assert (checkpoint.position, checkpoint.counts) == (6, {"c": 2, "u": 1, "d": 1})
    assert subject.another().claim(PARTITION).position == 6


def test_an_insert_of_a_document_that_exists_replaces_it(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0, old=True))
    run(insert(1, 1, new=True), insert(2, 2))
    assert subject.documents() == {1: {"_id": 1, "new": True}, 2: {"_id": 2}}


def test_a_replace_of_a_document_that_is_missing_inserts_it(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0))
    run(replaced(1, 1, a=1), replaced(2, 2, a=2))
    assert subject.documents() == {1: {"_id": 1, "a": 1}, 2: {"_id": 2, "a": 2}}


def test_fields_that_are_neither_known_nor_unavailable_disappear(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0, kept="big", dropped=1, known=1))
    run(partial(1, 1, "kept", known=2))
    assert subject.documents() == {1: {"_id": 1, "known": 2, "kept": "big"}}


def test_a_value_left_out_that_is_null_stays_null(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0, big=None))
    run(partial(1, 1, "big", known=2))
    assert subject.documents() == {1: {"_id": 1, "known": 2, "big": None}}


@pytest.mark.parametrize("name", ["renamed", "a.b", "$a"])
@pytest.mark.parametrize("size", [1, 3])
def test_a_value_left_out_that_the_document_lacks_is_refused_and_not_lost(
    subject: Subject, run: Callable[..., Checkpoint], name: str, size: int
) -> None:
    run(insert(1, 0, big="x"), insert(3, 1))
    moves = [deleted(1, 2, moved_to=2), step(Move(COLLECTION, 2, 1, {"_id": 2}, (name,), position(3)), "u")]
    for steps in ([partial(1, 2, "big", name)], [partial(1, 2, "big"), partial(1, 3, name)], [replaced(4, 2), partial(1, 3, name)], moves):
        with pytest.raises(WriteRefusedError, match=r"renamed|a\.b|\$a|values") as refused:
            run(*steps, *(replaced(3, 4 + number) for number in range(size)))
        assert refused.value.code == "VALUES_UNAVAILABLE"
        assert subject.documents() == {1: {"_id": 1, "big": "x"}, 3: {"_id": 3}}


def test_a_partial_change_without_a_document_is_refused_and_nothing_is_applied(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    with pytest.raises(WriteRefusedError):
        run(insert(1, 0), partial(2, 1, "big", a=1))
    assert subject.documents() == {}
    assert subject.another().claim(PARTITION).position == 0


@pytest.mark.parametrize("name", ["a.b", "$a", "a$b", "$", "."])
def test_names_with_dots_and_dollars_survive_every_write(subject: Subject, run: Callable[..., Checkpoint], name: str) -> None:
    run(insert(1, 0, **{name: 1, "big": "x", "$big": "y"}))
    run(replaced(1, 1, **{name: 2, "big": "x", "$big": "y"}))
    run(partial(1, 2, "big", "$big", **{name: 3}))
    assert subject.documents() == {1: {"_id": 1, name: 3, "big": "x", "$big": "y"}}


@pytest.mark.parametrize("key", [{"b": 1, "a": "x"}, "", "text", 2**62, 1.5, True])
def test_any_key_can_be_written_and_deleted(subject: Subject, run: Callable[..., Checkpoint], key: Any) -> None:
    run(insert(key, 0))
    run(replaced(key, 1, a=1))
    assert subject.count() == 1
    run(deleted(key, 2))
    assert subject.count() == 0


KEYS_READ_BACK = [
    [1, Int64(2**40)],
    [Decimal128("1.10"), Decimal128("2.20")],
    [DatetimeMS(1_767_225_600_000), DatetimeMS(10**17)],
    [Binary(b"0123456789abcdef", 4), Binary(b"fedcba9876543210", 4)],
    [Binary(b"one", 0), b"two"],
    [{"a": DatetimeMS(5), "b": Int64(1)}, {"a": DatetimeMS(6), "b": Int64(1)}],
    [1.5, float("nan")],
    ["one", "two"],
    [True, False],
]


@pytest.mark.parametrize("keys", KEYS_READ_BACK, ids=str)
def test_keys_of_any_type_are_told_apart_when_some_documents_are_missing(
    subject: Subject, run: Callable[..., Checkpoint], keys: list[Any]
) -> None:
    run(insert(keys[0], 0, version=1))
    run(*(replaced(key, 1 + number, version=2) for number, key in enumerate(keys)))
    run(deleted(keys[0], 3, moved_to=keys[1]), step(Move(COLLECTION, keys[1], keys[0], {"_id": keys[1]}, ("version",), position(4)), "u"))
    assert subject.count() == 1


def test_a_moved_row_keeps_its_unavailable_values(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0, big="x", a=1))
    run(deleted(1, 1, moved_to=2), step(Move(COLLECTION, 2, 1, {"_id": 2, "a": 2}, ("big",), position(2)), "u"))
    assert subject.documents() == {2: {"_id": 2, "a": 2, "big": "x"}}


def test_a_moved_row_keeps_its_values_when_a_batch_ends_between_its_two_halves(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0, big="x", a=1))
    run(deleted(1, 1, moved_to=2))
    assert subject.documents() == {}
    checkpoint = run(step(Move(COLLECTION, 2, 1, {"_id": 2, "a": 2}, ("big",), position(2)), "u"))
    assert subject.documents() == {2: {"_id": 2, "a": 2, "big": "x"}}
    assert checkpoint.counts == {"c": 1, "u": 1}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_row_whose_second_half_never_comes_moves_with_its_values_counts_and_is_kept_for_reading_again(
    subject: Subject, run: Callable[..., Checkpoint], size: int
) -> None:
    steps = [insert(1, 0, big="x", a=1), deleted(1, 1, moved_to=2), replaced(9, 3), deleted(9, 4, moved_to=8)]
    for first in range(0, len(steps), size):
        checkpoint = run(*steps[first : first + size])
    assert subject.documents() == {2: {"_id": 2, "big": "x", "a": 1}}
    assert checkpoint.counts == {"c": 1, "u": 2}
    assert subject.half_changes() == [(COLLECTION, 2)]
    checkpoint = run(step(Clear(COLLECTION, position(5)), "t"))
    assert subject.documents() == {}
    assert checkpoint.counts == {"c": 1, "u": 3, "t": 1}


def born(key: int, offset: int, **fields: Any) -> Step:
    """A new row of a table whose key is deferrable."""
    return step(Insert(COLLECTION, key, {"_id": key, **fields}, position(offset), deferrable=True))


def changed(before: Document, offset: int, *, required: bool = True, **fields: Any) -> Step:
    return step(Replace(COLLECTION, before["_id"], before | fields, position(offset), before, required), "u")


def left(row: Document, offset: int, moved_to: Any = None, *, required: bool = True) -> Step:
    return step(Delete(COLLECTION, row["_id"], position(offset), moved_to, row, required), "" if moved_to is not None else "d")


def moved(before: Document, offset: int, key: int, *, required: bool = True) -> list[Step]:
    """A row changes its deferrable key, and the change leaves out its big value."""
    small = {name: value for name, value in before.items() if name != "big"} | {"_id": key}
    move = Move(COLLECTION, key, before["_id"], small, ("big",), position(offset + 1), deferrable=True)
    return [left(before, offset, key, required=required), step(move, "u")]


NAN, TWO, THREE = float("nan"), {"_id": 2, "v": "two", "big": "b2"}, {"_id": 3, "v": "three", "big": "b3"}
MEETINGS: dict[str, tuple[list[Step], list[Document]]] = {
    "two exchange their keys": (
        [*moved(TWO, 2, 3), *moved(THREE, 4, 2)],
        [THREE | {"_id": 2}, TWO | {"_id": 3}],
    ),
    "a row is inserted before the other leaves": (
        [born(2, 2, v="new", big=NAN), left(TWO, 3), changed({"_id": 2, "v": "new", "big": NAN}, 4, v="newer", big="b")],
        [{"_id": 2, "v": "newer", "big": "b"}, THREE],
    ),
    "the inserted row leaves": ([born(2, 2, v="new", big="b"), left({"_id": 2, "v": "new", "big": "b"}, 3)], [TWO, THREE]),
    "the inserted row moves on": (
        [born(2, 2, v="new", big="b"), *moved({"_id": 2, "v": "new", "big": "b"}, 3, 4)],
        [TWO, THREE, {"_id": 4, "v": "new", "big": "b"}],
    ),
    "the older is changed and leaves": (
        [*moved(TWO, 2, 3), changed(THREE, 4, v="changed"), left(THREE | {"v": "changed"}, 5)],
        [TWO | {"_id": 3}],
    ),
    "the older is changed and stays": (
        [*moved(TWO, 2, 3), changed(THREE, 4, v="changed"), left(TWO | {"_id": 3}, 5)],
        [THREE | {"v": "changed"}],
    ),
    "the newer is changed and the older moves on": (
        [*moved(TWO, 2, 3), changed(TWO | {"_id": 3}, 4, v="changed"), *moved(THREE, 5, 4)],
        [TWO | {"_id": 3, "v": "changed"}, THREE | {"_id": 4}],
    ),
    "three rows, of which the first and the last leave": (
        [born(2, 2, v="a"), born(2, 3, v="b"), left({"_id": 2, "v": "b"}, 4), left(TWO, 5)],
        [{"_id": 2, "v": "a"}, THREE],
    ),
}


@pytest.mark.parametrize("size", [1, 2, 3, 6])
@pytest.mark.parametrize("meeting", MEETINGS)
def test_of_rows_that_hold_one_deferrable_key_each_change_meets_its_own_however_the_batches_fall(
    subject: Subject, run: Callable[..., Checkpoint], meeting: str, size: int
) -> None:
    run(*(step(Insert(COLLECTION, row["_id"], row, position(number)), "r", None) for number, row in enumerate([TWO, THREE])))
    steps, expected = MEETINGS[meeting]
    for first in range(0, len(steps), size):
        run(*steps[first : first + size])
    assert subject.documents() == {row["_id"]: row for row in expected}
    run(step(Delete(COLLECTION, expected[0]["_id"], position(8), gone=expected[0]), "d", "2"))
    assert subject.documents() == {row["_id"]: row for row in expected[1:]}


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_keys_are_shifted_over_rows_that_have_no_documents(subject: Subject, run: Callable[..., Checkpoint], size: int) -> None:
    rows = [{"_id": key, "v": str(key), "big": "b"} for key in range(3)]
    steps = [each for offset, row in enumerate(rows) for each in moved(row, 2 * offset, row["_id"] + 1, required=False)]
    steps.append(changed(rows[1] | {"_id": 2}, 6, required=False, v="changed"))
    for first in range(0, len(steps), size):
        run(*steps[first : first + size])
    shifted = {row["_id"] + 1: row | {"_id": row["_id"] + 1} for row in rows}
    assert subject.documents() == shifted | {2: {"_id": 2, "v": "changed", "big": "b"}}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_row_that_moves_over_a_left_over_document_takes_its_place(subject: Subject, run: Callable[..., Checkpoint], size: int) -> None:
    run(insert(1, 0, v="one"), insert(2, 1, v="left over"))
    arrived = step(Move(COLLECTION, 2, 1, {"_id": 2, "v": "one"}, (), position(3)), "u")
    steps = [deleted(1, 2, moved_to=2), arrived, deleted(2, 4)]
    for first in range(0, len(steps), size):
        run(*steps[first : first + size])
    assert subject.documents() == {}


def clear(offset: int) -> Step:
    return step(Clear(COLLECTION, position(offset)), "t")


def test_a_truncate_leaves_no_document_and_what_follows_stays(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0), insert({"a": 1}, 1), insert("x", 2))
    cleared = run(clear(3), end=5)
    assert (subject.count(), cleared.position, cleared.counts) == (0, 5, {"c": 3, "t": 1})
    assert subject.another().claim(PARTITION) == replace(cleared, epoch=cleared.epoch + 1)


def test_a_truncate_of_an_empty_table_is_counted(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    assert run(clear(0)).counts == {"t": 1}
    run(insert(1, 1))
    assert subject.documents() == {1: {"_id": 1}}


def test_a_truncate_takes_the_rows_between_two_keys_with_it(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(*(step(Insert(COLLECTION, row["_id"], row, position(number)), "r", None) for number, row in enumerate([TWO, THREE])))
    run(*moved(TWO, 2, 3))
    run(clear(4))
    run(born(3, 5))
    run(left({"_id": 3}, 6))
    assert subject.documents() == {}


def test_a_truncate_leaves_other_collections_alone(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0), step(Insert("other", 1, {"_id": 1}, position(1))))
    run(clear(2))
    assert (subject.documents(), subject.documents("other")) == ({}, {1: {"_id": 1}})


def test_a_worker_whose_partition_was_claimed_by_another_truncates_nothing(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0))
    subject.another().claim(PARTITION)
    with pytest.raises(FencedError):
        run(clear(1))
    assert subject.documents() == {1: {"_id": 1}}


def test_several_partitions_move_together_or_not_at_all(subject: Subject) -> None:
    held = {each: subject.sink.claim(each) for each in (PARTITION, OTHER)}
    subject.another().claim(OTHER)
    slices = [part([insert(1, 0)]), Slice(OTHER, [insert(2, 0)], 1)]
    with pytest.raises(FencedError):
        subject.sink.apply(slices, held)
    assert subject.documents() == {}
    assert subject.sink.renew(held[PARTITION]).position == 0


def test_a_worker_whose_partition_was_claimed_by_another_writes_nothing_more(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    known = run(insert(1, 0))
    claimed = subject.another().claim(PARTITION)
    assert claimed.position == 1
    with pytest.raises(FencedError):
        run(insert(2, 1))
    with pytest.raises(FencedError):
        subject.sink.renew(known)
    assert subject.documents() == {1: {"_id": 1}}


def test_a_closed_generation_takes_no_writes_and_no_claims(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(insert(1, 0))
    subject.close()
    with pytest.raises(FencedError):
        subject.another().claim(PARTITION)
    with pytest.raises(FencedError):
        run(insert(2, 1))
    assert subject.documents() == {1: {"_id": 1}}


def test_a_checkpoint_moves_past_markers_without_any_write(run: Callable[..., Checkpoint]) -> None:
    assert run(end=7).position == 7
    assert run(insert(1, 7)).position == 8


def bodies(subject: Subject) -> list[Document]:
    """The documents but for their `_id`s."""
    found = subject.sink.documents(COLLECTION) if isinstance(subject, Memory) else list(subject.database[COLLECTION].find())
    return sorted(({name: value for name, value in each.items() if name != "_id"} for each in found), key=str)


def test_of_equal_rows_without_a_key_each_change_meets_one(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(swap(0, None, {"a": 1}), swap(1, None, {"a": 1}), swap(2, None, {"a": 1}))
    run(swap(3, {"a": 1}, {"a": 2}))
    checkpoint = run(swap(4, {"a": 1}, None))
    assert bodies(subject) == [{"a": 1}, {"a": 2}]
    assert (checkpoint.position, checkpoint.counts) == (5, {"c": 3, "u": 1, "d": 1})


def test_a_row_without_a_key_is_followed_within_a_batch(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(swap(0, None, {"a": 1}))
    run(swap(1, {"a": 1}, {"a": 2}), swap(2, None, {"a": 2}), swap(3, {"a": 2}, {"a": 3}), swap(4, {"a": 3}, {"a": 4}))
    assert bodies(subject) == [{"a": 2}, {"a": 4}]


def test_an_update_of_a_row_without_a_key_to_what_it_was_changes_nothing(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(swap(0, None, {"a": 1}), swap(1, None, {"a": 1}))
    run(swap(2, {"a": 1}, {"a": 1}))
    assert bodies(subject) == [{"a": 1}, {"a": 1}]


@pytest.mark.parametrize(
    ("stored", "row"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": 0.0}, {"a": -0.0}),
        ({"a": Decimal128("1.0")}, {"a": Decimal128("1.00")}),
        ({"a": 1}, {"a": Int64(1)}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 2, "b": 1}}),
    ],
    ids=str,
)
def test_a_row_without_a_key_that_no_document_equals_is_refused_with_all_of_its_batch(
    subject: Subject, run: Callable[..., Checkpoint], stored: Document, row: Document
) -> None:
    run(swap(0, None, stored))
    with pytest.raises(WriteRefusedError) as refused:
        run(swap(1, None, {"a": 9}), swap(2, row, None))
    assert refused.value.code == "ROW_NOT_FOUND"
    assert bodies(subject) == [stored]
    assert subject.another().claim(PARTITION).position == 1


def test_a_row_without_a_key_that_need_not_have_a_document_comes_all_the_same(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(swap(0, {"a": 1}, {"a": 2}, required=False), swap(1, {"a": 3}, None, required=False))
    assert bodies(subject) == [{"a": 2}]


def test_a_truncate_takes_the_rows_without_a_key(subject: Subject, run: Callable[..., Checkpoint]) -> None:
    run(swap(0, None, {"a": 1}), swap(1, None, {"a": 1}))
    run(clear(2))
    run(swap(3, None, {"a": 1}), swap(4, None, {"a": 5}), swap(5, {"a": 1}, None))
    assert bodies(subject) == [{"a": 5}]


def test_a_worker_whose_partition_was_claimed_by_another_changes_no_row_without_a_key(
    subject: Subject, run: Callable[..., Checkpoint]
) -> None:
    run(swap(0, None, {"a": 1}), swap(1, None, {"a": 1}))
    subject.another().claim(PARTITION)
    with pytest.raises(FencedError):
        run(swap(2, {"a": 1}, None))
    assert bodies(subject) == [{"a": 1}, {"a": 1}]
