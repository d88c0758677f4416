"""From fetched records to the steps of a batch: decode, then map."""

from collections import Counter
from collections.abc import Sequence

from pipeline.change.change import Change, Operation
from pipeline.change.decode import Decoder, old_key
from pipeline.change.order import order_of
from pipeline.change.record import Record
from pipeline.errors import EventError, UnsupportedChangeError
from pipeline.jobs.job import Job
from pipeline.mapping.rows import TableMapper
from pipeline.sink.batch import Slice, Step
from pipeline.sink.letter import Letter
from pipeline.sink.write import Clear, Delete, Fail, Insert, Move, Swap, Write
from pipeline.worker.consumer import Fetched
from pipeline.worker.filtering import FilteredMapper, filtered_mapper


class Translator:
    """Translates the records of one job generation."""

    def __init__(self, job: Job) -> None:
        self._decoder = Decoder()
        self._exactly_once = job.exactly_once
        types, snapshots = dict(job.types), job.mode.snapshots
        mappers = [TableMapper(plan, job.id, job.generation, types, snapshots=snapshots) for plan in job.tables]
        self._mappers = {
            (plan.schema_name, plan.table): filtered_mapper(mapper, plan, job) for plan, mapper in zip(job.tables, mappers, strict=True)
        }
        shared = Counter(plan.topic for plan in job.tables)
        self._by_topic = {plan.topic: self._mappers[plan.schema_name, plan.table] for plan in job.tables if shared[plan.topic] == 1}

    def translate(self, fetched: Sequence[Fetched]) -> list[Slice]:
        """The batch; a record that cannot be applied is a step of it, too."""
        return [
            Slice(part.partition, [step for record in part.records if (step := self._step(record)) is not None], part.end)
            for part in fetched
        ]

    def again(self, letter: Letter) -> Step:
        """The step of a dead letter, which does not count any more, and is in no transaction with others."""
        if letter.record is None:
            return self._failed(Record(letter.position, None, None), None, None, _not_kept(letter))
        step = self._step(letter.record)
        if step is None or isinstance(step.write, Clear):
            raise TypeError(f"the letter {letter.id} holds no change of a row")
        return step._replace(counted="", transaction=None)

    def _step(self, record: Record) -> Step | None:
        change = mapper = None
        try:
            change = self._decoder.decode(record)
            if change is None or change.operation is Operation.MESSAGE:
                return None
            mapper = self._mapper(change)
            write = mapper.write(change)
        except EventError as error:
            return self._failed(record, change, mapper, error)
        return Step(
            change.position.offset,
            write,
            _counted(change, _arrives(write)),
            change.size,
            change.committed_at_ms,
            change.transaction,
            None if change.operation is Operation.READ or (mapper.may_insert_equals and _inserts(write)) else change.log_position,
            None if self._exactly_once or change.operation is Operation.READ else order_of(record.value),
            record,
        )

    def _mapper(self, change: Change) -> TableMapper | FilteredMapper:
        mapper = self._mappers.get((change.schema, change.table))
        if mapper is None:
            table = f"{change.schema}.{change.table}"
            raise UnsupportedChangeError(f"a change of {table}, which is not among the job's tables", table=table)
        return mapper

    def _failed(self, record: Record, change: Change | None, mapper: TableMapper | FilteredMapper | None, error: EventError) -> Step:
        """A record that cannot be applied; its row is told by its key, where that can be read."""
        mapper = mapper or self._by_topic.get(record.position.topic)
        identity = mapper.identity(record.key) if mapper else None
        old_id = mapper.identity(old_key(record)) if mapper else None
        collection, operation = mapper.collection if mapper else "", change.operation.value if change else ""
        failure = Fail(collection, identity, record.position, error, record, operation, old_id)
        if change is None:
            return Step(record.position.offset, failure, "", len(record.value or b""), None, None, record=record)
        counted = _counted(change, change.moved_from is not None)
        return Step(record.position.offset, failure, counted, change.size, change.committed_at_ms, change.transaction, record=record)


def _not_kept(letter: Letter) -> EventError:
    suggestion = f"Ask for a refresh of {letter.table}, which reads its rows again."
    return EventError("the record was too large to be kept", suggestion=suggestion, code="RECORD_NOT_KEPT", table=letter.table)


def _arrives(write: Write) -> bool:
    """Whether a row comes to another key by it, or would if it satisfied its filter there."""
    return type(write) is Move or (type(write) is Delete and write.moved_from is not None)


def _inserts(write: Write) -> bool:
    return type(write) is Insert or (type(write) is Swap and write.gone is None)


def _counted(change: Change, arrives: bool) -> str:
    """A key change is one update: its delete counts as nothing, its create, by which the row arrives, as the update."""
    if change.moved_to is not None:
        return ""
    return Operation.UPDATE.value if arrives else change.operation.value
