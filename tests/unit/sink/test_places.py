"""Of a table with so many places the rows that have one are followed, and no others."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.rows import COLLECTION, insert, position, step

from pipeline.errors import WriteRefusedError
from pipeline.sink.batch import Step
from pipeline.sink.places import Taken, admitted, wanted_keys
from pipeline.sink.write import Clear, Delete, Fail, Move, Replace, Write


def replaced(key: Any, offset: int) -> Step:
    return step(Replace(COLLECTION, key, {"_id": key}, position(offset)), "u")


def deleted(key: Any, offset: int, moved_to: Any = None, moved_from: Any = None) -> Step:
    return step(Delete(COLLECTION, key, position(offset), moved_to, moved_from=moved_from), "d")


def moved(old: Any, new: Any, offset: int, unavailable: tuple[str, ...] | None = ()) -> list[Step]:
    return [deleted(old, offset, moved_to=new), step(Move(COLLECTION, new, old, {"_id": new}, unavailable, position(offset + 1)), "u")]


def writes(steps: Sequence[Step], taken: Taken) -> list[Write]:
    """What becomes of the writes."""
    return [each.write for each in admitted(steps, {COLLECTION: taken})]


def test_the_first_rows_take_the_places_and_others_are_deleted() -> None:
    taken = Taken(2)
    found = writes([insert(1, 0), insert(2, 1), insert(3, 2), replaced(1, 3), replaced(3, 4)], taken)
    assert [(type(write).__name__, write.id) for write in found] == [  # type: ignore[union-attr]
        ("Insert", 1),
        ("Insert", 2),
        ("Delete", 3),
        ("Replace", 1),
        ("Delete", 3),
    ]
    assert (taken.count, taken.come) == (2, {1: 1, 2: 2})


def test_a_row_that_is_deleted_frees_no_place_and_comes_back_to_its_own() -> None:
    taken = Taken(1, 1, {1})
    found = writes([deleted(1, 0), insert(2, 1), insert(1, 2)], taken)
    assert [type(write).__name__ for write in found] == ["Delete", "Delete", "Insert"]
    assert (taken.count, taken.come, taken.gone) == (1, {}, {})


def test_a_place_goes_with_the_row_that_changes_its_key() -> None:
    taken = Taken(1, 1, {1})
    steps = [*moved(1, 2, 0), insert(1, 2), *moved(2, 3, 3), *moved(3, 1, 5)]
    assert [type(write).__name__ for write in writes(steps, taken)] == ["Delete", "Move", "Delete", "Delete", "Move", "Delete", "Move"]
    assert (taken.count, taken.come, taken.gone, taken.held) == (1, {}, {}, {1})


def test_a_row_outside_that_changes_its_key_stays_outside() -> None:
    (_, second) = writes(moved(5, 6, 0), Taken(1, 1, {1}))
    assert second == Delete(COLLECTION, 6, position(1), moved_from=5)


def test_a_row_that_leaves_its_filter_by_a_change_of_its_key_keeps_its_place() -> None:
    taken = Taken(1, 1, {1})
    writes([deleted(1, 0, moved_to=2), deleted(2, 1, moved_from=1), replaced(2, 2)], taken)
    assert (taken.count, taken.held) == (1, {2})


def test_a_half_change_of_a_row_outside_takes_no_place() -> None:
    taken = Taken(3, 1, {1})
    writes(moved(5, 6, 0, None), taken)
    assert taken.count == 1


def test_failures_truncates_and_other_tables_take_none() -> None:
    failure = step(Fail(COLLECTION, 7, position(0), WriteRefusedError("no"), None, "c"))
    taken = Taken(3)
    writes([failure, step(Clear(COLLECTION, position(1)), "t")], taken)
    assert taken.count == 0
    assert wanted_keys([insert(1, 0)], {"other": 5}) == {}
    assert wanted_keys([insert(1, 0), *moved(2, 3, 1)], {COLLECTION: 5}) == {COLLECTION: [1, 2, 3, 2]}


@given(
    st.lists(st.tuples(st.sampled_from(["insert", "delete", "move"]), st.integers(0, 5), st.integers(0, 5)), max_size=30), st.integers(0, 4)
)
def test_however_a_history_is_cut_into_batches_the_same_rows_are_followed(history: list[tuple[str, int, int]], most: int) -> None:
    steps: list[Step] = []
    for kind, key, other in history:
        offset = len(steps)
        if kind == "move" and key != other:
            steps += moved(key, other, offset)
        else:
            steps.append(insert(key, offset) if kind == "insert" else deleted(key, offset))
    whole = writes(steps, Taken(most))
    stored: set[Any] = set()
    count, found = 0, []
    for each in steps:
        taken = Taken(most, count, {key for key in wanted_keys([each], {COLLECTION: most}).get(COLLECTION, []) if key in stored})
        found += writes([each], taken)
        stored = stored - set(taken.gone) | set(taken.come)
        count = taken.count
    assert found == whole
    assert count <= most
