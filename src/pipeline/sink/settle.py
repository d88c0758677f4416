"""Which changes of a batch cannot be applied, and which dead letters the others outdate."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.change.record import Position
from pipeline.errors import WriteRefusedError
from pipeline.sink.batch import Step
from pipeline.sink.place import Place, canonical
from pipeline.sink.plan import VALUES_UNAVAILABLE
from pipeline.sink.write import Clear, Delete, Fail, Move, Set, Swap, Write, left_id

EARLIER_FAILURE = "EARLIER_FAILURE"


@dataclass(frozen=True, slots=True)
class Settled:
    """
    The steps of a partition once it is known which of them cannot be applied (`failed`, in order).

    `superseded` are the stored letters that later changes of their rows close, `outdated` those of
    `failed`, by their number; each with the position of that change. `moved` are the letters, stored and
    new ones by their number, whose rows have got another `_id` by a change that cannot be applied: that `_id`. `first` is the first
    of those that go with such a change, by its position; None where what the row leaves is kept already. `known` are the letters that
    failures of a replay have from before, by offset, and `counted` those of `failed` that are new.
    """

    steps: Sequence[Step]
    failed: Sequence[Fail] = ()
    superseded: Mapping[Any, str] = field(default_factory=dict)
    outdated: Mapping[int, str] = field(default_factory=dict)
    moved: Mapping[Any, Any] = field(default_factory=dict)
    first: Mapping[Position, Any] = field(default_factory=dict)
    counted: Sequence[Fail] = ()
    known: Mapping[int, Any] = field(default_factory=dict)


def settle(steps: Sequence[Step], open_letters: Mapping[Place, Sequence[Any]], passed: Collection[Any] | None = None) -> Settled:
    """
    Go through the steps in order; `open_letters` are those stored for their rows, in the order of their records.

    A later change of a row closes the letters of it. One that leaves out values cannot do so, for
    the document may lack what the failed change gave them: it cannot be applied, either. Where that is a
    change of the key, the letters go with the row: another row may take the old key.

    In a replay a change may lack a document only because its row has another `_id` by then. Such letters stand in nobody's way:
    those among `open_letters` that are `passed`, and new ones of the kind. `passed` is None where nothing is replayed.
    """
    letters = _Letters(open_letters, passed)
    settled = [letters.judge(step) for step in steps]
    return Settled(settled, letters.failed, letters.superseded, letters.outdated, letters.moved, letters.first, letters.failed)


class _Letters:
    """The letters that are open at each row, stored ones and those of the batch, while one goes through its steps."""

    def __init__(self, open_letters: Mapping[Place, Sequence[Any]], passed: Collection[Any] | None) -> None:
        self.failed: list[Fail] = []
        self.superseded: dict[Any, str] = {}
        self.outdated: dict[int, str] = {}
        self.moved: dict[Any, Any] = {}
        self.first: dict[Position, Any] = {}
        self._stored = {place: list(ids) for place, ids in open_letters.items()}
        self._fresh = defaultdict[Place, list[int]](list)
        self._passed = passed

    def judge(self, step: Step) -> Step:
        """The step, or its failure; the letters are then as they are after it."""
        if any(self._blocks(place) for place in _rests_on(step.write)):
            step = step.failed(_after_failure(step.write))
        if isinstance(step.write, Fail):
            self._fail(step.write)
            return step
        for place in self._closes(step.write):
            self._close(place, step.write)
        return step

    def _blocks(self, place: Place) -> bool:
        """Whether the document may lack what a failed change has set."""
        stored, fresh = self._stored.get(place, ()), self._fresh.get(place, ())
        if self._passed is None:
            return bool(stored or fresh)
        return any(letter not in self._passed for letter in stored) or any(
            self.failed[number].error.code != VALUES_UNAVAILABLE for number in fresh
        )

    def _fail(self, failure: Fail) -> None:
        if failure.id is not None:
            place = _place(failure)
            if failure.old_id is not None:
                self._take_along(Place(failure.collection, canonical(failure.old_id)), place, failure)
            self._fresh[place].append(len(self.failed))
        self.failed.append(failure)

    def _take_along(self, old: Place, new: Place, failure: Fail) -> None:
        stored, fresh = self._stored.pop(old, []), self._fresh.pop(old, [])
        if self._stored.get(new) or self._fresh.get(new):
            self.first[failure.position] = None  # it is met again: its letters went along the first time
        if letters := [*stored, *fresh]:
            self.moved |= dict.fromkeys(letters, failure.id)
            self.first.setdefault(failure.position, letters[0])
            self._stored[new] = [*self._stored.get(new, ()), *stored]
            self._fresh[new] += fresh

    def _closes(self, write: Write) -> Iterator[Place]:
        """The rows whose letters are outdated by the write. Of a key change it is the second half that closes those of the old key."""
        if isinstance(write, Clear):
            yield from [place for place in [*self._stored, *self._fresh] if place.collection == write.collection]
        elif (old_id := left_id(write)) is not None:
            yield Place(write.collection, canonical(old_id))
            yield _place(write)
        elif not isinstance(write, Swap) and not (isinstance(write, Delete) and write.moved_to is not None):
            yield _place(write)

    def _close(self, place: Place, write: Write) -> None:
        self.superseded.update(dict.fromkeys(self._stored.pop(place, ()), str(write.position)))
        self.outdated.update(dict.fromkeys(self._fresh.pop(place, ()), str(write.position)))


def _place(write: Any) -> Place:
    return Place(write.collection, canonical(write.id))


def _rests_on(write: Write) -> tuple[Place, ...]:
    """
    Where the document is whose values the write leaves out, if it does.

    Of a key change that is met again the letters may be those of its first time, which went along.
    """
    if type(write) is Set:
        return (_place(write),)
    if type(write) is Move and write.unavailable:
        return Place(write.collection, canonical(write.old_id)), _place(write)
    return ()


def _after_failure(write: Any) -> WriteRefusedError:
    fields = ", ".join(write.unavailable)
    return WriteRefusedError(
        f"{write.collection}: an earlier change of the row could not be applied, and this one leaves out unchanged values ({fields}) "
        "that the earlier one may have set",
        suggestion="Mend what the earlier failure names, then replay the table's errors: they are applied in order.",
        code=EARLIER_FAILURE,
    )
