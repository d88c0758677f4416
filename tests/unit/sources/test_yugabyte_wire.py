"""The replication connection of a YugabyteDB slot: what is read from it, and what the slot is told that it may forget."""

import socket
import struct
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from psycopg import Connection
from psycopg.pq import ConnStatus, ExecStatus

from pipeline.errors import ConfigError, PipelineError, SourceError, SourceUnavailableError
from pipeline.sources.dialects.engine import open_database
from pipeline.sources.dialects.url import parse
from pipeline.sources.yugabyte import wire
from pipeline.sources.yugabyte.wire import Wire

DATABASE = open_database("YUGABYTE", parse("YUGABYTE", "jdbc:yugabytedb://h/shop", "app", "x"))


class Server:
    """Says what it is given to, then nothing, and keeps what it is told; `said` None ends the stream with an error."""

    def __init__(self) -> None:
        self.said: list[bytes | None] = []
        self.told: list[bytes] = []
        self.answer = SimpleNamespace(status=ExecStatus.COPY_BOTH, error_message=b"")
        self.status = ConnStatus.OK
        self._ends = socket.socketpair()
        self.socket = self._ends[0].fileno()

    def close(self) -> None:
        for end in self._ends:
            end.close()

    def exec_(self, command: bytes) -> Any:
        assert command.startswith(b'START_REPLICATION SLOT "slot" LOGICAL 0/0 ')
        return self.answer

    def get_copy_data(self, asynchronously: int) -> tuple[int, bytes]:
        assert asynchronously
        if not self.said:
            return 0, b""
        data = self.said.pop(0)
        return (-1, b"") if data is None else (len(data), data)

    def get_result(self) -> Any:
        return self.answer

    def put_copy_data(self, data: bytes) -> None:
        self.told.append(data)

    def flush(self) -> None:
        """All of it has gone."""

    def consume_input(self) -> None:
        """There is never any."""


def keepalive(end: int, *, reply: bool) -> bytes:
    return struct.pack(">cQQB", b"k", end, 0, reply)


def data(payload: bytes) -> bytes:
    return struct.pack(">cQQQ", b"w", 1, 2, 3) + payload


def positions(told: bytes) -> tuple[int, int, int]:
    """What a status update says was written, flushed and applied."""
    kind, *three, _, wants_reply = struct.unpack(">cQQQqB", told)
    assert (kind, wants_reply) == (b"r", 0)
    return tuple(three)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()

    def connect(_: object, **told: object) -> Connection[Any]:
        assert (told["replication"], told["client_encoding"]) == ("database", "utf8")
        return Mock(spec=Connection, pgconn=made)

    monkeypatch.setattr(wire, "driver_connection", connect)
    yield made
    made.close()


def test_what_the_plugin_told_is_taken_out_of_its_message(server: Server) -> None:
    server.said = [keepalive(9, reply=False), data(b"one"), data(b"two")]
    with Wire(DATABASE, "slot", "publication") as opened:
        assert [opened.next(0), opened.next(0), opened.next(0)] == [b"one", b"two", None]


def test_only_what_was_acknowledged_may_be_forgotten_whatever_a_keepalive_tells(server: Server) -> None:
    with Wire(DATABASE, "slot", "publication") as opened:
        server.said = [keepalive(900, reply=True)]
        assert opened.next(0) is None
        opened.acknowledge(42)
        server.said = [data(b"x"), keepalive(1_000, reply=True)]
        assert [opened.next(0), opened.next(0)] == [b"x", None]
    assert [positions(told) for told in server.told] == [(0, 0, 0), (42, 42, 42), (42, 42, 42)]


def test_it_is_told_while_nobody_reads(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "REPORT_SECONDS", 0.01)
    with Wire(DATABASE, "slot", "publication"):
        for _ in range(500):
            if len(server.told) > 2:
                break
            time.sleep(0.01)
    assert {positions(told) for told in server.told} == {(0, 0, 0)}


@pytest.mark.parametrize(
    ("says", "kind", "code"),
    [
        ('ERROR:  replication slot "slot" is active for PID 7', SourceUnavailableError, "SOURCE_UNAVAILABLE"),
        ('ERROR:  replication slot "slot" does not exist', ConfigError, "SLOT_GONE"),
        ('ERROR:  publication "publication" does not exist', ConfigError, "SLOT_GONE"),
        ("ERROR:  something else", SourceError, "SOURCE"),
        ("", SourceUnavailableError, "SOURCE_UNAVAILABLE"),
    ],
)
def test_why_a_stream_ends_or_does_not_begin_is_told(server: Server, says: str, kind: type[PipelineError], code: str) -> None:
    server.said = [None]
    with Wire(DATABASE, "slot", "publication") as opened:
        server.answer = SimpleNamespace(status=ExecStatus.FATAL_ERROR, error_message=says.encode())
        with pytest.raises(PipelineError) as ended:
            opened.next(0)
    assert (type(ended.value), ended.value.code) == (kind, code)
    with pytest.raises(kind), Wire(DATABASE, "slot", "publication"):
        pass
