"""Markers are told from heartbeats and from messages of others."""

import base64
import json

import pytest

from pipeline.sources.postgresql.marker import HEARTBEAT, marker_token


def record(prefix: str, content: bytes) -> bytes:
    message = {"prefix": prefix, "content": base64.b64encode(content).decode()}
    return json.dumps({"schema": {"type": "struct"}, "payload": {"op": "m", "ts_ms": 1, "source": {}, "message": message}}).encode()


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
