"""What a checkpoint counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from bson import decode, encode
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.rows import COLLECTION, PARTITION, part, position, step

from pipeline.sink.batch import Slice, halves, split_at_clears
from pipeline.sink.carry import Carry, Departed, Held
from pipeline.sink.checkpoint import SLOTS, Checkpoint, advance, events_since
from pipeline.sink.document import LOSSLESS
from pipeline.sink.write import Clear, Delete, Insert

START = Checkpoint("job", 1, *PARTITION)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def insert(offset: int, counted: str = "c") -> Slice:
    return part([step(Insert(COLLECTION, offset, {"_id": offset}, position(offset)), counted)])


def test_every_operation_is_counted_and_a_key_change_once() -> None:
    steps = [
        step(Insert(COLLECTION, 1, {}, position(0)), "r"),
        step(Delete(COLLECTION, 1, position(1), 2), ""),
        step(Insert(COLLECTION, 2, {}, position(2)), "u"),
    ]
    moved = advance(START, part(steps, end=9), None, NOON)
    assert (moved.position, moved.counts, moved.bytes) == (9, {"r": 1, "u": 1}, 30)


def test_snapshot_reads_are_no_recent_events_and_have_no_commit_time() -> None:
    moved = advance(START, insert(0, "r"), None, NOON)
    assert (moved.last_event_at, moved.seconds, moved.minutes) == (None, (), ())


def test_the_last_event_is_the_latest_committed_however_late_it_is_applied() -> None:
    later = part([step(Insert(COLLECTION, 1, {}, position(1)))._replace(committed_at_ms=2_000)])
    earlier = part([step(Insert(COLLECTION, 2, {}, position(2)))._replace(committed_at_ms=1_000)])
    moved = advance(advance(START, later, None, NOON), earlier, None, NOON)
    assert moved.last_event_at == datetime.fromtimestamp(2, UTC)


@given(st.lists(st.integers(0, 100), max_size=200))
def test_recent_events_are_exact_and_their_buckets_bounded(pauses: list[int]) -> None:
    checkpoint, now, at = START, NOON, []
    for offset, pause in enumerate(pauses):
        now += timedelta(seconds=pause)
        at.append(int(now.timestamp()))
        checkpoint = advance(checkpoint, insert(offset), None, now)
    since = now.timestamp() - 60
    assert events_since(checkpoint.seconds, since) == sum(second > since for second in at)
    minutes = [second - second % 60 for second in at]
    assert events_since(checkpoint.minutes, since - 3540) == sum(minute > since - 3540 for minute in minutes)
    assert max(len(checkpoint.seconds), len(checkpoint.minutes)) <= SLOTS


def test_a_clock_that_goes_back_loses_no_event() -> None:
    moved = advance(advance(START, insert(0), None, NOON), insert(1), None, NOON - timedelta(seconds=5))
    assert events_since(moved.seconds, (NOON - timedelta(seconds=60)).timestamp()) == 2


def test_a_checkpoint_comes_back_from_the_database_as_it_was() -> None:
    row = {"_id": {"b": 1, "a": "x"}, "at": NOON}
    carry = Carry("7", (Held(COLLECTION, {"b": 1, "a": "x"}, row, False, (row,)),), Departed(COLLECTION, 5, None, 6, True))
    checkpoint = replace(advance(START, insert(0), carry, NOON), epoch=3)
    assert Checkpoint.from_stored(decode(encode(checkpoint.stored()), LOSSLESS)) == checkpoint


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4))
def test_the_halves_of_a_batch_are_the_batch(sizes: list[int]) -> None:
    slices = []
    for number, size in enumerate(sizes):
        steps = [step(Insert(COLLECTION, offset, {}, position(2 * offset))) for offset in range(size)]
        slices.append(Slice(PARTITION._replace(partition=number), steps, 100))
    parts = halves(slices)
    if sum(sizes) < 2:
        assert parts is None
        return
    assert parts is not None
    first, second = parts
    assert sum(len(each.steps) for each in first) == sum(sizes) // 2
    for number, whole in enumerate(slices):
        pieces = [each for each in (*first, *second) if each.partition.partition == number]
        assert [each for piece in pieces for each in piece.steps] == whole.steps
        assert pieces[-1].end == 100
        for before, after in pairwise(pieces):
            assert before.end == after.steps[0].offset


@given(st.lists(st.lists(st.booleans(), max_size=6), max_size=3))
def test_a_batch_cut_at_its_clears_is_the_batch_in_order(partitions: list[list[bool]]) -> None:
    slices = []
    for number, clears in enumerate(partitions):
        writes = [
            Clear(COLLECTION, position(offset)) if clear else Insert(COLLECTION, offset, {}, position(offset))
            for offset, clear in enumerate(clears)
        ]
        steps = [step(write)._replace(offset=2 * write.position.offset) for write in writes]
        slices.append(Slice(PARTITION._replace(partition=number), steps, 100))
    batches = list(split_at_clears(slices))
    for batch in batches:
        steps = [each for piece in batch for each in piece.steps]
        assert len(steps) == 1 or not any(isinstance(each.write, Clear) for each in steps)
    for whole in slices:
        pieces = [piece for batch in batches for piece in batch if piece.partition == whole.partition]
        assert [each for piece in pieces for each in piece.steps] == whole.steps
        assert pieces[-1].end == 100
        for before, after in pairwise(pieces):
            assert before.end == after.steps[0].offset


def test_a_batch_without_a_clear_stays_as_it_is() -> None:
    slices = [insert(0), insert(1)]
    assert list(split_at_clears(slices)) == [slices]
    assert list(split_at_clears([])) == []


def test_a_checkpoint_that_moves_past_a_truncate_counts_it_and_no_longer_clears() -> None:
    clear = step(Clear(COLLECTION, position(5)), "t")
    moved = advance(replace(START, position=5, swept=7), part([clear]), None, NOON)
    assert (moved.position, moved.counts, moved.swept) == (6, {"t": 1}, 0)
