"""Markers are told from heartbeats and from messages of others."""

import base64
import json

import pytest

from pipeline.sources.postgresql.marker import HEARTBEAT, is_noted, marker_token


def record(prefix: str, content: bytes) -> bytes:
    message = {"prefix": prefix, "content": base64.b64encode(content).decode()}
    return json.dumps(
        {"schema": {"type": "struct"}, "payload": {"op": "m", "ts_ms": 1, "source": {"lsn": 70}, "message": message}}
    ).encode()


def test_a_marker_gives_its_token() -> None:
    assert marker_token(record("rowstream", b"3f2a")) == "3f2a"


@pytest.mark.parametrize(
    "value",
    [
        record("rowstream", HEARTBEAT.encode()),
        record("other", b"3f2a"),
        record("rowstream", b"\xff"),
        b'{"payload": null}',
        b"",
        b"no JSON",
    ],
)
def test_anything_else_gives_none(value: bytes) -> None:
    assert marker_token(value) is None


@pytest.mark.parametrize(
    ("offset", "read", "marked"),
    [
        ({"lsn": 60, "snapshot": "INITIAL", "last_snapshot_record": False, "snapshot_completed": False}, False, False),
        ({"lsn": 60, "snapshot": "INITIAL", "last_snapshot_record": True, "snapshot_completed": False}, True, False),
        ({"lsn": 60, "snapshot": "INITIAL", "last_snapshot_record": False, "snapshot_completed": True}, True, False),
        ({"lsn": 69, "lsn_proc": 69}, True, False),
        ({"lsn": 70, "lsn_proc": 70}, True, True),
        ({"lsn": 71}, True, True),
    ],
)
def test_an_offset_tells_what_is_behind_the_connector(offset: dict[str, object], read: bool, marked: bool) -> None:
    assert is_noted(offset, None) is read
    assert is_noted(offset, record("rowstream", b"3f2a")) is marked
