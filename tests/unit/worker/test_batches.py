"""How what was fetched is cut into batches, and what a failure tells."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.change.record import Position, Record, key_text
from pipeline.errors import MappingError
from pipeline.sink.batch import ChangePartition
from pipeline.worker.consumer import Fetched
from pipeline.worker.failure import failure_of
from pipeline.worker.loop import CannotApplyError, within

LIMIT = 100


def fetched(number: int, sizes: list[int]) -> Fetched:
    partition = ChangePartition("t", number)
    records = [Record(Position("t", number, 3 * offset), None, b"x" * size) for offset, size in enumerate(sizes)]
    return Fetched(partition, records, 3 * len(sizes) + 1)


def size(records: list[Record]) -> int:
    return sum(len(record.value or b"") for record in records)


@given(st.lists(st.lists(st.integers(0, 150), max_size=12), min_size=1, max_size=4))
def test_batches_hold_every_record_once_in_order_and_no_more_than_they_may(sizes: list[list[int]]) -> None:
    whole = [fetched(number, each) for number, each in enumerate(sizes)]
    batches = within(whole, LIMIT)
    for part in whole:
        pieces = [piece for batch in batches for piece in batch if piece.partition == part.partition]
        assert [record for piece in pieces for record in piece.records] == part.records
        assert pieces[-1].end == part.end
        ends = [piece.end for piece in pieces]
        assert ends == sorted(set(ends)), "the ends of a partition's pieces rise"
        for piece in pieces:
            assert all(record.position.offset < piece.end for record in piece.records)
    for batch in batches:
        records = [record for piece in batch for record in piece.records]
        assert size(records) <= LIMIT or len([record for record in records if record.value]) == 1


def test_a_failure_tells_table_column_key_and_place() -> None:
    cause = MappingError("price: too many digits", table="public.product", column="price", suggestion="Choose string.")
    key = b'{"schema": {}, "payload": {"id": 7, "code": "x"}}'
    failure = failure_of(CannotApplyError(Position("t", 0, 42), key, cause))
    assert (failure.table, failure.field_name, failure.key) == ("public.product", "price", {"id": "7", "code": "x"})
    assert "t[0]@42" in failure.message
    assert failure.suggestion == "Choose string."


def test_a_key_that_cannot_be_read_does_not_hide_the_failure() -> None:
    assert [key_text(key) for key in (None, b"no json", b"[]", b'{"payload": 1}')] == [None] * 4
