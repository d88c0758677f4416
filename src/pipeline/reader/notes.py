"""What the reader says of its course: notifications as Debezium writes them to its sink channel."""

import msgspec

from pipeline.connect.notifications import INITIAL_SNAPSHOT, SUCCEEDED

_encode = msgspec.json.Encoder().encode


def started() -> bytes:
    """The reading begins from its beginning."""
    return _note("STARTED", {})


def table_begun(table: str) -> bytes:
    """The first rows of the table (schema.table) are read."""
    return _note("IN_PROGRESS", {"current_collection_in_progress": table})


def table_read(table: str, rows: int) -> bytes:
    """All rows of the table are read."""
    return _note("TABLE_SCAN_COMPLETED", {"scanned_collection": table, "total_rows_scanned": str(rows), "status": SUCCEEDED})


def completed() -> bytes:
    """All tables are read."""
    return _note("COMPLETED", {})


def skipped() -> bytes:
    """Changes are followed, and no rows read: from the beginning, or any more."""
    return _note("SKIPPED", {})


def _note(kind: str, data: dict[str, str]) -> bytes:
    return _encode({"payload": {"aggregate_type": INITIAL_SNAPSHOT, "type": kind, "additional_data": data}})
