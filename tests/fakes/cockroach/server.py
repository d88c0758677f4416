"""The proxy: passes PostgreSQL's protocol on, and answers, or says otherwise, what only CockroachDB understands."""

import contextlib
import json
import random
import re
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from typing import Self

from psycopg.conninfo import conninfo_to_dict
from tests.fakes.cockroach.history import History, Moment

VERSION = "CockroachDB CCL v25.2.0 (a stand-in)"

TARGETS = re.compile(r'TABLE "((?:[^"]|"")+)"\."((?:[^"]|"")+)"\."((?:[^"]|"")+)"')
CURSOR = re.compile(r"cursor = '([0-9.]+)'")
AT_A_MOMENT = re.compile(r"SET TRANSACTION AS OF SYSTEM TIME '([0-9.]+)'")

READ_ONLY = b"-c default_transaction_read_only=on"
SSL_REQUEST = 80877103
HEADER = struct.pack("!h", 3) + b"".join(
    name + b"\0" + struct.pack("!ihihih", 0, 0, oid, -1, -1, 0) for name, oid in ((b"table", 25), (b"key", 17), (b"value", 17))
)


class TruncateError(Exception):
    """The table of this name was emptied."""


class Cockroach:
    """
    Stands in for a cluster whose data is in a PostgreSQL database. A context manager; `dsn` is a superuser's, `port` where it listens.

    Its changefeeds tell some rows twice, some before their time, and none in any order.
    """

    def __init__(self, dsn: str) -> None:
        self.history = History(dsn)
        server = conninfo_to_dict(dsn)
        self._backend = (str(server["host"]), int(str(server["port"])))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self.changefeeds = 0

    def __enter__(self) -> Self:
        self.history.__enter__()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()
        self.history.__exit__()

    def cut(self) -> None:
        """Cut every connection."""
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(self._backend)
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each message is sent by itself
        self._open |= {client, server}
        try:
            startup = _startup(client)
            while struct.unpack("!i", startup[4:8])[0] == SSL_REQUEST:
                client.sendall(b"N")
                startup = _startup(client)
            server.sendall(startup)
            threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()
            for kind, body in _messages(client):
                self._take(kind, body, client, server)
        except OSError:
            pass
        finally:
            for end in (client, server):
                end.close()
                self._open.discard(end)

    def _take(self, kind: bytes, body: bytes, client: socket.socket, server: socket.socket) -> None:
        if kind == b"Q" and body.startswith(b"CREATE CHANGEFEED"):
            self._tell_changes(body.rstrip(b"\0").decode(), client)
        elif kind == b"Q":
            server.sendall(_message(b"Q", self._said_otherwise(body.rstrip(b"\0").decode()).encode() + b"\0"))
        elif kind == b"P":
            name, query, rest = body.split(b"\0", 2)
            server.sendall(_message(b"P", b"\0".join((name, self._said_otherwise(query.decode()).encode(), rest))))
        else:
            server.sendall(_message(kind, body))

    def _said_otherwise(self, query: str) -> str:
        """The query in PostgreSQL's words."""
        if found := AT_A_MOMENT.fullmatch(query):
            moment = self.history.find(found[1])
            if moment is None:
                return "DO $$ BEGIN RAISE 'batch timestamp must be after replica GC threshold'; END $$"
            return f"SET TRANSACTION SNAPSHOT '{moment.snapshot}'"
        if "cluster_logical_timestamp()" in query:
            return f"SELECT '{self.history.take().text}'"
        if query == "SELECT version()":
            return f"SELECT '{VERSION}'"
        if query.startswith("SHOW CLUSTER SETTING"):
            return "SELECT 'true'"
        if query.startswith("SHOW ZONE CONFIGURATION"):
            return "SELECT 'RANGE default', 'gc.ttlseconds = 14400'"
        return query.replace("information_schema.columns AS c", "standin.columns AS c")

    def _tell_changes(self, query: str, client: socket.socket) -> None:
        self.changefeeds += 1
        targets = [[part.replace('""', '"') for part in parts] for parts in TARGETS.findall(query)]
        tables = {(schema, name): ".".join(map(_as_needed, (database, schema, name))) for database, schema, name in targets}
        found = CURSOR.search(query)
        moment = self.history.find(found[1]) if found else None
        if found is None or moment is None:
            client.sendall(_error("cursor is older than the GC threshold: batch timestamp must be after replica GC threshold"))
            return
        if lacking := self.history.lacks(moment, tables):
            client.sendall(_error(f'failed to resolve targets in the CHANGEFEED stmt: table "{lacking}" does not exist'))
            return
        client.sendall(_message(b"T", HEADER))
        dice, told, at = random.Random(self.changefeeds), list[bytes](), found[1]  # noqa: S311 - chance that can be repeated
        while _is_open(client):
            for moment in self.history.after(at):
                try:
                    rows = list(_rows(moment, tables))
                except TruncateError as emptied:
                    client.sendall(_error(f'"{emptied}" was truncated'))
                    return
                told += rows
                again = dice.sample(told, min(len(told), 3))
                ahead = _resolved(at)  # what follows it is told already
                at = moment.text
                client.sendall(b"".join([*dice.sample(rows, len(rows)), *again, ahead, _resolved(at)]))


