"""What the notifications tell of an initial read."""

import json

from pipeline.change.record import Position, Record
from pipeline.jobs.job import ScanStatus, SnapshotTable
from pipeline.jobs.snapshot import SnapshotProgress


def notification(kind: str, **data: str) -> Record:
    payload = {"id": "1", "aggregate_type": "Initial Snapshot", "type": kind, "additional_data": data or None, "timestamp": 1}
    return Record(Position("notifications", 0, 0), None, json.dumps({"schema": {}, "payload": payload}).encode())


def test_a_table_is_being_read_then_done_with_its_rows() -> None:
    progress = SnapshotProgress()
    progress.add([notification("STARTED"), notification("IN_PROGRESS", current_collection_in_progress="public.orders")])
    assert progress.tables == {"public.orders": SnapshotTable(status=ScanStatus.READING)}
    progress.add([notification("TABLE_SCAN_COMPLETED", scanned_collection="public.orders", total_rows_scanned="7", status="SUCCEEDED")])
    assert progress.tables == {"public.orders": SnapshotTable(status=ScanStatus.DONE, rows=7)}
    assert not progress.completed


def test_the_end_is_the_completed_notification_and_no_other() -> None:
    progress = SnapshotProgress()
    progress.add([notification("STARTED"), notification("ABORTED")])
    assert not progress.completed
    progress.add([notification("COMPLETED")])
    assert progress.completed


def test_a_second_start_is_a_second_attempt() -> None:
    progress = SnapshotProgress()
    progress.add([notification("STARTED")])
    progress.add([notification("STARTED")])
    assert progress.attempts == 2


def test_records_of_other_kinds_change_nothing() -> None:
    other = {"id": "1", "aggregate_type": "Incremental Snapshot", "type": "STARTED", "additional_data": None, "timestamp": 1}
    progress = SnapshotProgress()
    assert progress.add([Record(Position("n", 0, 0), None, json.dumps({"schema": {}, "payload": other}).encode())]) is False
    assert progress.add([]) is False
    assert progress.attempts == 0
