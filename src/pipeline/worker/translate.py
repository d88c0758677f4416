"""From fetched records to the steps of a batch: decode, then map."""

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.change.change import Change, Operation
from pipeline.change.decode import Decoder
from pipeline.change.order import order_of
from pipeline.change.record import Record
from pipeline.errors import EventError, UnsupportedChangeError
from pipeline.jobs.job import Job
from pipeline.mapping.rows import TableMapper
from pipeline.sink.batch import Slice, Step
from pipeline.sink.write import Insert, Move, Swap, Write
from pipeline.worker.consumer import Fetched


class Refusal(NamedTuple):
    """The first record that cannot be applied, and why."""

    record: Record
    error: EventError


class Translator:
    """Translates the records of one job generation."""

    def __init__(self, job: Job) -> None:
        self._decoder = Decoder()
        self._exactly_once = job.exactly_once
        types, snapshots = dict(job.types), job.mode.snapshots
        self._mappers = {
            (plan.schema_name, plan.table): TableMapper(plan, job.id, job.generation, types, snapshots=snapshots) for plan in job.tables
        }

    def translate(self, fetched: Sequence[Fetched]) -> tuple[list[Slice], Refusal | None]:
        """The batch up to the first record of a partition that cannot be applied, and that record if there is one."""
        slices, refusals = [], []
        for part in fetched:
            steps: list[Step] = []
            end = part.end
            for record in part.records:
                try:
                    step = self._step(record)
                except EventError as error:
                    refusals.append(Refusal(record, error))
                    end = record.position.offset
                    break
                if step is not None:
                    steps.append(step)
            slices.append(Slice(part.partition, steps, end))
        return slices, refusals[0] if refusals else None

    def _step(self, record: Record) -> Step | None:
        change = self._decoder.decode(record)
        if change is None or change.operation is Operation.MESSAGE:
            return None
        mapper = self._mappers.get((change.schema, change.table))
        if mapper is None:
            table = f"{change.schema}.{change.table}"
            raise UnsupportedChangeError(f"a change of {table}, which is not among the job's tables", table=table)
        write = mapper.write(change)
        return Step(
            change.position.offset,
            write,
            _counted(change, write),
            change.size,
            change.committed_at_ms,
            change.transaction,
            None if change.operation is Operation.READ or (mapper.may_insert_equals and _inserts(write)) else change.log_position,
            None if self._exactly_once or change.operation is Operation.READ else order_of(record.value),
        )


def _inserts(write: Write) -> bool:
    return type(write) is Insert or (type(write) is Swap and write.gone is None)


def _counted(change: Change, write: object) -> str:
    """A key change is one update: its delete counts as nothing, its create as the update."""
    if change.moved_to is not None:
        return ""
    return Operation.UPDATE.value if type(write) is Move else change.operation.value