def _rows(moment: Moment, tables: Mapping[tuple[str, str], str]) -> Iterator[bytes]:
    """The rows of the tables, each by what they are called. Raises `TruncateError` where one was emptied."""
    for schema, name, key in moment.changes:
        if (schema, name) in tables:
            if key is None:
                raise TruncateError(name)
            yield _row(tables[schema, name], key.encode(), json.dumps({"after": None, "updated": moment.text}).encode())


def _as_needed(name: str) -> str:
    """The name, in quotes where CockroachDB's grammar needs them."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


def _resolved(moment: str) -> bytes:
    return _row(None, None, json.dumps({"resolved": moment}).encode())


def _is_open(client: socket.socket) -> bool:
    client.settimeout(0.1)
    try:
        return bool(client.recv(1, socket.MSG_PEEK))
    except TimeoutError:
        return True
    finally:
        client.settimeout(None)


def _row(table: str | None, key: bytes | None, value: bytes) -> bytes:
    texts = (None if table is None else table.encode(), None if key is None else b"\\x" + key.hex().encode(), b"\\x" + value.hex().encode())
    fields = [struct.pack("!i", -1) if each is None else struct.pack("!i", len(each)) + each for each in texts]
    return _message(b"D", struct.pack("!h", 3) + b"".join(fields))


def _error(text: str) -> bytes:
    fields = b"SERROR\0VERROR\0CXXUUU\0M" + text.encode() + b"\0\0"
    return _message(b"E", fields) + _message(b"Z", b"I")


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _startup(client: socket.socket) -> bytes:
    """The first message of a session, which is to read from one snapshot: PostgreSQL shows no past otherwise."""
    (length,) = struct.unpack("!i", _exactly(client, 4))
    body = _exactly(client, length - 4).replace(READ_ONLY, READ_ONLY + b" -c default_transaction_isolation=repeatable\\ read")
    return struct.pack("!i", len(body) + 4) + body


def _messages(client: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    while True:
        kind = _exactly(client, 1)
        (length,) = struct.unpack("!i", _exactly(client, 4))
        yield kind, _exactly(client, length - 4)


def _exactly(client: socket.socket, length: int) -> bytes:
    taken = b""
    while len(taken) < length:
        part = client.recv(length - len(taken))
        if not part:
            raise ConnectionResetError
        taken += part
    return taken


def _pass_on(server: socket.socket, client: socket.socket) -> None:
    try:
        while part := server.recv(65536):
            client.sendall(part)
    except OSError:
        pass
    finally:
        client.close()
