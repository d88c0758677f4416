"""Changes of a table with a filter: a row that does not satisfy it has no document."""

from collections.abc import Callable
from typing import Any

from pipeline.change.change import Change
from pipeline.change.schema import RowSchema
from pipeline.errors import FilterError, WriteRefusedError
from pipeline.filters.condition import Condition
from pipeline.filters.images import UnavailableError
from pipeline.filters.kinds import Image
from pipeline.jobs.filters import are_evaluated, condition_of
from pipeline.jobs.job import Job, TablePlan
from pipeline.mapping.rows import TableMapper
from pipeline.sink.document import Document
from pipeline.sink.write import Move, Set, Stays, Swap, Write
from pipeline.sources.source import Identity

KNOWN_TESTS = 64
UNAVAILABLE = "VALUES_UNAVAILABLE"

Test = Callable[[Image], Any]


class FilteredMapper:
    """
    Maps the changes of a table as `TableMapper` does, and deletes the documents of rows that do not satisfy the condition.

    With a key, only the row as it is matters: whether it was inside before or not, afterwards a document has its `_id` or none has.
    """

    def __init__(self, mapper: TableMapper, condition: Condition, plan: TablePlan) -> None:
        self.may_insert_equals = mapper.may_insert_equals
        self.collection = mapper.collection
        self._mapper = mapper
        self._condition = condition
        self._columns = [column.name for column in condition.columns]
        self._plan = plan
        self._tests: dict[RowSchema, Test] = {}

    def write(self, change: Change) -> Write:
        """
        Return the write that the change asks for.

        Raises:
            EventError: As `TableMapper.write`, or because it cannot be told whether the row satisfies the condition.
            SchemaChangedError: A column that the condition needs is not what it was: the job cannot go on.
        """
        if change.row is None:
            return self._mapper.write(change)
        test = self._tests.get(change.row) or self._test_of(change.row)
        if not self._plan.key:
            return self._swap(change, test)
        if change.after is None:
            return self._mapper.write(change)
        try:
            inside = _judge(test, change.after, change.before)
        except UnavailableError:
            return self._by_document(change, test)
        return self._mapper.write(change) if inside is True else self._mapper.outside(change)

    def identity(self, key: bytes | None) -> Any:
        """The `_id` of the row that a record's key names; None where it names none that can be told."""
        return self._mapper.identity(key)

    def _by_document(self, change: Change, test: Test) -> Write:
        """What the change leaves out is in the row's document, if it has one: the sink will see."""
        write = self._mapper.write(change)
        if not isinstance(write, Set | Move) or not write.unavailable:
            raise self._undecided(change)
        fields, image = self._mapper.fields(change), change.after or {}
        needed = {name: fields[name] for name in self._columns if fields.get(name) in write.unavailable}

        def told_by(document: Document) -> bool:
            try:
                return test({**image, **{name: _text(document.get(field)) for name, field in needed.items()}}) is True
            except (UnavailableError, ValueError) as error:
                raise self._refused(UNAVAILABLE, *self._unknown(change)) from error
            except FilterError as error:
                raise self._refused(error.code, error.message, error.suggestion) from error

        write.stays = Stays(tuple(needed.values()), told_by)
        return write

    def _swap(self, change: Change, test: Test) -> Swap:
        follows_old = self._plan.identity is Identity.FULL and change.before is not None
        try:
            was_inside = follows_old and test(change.before or {}) is True
            is_inside = change.after is not None and test(change.after) is True
        except UnavailableError:
            raise self._undecided(change) from None
        return self._mapper.swap(change, was_inside=was_inside or not follows_old, is_inside=is_inside)

    def _test_of(self, row: RowSchema) -> Test:
        if len(self._tests) >= KNOWN_TESTS:
            self._tests.clear()
        test = self._tests[row] = self._condition.test(row)
        return test

    def _unknown(self, change: Change) -> tuple[str, str]:
        """What is said of a change whose filter hangs on what nobody knows."""
        table = self._plan.qualified_name
        return (
            f"the change {change.position} of {table} leaves out an unchanged value that its filter needs, and no document has it",
            f"Run ALTER TABLE {table} REPLICA IDENTITY FULL, so that its changes carry every column, then post the job again.",
        )

    def _undecided(self, change: Change) -> FilterError:
        message, suggestion = self._unknown(change)
        return FilterError(message, suggestion=suggestion, code=UNAVAILABLE, table=self._plan.qualified_name)

    def _refused(self, code: str, message: str, suggestion: str | None) -> WriteRefusedError:
        return WriteRefusedError(message, suggestion=suggestion, code=code, table=self._plan.qualified_name)


def filtered_mapper(mapper: TableMapper, plan: TablePlan, job: Job) -> TableMapper | FilteredMapper:
    """
    The mapper of a table, with its filter if it has one.

    Rows that a SNAPSHOT job reads, or rowstream's own reader, satisfy their filter: the source has seen to that.
    """
    if plan.filter is None or not are_evaluated(job.source_type, job.mode):
        return mapper
    return FilteredMapper(mapper, condition_of(plan.filter, job.source_type, plan.qualified_name), plan)


def caps_of(job: Job) -> dict[str, int]:
    """How many rows are followed, by collection, of tables where that has an end; a SNAPSHOT job reads no more."""
    return {plan.collection: plan.row_count for plan in job.tables if plan.row_count is not None and job.mode.streams}


def _judge(test: Test, image: Image, before: Image | None) -> Any:
    """What the test says of the image; values that it leaves out have not changed, and the row before may have them."""
    while True:
        try:
            return test(image)
        except UnavailableError as error:
            known = None if before is None else before.get(error.column)
            if known is None or known == image[error.column]:
                raise
            image = {**image, error.column: known}


def _text(value: Any) -> str:
    """The value of a document's field: what a change may leave out is text in a condition."""
    if not isinstance(value, str):
        raise ValueError(f"it is {type(value).__name__}")  # noqa: TRY004 - as of any bad value
    return value
