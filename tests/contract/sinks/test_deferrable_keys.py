"""Several rows may hold one deferrable key until their transaction ends."""

from collections.abc import Callable

import pytest
from tests.contract.sinks.steps import NAN, THREE, TWO, born, changed, left, moved
from tests.contract.sinks.subject import Subject
from tests.fakes.rows import COLLECTION, position, step

from pipeline.sink.batch import Step
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.document import Document
from pipeline.sink.write import Delete, Insert

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
