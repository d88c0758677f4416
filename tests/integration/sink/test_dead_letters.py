"""What cannot be applied is kept in the batch's transaction, counted, closed by later changes, and applied again when asked."""

import pytest
from bson import ObjectId
from tests.fakes.rows import COLLECTION, PARTITION, insert, part, position, step
from tests.integration.sink.letters import OPEN, REPLAYED, SUPERSEDED, ask, failing, letters, replaced, replay, statuses
from tests.integration.sink.shared_target import GENERATION, JOB, Target, Worker

from pipeline.sink.dead_letters import TOLERANCE, ToleranceExceededError, tolerance_id
from pipeline.sink.letter import LARGEST_VALUE_BYTES
from pipeline.sink.write import Clear, Delete, Insert, Move, Replace, Set
from pipeline.worker.writer import Parts, RefusedStepError

RANDOM = ObjectId().binary * 1_000_000


@pytest.fixture
def worker(target: Target) -> Worker:
    return target.worker(tolerance=None)


def test_a_failure_is_kept_with_its_record_and_counted_with_the_batch(target: Target, worker: Worker) -> None:
    worker.apply(insert(1, 0), failing(2, 1), failing(3, 2), failing(4, 3, code="DECODE"), insert(5, 4))
    assert target.ids() == {1, 5}
    first, second, third = letters(target)
    assert (first.table, first.collection, first.document_id, first.operation) == ("public.rows", COLLECTION, 2, "u")
    assert (first.code, first.reason, first.suggestion, first.column) == ("MAPPING", "no BSON", "Mend it.", "price")
    assert (first.key, first.status, first.job, first.generation) == ({"id": "2"}, OPEN, JOB, GENERATION)
    assert first.record is not None
    assert first.record == failing(2, 1).write.record  # type: ignore[union-attr]
    assert (second.code, third.code) == ("MAPPING", "DECODE")
    counts = {(each["table"], each["code"]): (each["count"], each["place"]) for each in target.checkpoint()["failures"]}
    assert counts == {("public.rows", "MAPPING"): (2, str(position(1))), ("public.rows", "DECODE"): (1, str(position(3)))}
    assert target.checkpoint()["openLetters"] == 3


def test_a_record_that_is_too_large_is_pointed_at_only(target: Target, worker: Worker) -> None:
    worker.apply(failing(2, 1, value=RANDOM[: LARGEST_VALUE_BYTES + 1_000]), failing(3, 2, value=b"x" * 60_000_000))
    noise, squeezed = letters(target)
    assert (noise.size, noise.record, noise.position) == (LARGEST_VALUE_BYTES + 1_000, None, position(1)) or noise.record is not None
    assert squeezed.record is not None
    assert squeezed.record.value == b"x" * 60_000_000


def test_later_changes_of_the_row_close_its_letters_and_no_others(target: Target, worker: Worker) -> None:
    worker.apply(*(failing(key, key) for key in range(1, 7)))
    worker.apply(replaced(1, 10), step(Delete(COLLECTION, 2, position(11)), "d"), insert(3, 12), failing(4, 13))
    worker.apply(step(Move(COLLECTION, 5, 6, {"_id": 5}, (), position(14)), "u"))
    assert statuses(target) == {1: SUPERSEDED, 2: SUPERSEDED, 3: SUPERSEDED, 4: OPEN, 5: SUPERSEDED, 6: SUPERSEDED, 13: OPEN}
    assert letters(target)[0].closed_by == str(position(10))
    assert target.checkpoint()["openLetters"] == 2


def test_a_truncate_closes_all_of_its_collection(target: Target, worker: Worker) -> None:
    worker.apply(failing(1, 1), failing(None, 2))
    worker.apply(step(Clear(COLLECTION, position(3)), "t"))
    assert set(statuses(target).values()) == {SUPERSEDED}
    assert target.checkpoint()["openLetters"] == 0


def test_a_change_that_rests_on_a_failed_one_fails_too_and_both_are_replayed_in_order(target: Target, worker: Worker) -> None:
    worker.apply(insert(1, 0, big="old", small=0))
    worker.apply(failing(1, 1))
    worker.apply(step(Set(COLLECTION, 1, {"_id": 1, "small": 2}, ("big",), position(2)), "u"))
    assert [letter.code for letter in letters(target)] == ["MAPPING", "EARLIER_FAILURE"]
    assert target.collection.find_one() == {"_id": 1, "big": "old", "small": 0}
    later = Set(COLLECTION, 1, {"_id": 1, "small": 2}, ("big",), position(2))
    ask(target, 2)
    replay(worker, at2=later)
    assert statuses(target) == {1: OPEN, 2: OPEN}, "alone it would keep an old value"
    ask(target)
    replay(worker, at1=Replace(COLLECTION, 1, {"_id": 1, "big": "new", "small": 1}, position(1)), at2=later)
    assert target.collection.find_one() == {"_id": 1, "big": "new", "small": 2}
    assert set(statuses(target).values()) == {REPLAYED}
    assert target.checkpoint()["openLetters"] == 0


