"""When a connector has read all that Db2 had committed at one moment."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.fakes.database import RecordedDatabase

from pipeline.sources.db2 import capture, position
from pipeline.sources.db2.position import AsnPassage, read_moment

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - the server's own time
LATER = NOON + timedelta(seconds=1)
ORDERS = position.LAST_CHANGE.format(table='"ASNCDC"."CDC_SALES_ORDERS"')
LINES = position.LAST_CHANGE.format(table='"ASNCDC"."CDC_SALES_LINES"')


def registered(name: str) -> dict[str, Any]:
    return {
        "source_schema": "SALES",
        "source_table": name,
        "change_schema": "ASNCDC",
        "change_table": f"CDC_SALES_{name}",
        "state": "A",
    }


def change(commit: int, place: int) -> dict[str, Any]:
    return {"commit_lsn": f"{commit:032X}", "change_lsn": f"{place:032X}"}


def offset(commit: int, place: int) -> dict[str, Any]:
    texts = [f"{number:032x}" for number in (commit, place)]
    lsns = [f"{text[:8]}:{text[8:16]}:{text[16:]}" for text in texts]
    return {"commit_lsn": lsns[0], "change_lsn": lsns[1], "event_serial_no": 1}


def database(read_until: datetime | None = LATER) -> RecordedDatabase:
    return RecordedDatabase(
        {
            position.NOW: [{"moment": NOON}],
            capture.AGENT: [{"synchtime": read_until, "seconds_ago": 1}],
            capture.CHANGE_COLUMNS: [],
            capture.REGISTERED: [registered(name) for name in ("ORDERS", "LINES", "NOT_OF_THE_JOB")],
            ORDERS: [change(8, 5)],
            LINES: [change(8, 6)],
        }
    )


async def begin(recorded: RecordedDatabase) -> AsnPassage:
    return AsnPassage(recorded.session, await read_moment(recorded), [("SALES", "ORDERS"), ("SALES", "LINES")])


@pytest.mark.parametrize(("at", "passed"), [((7, 9), False), ((8, 5), False), ((8, 6), True), ((9, 0), True)])
async def test_the_last_change_of_any_table_is_the_end(at: tuple[int, int], passed: bool) -> None:
    assert await (await begin(database())).passed(offset(*at)) is passed


@pytest.mark.parametrize(("commit", "passed"), [(7, False), (8, True)])
async def test_an_offset_without_a_change_is_behind_all_of_its_commit(commit: int, passed: bool) -> None:
    after_snapshot = offset(commit, 0) | {"change_lsn": "NULL", "snapshot": "INITIAL", "snapshot_completed": True}
    assert await (await begin(database())).passed(after_snapshot) is passed


@pytest.mark.parametrize("read_until", [None, NOON, NOON - timedelta(hours=1)])
async def test_nothing_is_passed_until_the_agent_has_passed_the_moment(read_until: datetime | None) -> None:
    recorded = database(read_until)
    passage = await begin(recorded)
    assert not await passage.passed(offset(99, 0))
    recorded.answers[capture.AGENT] = [{"synchtime": LATER, "seconds_ago": 1}]
    assert await passage.passed(offset(99, 0))


async def test_the_end_stays_where_it_was_when_the_agent_passed() -> None:
    recorded = database()
    passage = await begin(recorded)
    assert not await passage.passed(offset(7, 0))
    recorded.answers[ORDERS] = [change(1000, 1)]
    assert await passage.passed(offset(8, 6))
