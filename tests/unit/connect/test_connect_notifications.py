"""Notifications of the initial snapshot, as Debezium 3.6 writes them."""

import json

import pytest

from pipeline.connect.notifications import Notification, ScannedTable, decode_notification
from pipeline.errors import DecodeError


def record(kind: str, *, aggregate: str = "Initial Snapshot", **data: str) -> bytes:
    payload = {"id": "1", "type": kind, "aggregate_type": aggregate, "additional_data": {"connector_name": "c", **data}, "timestamp": 1}
    return json.dumps({"schema": {"type": "struct"}, "payload": payload}).encode()


@pytest.mark.parametrize("kind", ["STARTED", "COMPLETED", "ABORTED", "SKIPPED"])
def test_the_snapshots_course_is_told_by_type(kind: str) -> None:
    assert decode_notification(record(kind)) == Notification(kind)


def test_the_table_that_is_being_read_is_told() -> None:
    value = record("IN_PROGRESS", current_collection_in_progress="Odd.Schema.T $,", data_collections="public.a,Odd.Schema.T $,")
    assert decode_notification(value) == Notification("IN_PROGRESS", scanning="Odd.Schema.T $,")


def test_a_table_that_was_read_is_told_with_its_rows() -> None:
    value = record(
        "TABLE_SCAN_COMPLETED",
        scanned_collection="public.a",
        total_rows_scanned="12",
        data_collections="public.a,public.b",
        status="SUCCEEDED",
    )
    assert decode_notification(value) == Notification("TABLE_SCAN_COMPLETED", scanned=(ScannedTable("public.a", 12),))


def test_the_databases_name_before_a_tables_is_left_out() -> None:
    tables = {"dbo.orders", "dbo.lines"}
    value = record("IN_PROGRESS", current_collection_in_progress="Shop.dbo.orders")
    assert decode_notification(value, tables) == Notification("IN_PROGRESS", scanning="dbo.orders")
    value = record("TABLE_SCAN_COMPLETED", scanned_collection="Shop.dbo.lines", total_rows_scanned="12", status="SUCCEEDED")
    assert decode_notification(value, tables) == Notification("TABLE_SCAN_COMPLETED", scanned=(ScannedTable("dbo.lines", 12),))
    value = record("IN_PROGRESS", current_collection_in_progress="Shop.dbo.others")
    assert decode_notification(value, tables) == Notification("IN_PROGRESS", scanning="Shop.dbo.others")


def test_notifications_of_other_things_are_none() -> None:
    assert decode_notification(record("STARTED", aggregate="Incremental Snapshot")) is None
    assert decode_notification(None) is None


@pytest.mark.parametrize("value", [b"", b"{}", b"no JSON"])
def test_what_is_no_notification_is_refused(value: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_notification(value)
