"""The rows that have changed, as a reader that follows changes keeps them."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pipeline.reader.changed import ChangedRows
from pipeline.sources.following import Changed

PLACES = st.sampled_from([("a", "x"), ("a", "y"), ("b", "x")])
ROWS = st.lists(st.builds(Changed, PLACES, st.text(max_size=3).map(lambda text: f'["{text}"]'), st.integers(10, 99).map(str)))


@given(ROWS, st.integers(0, 99), st.integers(10, 99))
def test_each_row_is_kept_once_until_its_last_change_is_behind(rows: list[Changed], skipped: int, moment: int) -> None:
    kept = ChangedRows()
    for row in rows:
        kept.add(*row)
    last = {(*row.place, row.key): max(other.moment for other in rows if other[:2] == row[:2]) for row in rows}
    in_order = sorted(last, key=lambda row: tuple(part.encode() for part in row))
    assert _all(kept, None) == in_order

    after = in_order[skipped % len(in_order)] if in_order else None
    assert _all(kept, after) == [row for row in in_order if after is None or _bytes(row) > _bytes(after)]

    kept.forget(str(moment))
    assert _all(kept, None) == [row for row in in_order if last[row] > str(moment)]


def test_a_table_with_more_rows_comes_in_parts() -> None:
    kept, sizes = ChangedRows(), iter([16, 64, 500, 500, 500])
    for number in range(16 + 64 + 500 + 1):
        kept.add(("public", "t"), f"[{number:09}]", "1")
    assert [len(keys) for _, keys in kept.batches(None, lambda: next(sizes))] == [16, 64, 500, 1]


def _bytes(row: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(part.encode() for part in row)


def _all(kept: ChangedRows, after: tuple[str, str, str] | None) -> list[tuple[str, str, str]]:
    return list(itertools.chain.from_iterable([(*place, key) for key in keys] for place, keys in kept.batches(after, lambda: 2)))