def test_a_replay_counts_nothing_and_leaves_the_position(target: Target, worker: Worker) -> None:
    worker.apply(failing(1, 5))
    before = target.checkpoint()
    ask(target)
    replay(worker, at5=Insert(COLLECTION, 1, {"_id": 1}, position(5)))
    after = target.checkpoint()
    assert target.ids() == {1}
    assert (after["position"], after["counts"], after["failures"]) == (before["position"], before["counts"], before["failures"])
    worker.apply(insert(2, 6))
    assert target.ids() == {1, 2}, "the worker goes on"


def test_a_letter_that_fails_again_waits_and_costs_the_others_nothing(target: Target, worker: Worker) -> None:
    target.collection.create_index("code", unique=True, sparse=True)
    worker.apply(insert(9, 0, code="taken"), failing(1, 1), failing(2, 2), failing(3, 3))
    ask(target)
    replay(
        worker,
        at1=Insert(COLLECTION, 1, {"_id": 1}, position(1)),
        at2=Insert(COLLECTION, 2, {"_id": 2, "code": "taken"}, position(2)),
    )
    assert statuses(target) == {1: REPLAYED, 2: OPEN, 3: OPEN}
    assert [(each.code, each.attempts) for each in letters(target)] == [("MAPPING", 1), ("UNIQUE_INDEX", 1), ("STILL", 1)]
    assert target.checkpoint()["openLetters"] == 2
    assert not worker.sink.asked_letters(worker.held)


def test_the_newest_letter_of_a_row_alone_closes_the_older_and_the_oldest_alone_leaves_the_newer(target: Target, worker: Worker) -> None:
    worker.apply(failing(1, 1), failing(1, 2), failing(2, 3), failing(2, 4))
    ask(target, 2, 3)
    replay(worker, at2=Replace(COLLECTION, 1, {"_id": 1, "v": 2}, position(2)), at3=Replace(COLLECTION, 2, {"_id": 2, "v": 3}, position(3)))
    assert statuses(target) == {1: SUPERSEDED, 2: REPLAYED, 3: REPLAYED, 4: OPEN}


def test_a_row_that_could_not_move_keeps_its_old_document_for_its_replay(target: Target, worker: Worker) -> None:
    worker.apply(insert(1, 0, big="b", small=0))
    worker.apply(step(Delete(COLLECTION, 1, position(1), 2), ""), failing(2, 2, old_id=1))
    assert target.ids() == set()
    assert letters(target)[0].left == {"_id": 1, "big": "b", "small": 0}
    worker.apply(insert(1, 3, big="another row"))
    ask(target)
    replay(worker, at2=Move(COLLECTION, 2, 1, {"_id": 2, "small": 1}, ("big",), position(2)))
    assert target.collection.find_one({"_id": 2}) == {"_id": 2, "small": 1, "big": "b"}
    assert target.collection.find_one({"_id": 1}) == {"_id": 1, "big": "another row"}


@pytest.mark.parametrize("batches", ["one", "several"])
def test_the_letters_of_a_row_go_along_when_its_key_changes_without_all_its_values(target: Target, worker: Worker, batches: str) -> None:
    """A refused change has set what the change of the key leaves out, and another row has the old key by then."""
    made = [
        insert(1, 0, big="old", small=0),
        failing(1, 1),
        failing(1, 2),
        step(Delete(COLLECTION, 1, position(3), moved_to=5), ""),
        step(Move(COLLECTION, 5, 1, {"_id": 5, "small": 3}, ("big",), position(4)), "u"),
        insert(1, 5, big="another row's", small=9),
        step(Delete(COLLECTION, 5, position(6), moved_to=7), ""),
        step(Move(COLLECTION, 7, 5, {"_id": 7, "small": 4}, ("big",), position(7)), "u"),
    ]
    for steps in [made] if batches == "one" else [[each] for each in made]:
        worker.apply(*steps)
    assert target.collection.find_one({"_id": 1}) == {"_id": 1, "big": "another row's", "small": 9}
    assert [(letter.document_id, letter.status) for letter in letters(target)] == [(7, OPEN)] * 4
    assert [letter.left for letter in letters(target)] == [{"_id": 1, "big": "old", "small": 0}, None, None, None]
    first_set = Set(COLLECTION, 1, {"_id": 1, "small": 1}, ("big",), position(1))
    then_set = Replace(COLLECTION, 1, {"_id": 1, "big": "new", "small": 2}, position(2))
    moved, again = made[4].write, made[7].write
    ask(target, 7)
    replay(worker, at7=again)
    assert set(statuses(target).values()) == {OPEN}, "alone it would lack a value"
    ask(target)
    replay(worker, at1=first_set, at2=then_set, at4=moved, at7=again)
    assert list(target.collection.find().sort("_id", 1)) == [
        {"_id": 1, "big": "another row's", "small": 9},
        {"_id": 7, "big": "new", "small": 4},
    ]
    assert set(statuses(target).values()) == {REPLAYED}
    assert target.checkpoint()["openLetters"] == 0


