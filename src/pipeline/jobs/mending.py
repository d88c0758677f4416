"""Mending rows of which only half a key change came, by reading them again."""

import time
from collections import defaultdict
from collections.abc import Sequence

from bson import ObjectId

from pipeline.jobs.barrier import pass_barrier
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Phase, Refresh, TablePlan
from pipeline.jobs.updates import EventType
from pipeline.sink.unmended import HalfChange, HalfChanges

LOOK_SECONDS = 10.0
CODE = "HALF_CHANGE"


class Mender:
    """Looks after the half changes of one streaming job; made anew whenever a step begins."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._looked_at = time.monotonic()
        self._waiting: set[str] = set()

    async def look(self) -> None:
        """Look, unless that was done within the last ten seconds, and ask for a refresh of the rows that need one."""
        drive = self._drive
        if time.monotonic() - self._looked_at > LOOK_SECONDS and not drive.job.paused:
            await self._look_at_waiting()
            if (refresh := await plan_mending(drive)) is not None:
                await drive.services.store.ask_refresh(drive.job.id, refresh)
                await drive.reload()
            self._looked_at = time.monotonic()

    async def _look_at_waiting(self) -> None:
        """What stood between two halves at the last look, too, and still does after a barrier, will not go on by itself."""
        waiting = await half_changes(self._drive).waiting()
        if self._waiting & {each.id for each in waiting}:
            await pass_barrier(self._drive)
            await keep_waiting(self._drive)
        self._waiting = {each.id for each in waiting}


async def mend_before_the_end(drive: Drive) -> bool:
    """Whether rows have to be read again before the job ends; everything until the stop must be applied."""
    await keep_waiting(drive)
    refresh = await plan_mending(drive)
    if refresh is not None:
        await drive.save(refresh=refresh, phase=Phase.REFRESHING)
    return refresh is not None


async def keep_waiting(drive: Drive) -> None:
    """Give up waiting for second halves, once a barrier has passed: keep the changes as unmended."""
    changes = half_changes(drive)
    await changes.keep(await changes.waiting())


async def plan_mending(drive: Drive) -> Refresh | None:
    """
    The refresh that reads the rows of all unmended half changes, or None where there is nothing to read.

    Rows that cannot be named in SQL are told, and left to the user.
    """
    changes = half_changes(drive)
    unmended = await changes.unmended()
    if not unmended:
        return None
    catalogue = {table.qualified_name: table for table in await drive.planned(await drive.source.tables(drive.mode))}
    selects: dict[str, str] = {}
    tables, mends = list[str](), list[str]()
    for plan, ids in _by_table(drive, unmended):
        table = catalogue.get(plan.qualified_name)
        select = await drive.source.row_selects(drive.mode, table, [each.document_id for each in ids]) if table else None
        names = [each.id for each in ids]
        await _tell(drive, plan, ids, readable=select is not None)
        if select is None:
            await changes.settle(names)
        else:
            selects |= select
            tables.append(plan.qualified_name)
            mends += names
    return Refresh(id=str(ObjectId()), tables=tuple(tables), selects=selects, mends=tuple(mends)) if tables else None


def half_changes(drive: Drive) -> HalfChanges:
    """The half changes of the job's present generation."""
    return HalfChanges(drive.target, drive.job.id, drive.job.generation)


def _by_table(drive: Drive, changes: Sequence[HalfChange]) -> list[tuple[TablePlan, list[HalfChange]]]:
    found = defaultdict[str, list[HalfChange]](list)
    for change in changes:
        found[change.collection].append(change)
    return [(plan, found[plan.collection]) for plan in drive.job.tables if plan.collection in found]


async def _tell(drive: Drive, plan: TablePlan, changes: Sequence[HalfChange], *, readable: bool) -> None:
    keys = ", ".join(repr(each.document_id) for each in changes)
    await drive.tell_once(
        f"half:{changes[-1].id}",
        EventType.WARNING,
        f"The connector was restarted in the middle of a key change of {plan.qualified_name} and skipped the rest of it: "
        + ("the rows are read again" if readable else "the documents have the values from before the change"),
        error_code=CODE,
        collection=plan.collection,
        details=keys,
        suggestion=None if readable else f'Ask for a refresh of {plan.qualified_name}, or update the rows that "details" names.',
    )
