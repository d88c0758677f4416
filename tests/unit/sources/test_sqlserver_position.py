"""When a connector has read all that SQL Server had committed at one moment."""

from datetime import datetime
from typing import Any

import pytest
from tests.fakes.database import RecordedDatabase

from pipeline.sources.lsn import LsnPosition, position_of
from pipeline.sources.sqlserver import position
from pipeline.sources.sqlserver.position import CapturePassage, read_moment

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - the server's own time
ORDERS = position.LAST_CHANGE.format(table="[dbo_orders_CT]")
LINES = position.LAST_CHANGE.format(table="[dbo_lines_CT]")


def change(commit: int, place: int, serial: int, greater: int = 0) -> dict[str, Any]:
    return {"commit_lsn": f"{commit:020X}", "change_lsn": f"{place:020X}", "serial": serial, "greater": greater}


def offset(commit: int, place: int, serial: int) -> dict[str, Any]:
    lsns = [f"{number:020x}" for number in (commit, place)]
    texts = [f"{lsn[:8]}:{lsn[8:16]}:{lsn[16:]}" for lsn in lsns]
    return {"commit_lsn": texts[0], "change_lsn": texts[1], "event_serial_no": serial}


def database(**changed: Any) -> RecordedDatabase:
    names = [{"schema_name": "dbo", "table_name": name, "change_table": f"dbo_{name}_CT"} for name in ("orders", "lines", "not_of_the_job")]
    known = {
        position.NOW: [{"moment": NOON}],
        position.CAPTURED_UNTIL: [{"passed": 1}],
        position.MAY_SEE_SCANS: [{"allowed": 1}],
        position.EMPTY_SCANS: [{"passed": 0}],
        position.CHANGE_TABLES: names,
        ORDERS: [change(8, 5, 2)],
        LINES: [change(8, 6, 1)],
    }
    return RecordedDatabase(known | {getattr(position, name): rows for name, rows in changed.items()})


async def begin(recorded: RecordedDatabase) -> CapturePassage:
    return CapturePassage(recorded.session, await read_moment(recorded), [("dbo", "orders"), ("dbo", "lines")])


@pytest.mark.parametrize(
    ("at", "passed"),
    [((7, 9, 9), False), ((8, 5, 2), False), ((8, 6, 0), False), ((8, 6, 1), True), ((8, 6, 2), True), ((9, 0, 1), True)],
)
async def test_the_last_change_of_any_table_is_the_end(at: tuple[int, int, int], passed: bool) -> None:
    assert await (await begin(database())).passed(offset(*at)) is passed


@pytest.mark.parametrize(("at", "passed"), [((8, 3, 1), False), ((8, 7, 1), False), ((9, 0, 1), True)])
async def test_a_commit_whose_last_change_is_not_its_greatest_is_passed_by_what_comes_behind_it(
    at: tuple[int, int, int], passed: bool
) -> None:
    recorded = database()
    recorded.answers |= {ORDERS: [change(8, 3, 1, greater=1)], LINES: []}
    assert await (await begin(recorded)).passed(offset(*at)) is passed


async def test_nothing_is_passed_until_the_capture_job_has_passed_the_moment() -> None:
    recorded = database(CAPTURED_UNTIL=[{"passed": 0}])
    passage = await begin(recorded)
    assert not await passage.passed(offset(99, 0, 1))
    recorded.answers[position.CAPTURED_UNTIL] = [{"passed": 1}]
    assert await passage.passed(offset(99, 0, 1))


async def test_the_end_stays_where_it_was_when_the_capture_job_passed() -> None:
    recorded = database()
    passage = await begin(recorded)
    assert not await passage.passed(offset(7, 0, 1))
    recorded.answers[ORDERS] = [change(1000, 1, 1)]
    assert await passage.passed(offset(8, 6, 1))


async def test_a_scan_that_found_nothing_tells_on_a_server_where_nothing_happens() -> None:
    idle = {"CAPTURED_UNTIL": [{"passed": 0}], "EMPTY_SCANS": [{"passed": 1}]}
    assert await (await begin(database(**idle))).passed(offset(8, 6, 1))
    assert not await (await begin(database(**idle, MAY_SEE_SCANS=[{"allowed": 0}]))).passed(offset(8, 6, 1))


async def test_tables_without_changes_are_passed_at_once() -> None:
    recorded = database()
    recorded.answers |= {ORDERS: [], LINES: []}
    assert await (await begin(recorded)).passed({"commit_lsn": "NULL", "change_lsn": None})


@pytest.mark.parametrize(("commit", "passed"), [(7, False), (8, True), (9, True)])
async def test_an_offset_without_a_change_is_behind_all_of_its_commit(commit: int, passed: bool) -> None:
    after_snapshot = offset(commit, 0, 1) | {"change_lsn": "NULL", "snapshot": "INITIAL", "snapshot_completed": True}
    assert await (await begin(database())).passed(after_snapshot) is passed


def test_offsets_are_read_as_debezium_writes_them() -> None:
    at = {"commit_lsn": "00000025:00000d98:00a2", "change_lsn": "00000025:00000d98:0003", "event_serial_no": 2}
    assert position_of(at) == LsnPosition(bytes.fromhex("0000002500000d9800a2"), bytes.fromhex("0000002500000d980003"), 2)