def test_a_row_that_moved_with_a_letter_rests_on_the_document_that_it_left(target: Target, worker: Worker) -> None:
    worker.apply(insert(1, 0, big="old", small=0), failing(1, 1))
    moved = Move(COLLECTION, 5, 1, {"_id": 5, "small": 3}, ("big",), position(3))
    worker.apply(step(Delete(COLLECTION, 1, position(2), moved_to=5), ""), step(moved, "u"))
    ask(target)
    replay(worker, at1=Set(COLLECTION, 1, {"_id": 1, "small": 1}, ("big",), position(1)), at3=moved)
    assert list(target.collection.find()) == [{"_id": 5, "big": "old", "small": 3}]
    assert target.checkpoint()["openLetters"] == 0


def test_a_worker_that_has_lost_the_partition_replays_nothing(target: Target, worker: Worker) -> None:
    worker.apply(failing(1, 1))
    ask(target)
    target.worker()
    with pytest.raises(Exception, match="epoch"):
        replay(worker, at1=Insert(COLLECTION, 1, {"_id": 1}, position(1)))
    assert target.ids() == set()
    assert statuses(target) == {1: OPEN}


@pytest.mark.parametrize("tolerance", [0, 1, 3])
def test_the_tolerance_is_kept_exactly_by_several_workers(target: Target, tolerance: int) -> None:
    target.database[TOLERANCE].insert_one({"_id": tolerance_id(JOB, GENERATION), "failed": 0})
    first = target.worker(tolerance=tolerance)
    for offset in range(tolerance):
        first.apply(failing(offset, offset))
    with pytest.raises(ToleranceExceededError) as exceeded:
        first.apply(insert(10, 10), failing(11, 11))
    assert exceeded.value.failure.id == 11
    assert target.ids() == set()
    assert len(letters(target)) == tolerance
    assert target.database[TOLERANCE].find_one() == {"_id": tolerance_id(JOB, GENERATION), "failed": tolerance}


def test_validators_and_unique_indexes_of_the_user_cost_only_what_they_refuse(target: Target, worker: Worker) -> None:
    target.collection.create_index("code", unique=True, sparse=True)
    target.database.command("collMod", COLLECTION, validator={"price": {"$not": {"$lt": 0}}})
    refused = {7: {"price": -1}, 500: {"code": "c1"}, 900: {"price": -2}, 1500: {"code": "c1"}, 1999: {"big": "x" * 17_000_000}}
    rows = [insert(key, key, **({"code": "c1"} if key == 1 else refused.get(key, {"price": key}))) for key in range(2_000)]
    moved = Parts(worker.sink.apply, 2_000).write([part(rows)], {PARTITION: worker.held})
    assert target.ids() == set(range(2_000)) - refused.keys()
    assert moved[PARTITION].position == 2_000
    assert moved[PARTITION].counts == {"c": 2_000}
    found = {letter.position.offset: letter.code for letter in letters(target)}
    assert found == {7: "VALIDATOR", 500: "UNIQUE_INDEX", 900: "VALIDATOR", 1500: "UNIQUE_INDEX", 1999: "WRITE_REFUSED"}
    assert all(letter.table == "public.rows" for letter in letters(target))


def test_values_that_change_hands_within_a_batch_are_no_failures(target: Target, worker: Worker) -> None:
    """Folded to one write a row they would meet; one after the other they do not."""
    target.collection.create_index("code", unique=True, sparse=True)
    worker.apply(insert(1, 0, code="a"), insert(2, 1, code="b"))
    steps = [replaced(1, 2, code="c"), replaced(2, 3, code="a"), replaced(1, 4, code="b")]
    Parts(worker.sink.apply, 2_000).write([part(steps)], {PARTITION: worker.held})
    assert {each["_id"]: each["code"] for each in target.collection.find()} == {1: "b", 2: "a"}
    assert letters(target) == []


def test_a_checkpoint_that_is_refused_is_no_failure_of_a_record(target: Target, worker: Worker) -> None:
    target.database.command("collMod", "_rowstream.checkpoints", validator={"position": {"$lt": 5}})
    with pytest.raises(RefusedStepError):
        Parts(worker.sink.apply, 2_000).write([part([insert(1, 1), insert(2, 7)])], {PARTITION: worker.held})
