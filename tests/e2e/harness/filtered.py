"""Random conditions and random changes of random rows, for jobs with filters."""

import random
from collections.abc import Iterator, Sequence

from hypothesis import Phase, given, settings
from tests.contract.filters.conditions import conditions
from tests.contract.filters.values import Column, SampleTable, Value, sample_table

from pipeline.errors import FilterError
from pipeline.filters.catalogue import FilterColumn
from pipeline.filters.condition import Condition
from pipeline.filters.dialect import dialect_of
from pipeline.filters.faults import NotEvaluatedError

DRAWN = 300
TRIED_ROWS = 500


def decidable_conditions(columns: Sequence[Column], known: Sequence[FilterColumn], source_type: str, count: int, seed: int) -> list[str]:
    """So many random conditions that can be evaluated on any row of these values, and that some rows satisfy, but not all."""
    drawn: set[str] = set()

    @settings(max_examples=DRAWN, database=None, phases=[Phase.generate], derandomize=True)
    @given(conditions(columns, mysql=source_type == "MYSQL"))
    def draw(text: str) -> None:
        drawn.add(text)

    draw()
    dice = random.Random(seed)  # noqa: S311 - it chooses conditions
    shuffled = dice.sample(sorted(drawn), len(drawn))
    table = sample_table(columns, TRIED_ROWS, seed)
    return [text for text in shuffled if _divides(Condition(text, dialect_of(source_type), "a.t", known), table)][:count]


def _divides(condition: Condition, table: SampleTable) -> bool:
    try:
        condition.check()
        test = condition.test(table.schema())
        answers = [test(image) is True for image in table.images()]
    except (NotEvaluatedError, FilterError):
        return False
    return 0 < sum(answers) < len(answers)


class RandomChanges:
    """Statements that change the rows of one table at random; keys are from 0 to twice the number of rows at first."""

    def __init__(self, name: str, table: SampleTable, seed: int) -> None:
        self._name = name
        self._columns = table.columns
        self._dice = random.Random(seed)  # noqa: S311 - it chooses changes
        self._keys = set(range(len(table.rows)))
        self._most = 2 * len(table.rows)

    def statements(self, count: int) -> Iterator[str]:
        """The next statements."""
        for _ in range(count):
            yield self._statement()

    def _statement(self) -> str:
        free = sorted(set(range(self._most)) - self._keys)
        held = sorted(self._keys)
        kind = self._dice.random()
        if free and (not held or kind < 0.25):
            key = self._dice.choice(free)
            self._keys.add(key)
            return f"INSERT INTO {self._name} VALUES ({key}, {', '.join(self._value(column)[0] for column in self._columns)})"
        key = self._dice.choice(held)
        if kind < 0.35:
            self._keys.discard(key)
            return f"DELETE FROM {self._name} WHERE id = {key}"
        if free and kind < 0.5:
            new = self._dice.choice(free)
            self._keys = self._keys - {key} | {new}
            return f"UPDATE {self._name} SET id = {new}, {self._changes()} WHERE id = {key}"
        return f"UPDATE {self._name} SET {self._changes()} WHERE id = {key}"

    def _changes(self) -> str:
        columns = self._dice.sample(list(self._columns), self._dice.randint(1, 4))
        return ", ".join(f"{column.name} = {self._value(column)[0]}" for column in columns)

    def _value(self, column: Column) -> Value:
        return self._dice.choice([*column.values, ("NULL", None)])
