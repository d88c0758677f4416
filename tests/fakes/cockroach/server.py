"""The proxy: passes PostgreSQL's protocol on, and answers, or says otherwise, what only CockroachDB understands."""

import json
import random
import re
import socket
import struct
from collections.abc import Iterator, Mapping

from tests.fakes.cockroach.history import History, Moment
from tests.fakes.pgproxy import PgProxy, Session, error, message, said_otherwise

VERSION = "CockroachDB CCL v25.2.0 (a stand-in)"

TARGETS = re.compile(r'TABLE "((?:[^"]|"")+)"\."((?:[^"]|"")+)"\."((?:[^"]|"")+)"')
CURSOR = re.compile(r"cursor = '([0-9.]+)'")
AT_A_MOMENT = re.compile(r"SET TRANSACTION AS OF SYSTEM TIME '([0-9.]+)'")

HEADER = struct.pack("!h", 3) + b"".join(
    name + b"\0" + struct.pack("!ihihih", 0, 0, oid, -1, -1, 0) for name, oid in ((b"table", 25), (b"key", 17), (b"value", 17))
)


class EndedError(Exception):
    """A table was emptied at once, or dropped."""


class Cockroach(PgProxy[History]):
    """
    Stands in for a cluster whose data is in a PostgreSQL database. A context manager; `dsn` is a superuser's, `port` where it listens.

    Its changefeeds tell some rows twice, some before their time, and none in any order.
    """

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, History(dsn))
        self.changefeeds = 0

    def session(self, client: socket.socket, server: socket.socket) -> "_Session":
        """Make what takes the messages of a session."""
        return _Session(client, server, self)

    def said_otherwise(self, query: str) -> str:
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

    def tell_changes(self, query: str, client: socket.socket) -> None:
        """Answer a query for a changefeed, until the client is gone."""
        self.changefeeds += 1
        targets = [[part.replace('""', '"') for part in parts] for parts in TARGETS.findall(query)]
        tables = {(schema, name): ".".join(map(_as_needed, (database, schema, name))) for database, schema, name in targets}
        found = CURSOR.search(query)
        moment = self.history.find(found[1]) if found else None
        if found is None or moment is None:
            client.sendall(error("cursor is older than the GC threshold: batch timestamp must be after replica GC threshold"))
            return
        there = self.history.tables(moment)
        if lacking := [name for (_, name) in tables if all(place[1] != name for place in there)]:
            client.sendall(error(f'failed to resolve targets in the CHANGEFEED stmt: table "{lacking[0]}" does not exist'))
            return
        names = {there[place]: (place[1], told) for place, told in tables.items()}
        client.sendall(message(b"T", HEADER))
        dice, told, at = random.Random(self.changefeeds), list[bytes](), found[1]  # noqa: S311 - chance that can be repeated
        while _is_open(client):
            for moment in self.history.after(at):
                try:
                    rows = list(_rows(moment, names))
                except EndedError as ended:
                    client.sendall(error(str(ended)))
                    return
                told += rows
                again = dice.sample(told, min(len(told), 3))
                ahead = _resolved(at)  # what follows it is told already
                at = moment.text
                client.sendall(b"".join([*dice.sample(rows, len(rows)), *again, ahead, _resolved(at)]))


class _Session(Session):
    def __init__(self, client: socket.socket, server: socket.socket, cluster: Cockroach) -> None:
        super().__init__(client, server)
        self._cluster = cluster

    def take(self, kind: bytes, body: bytes) -> None:
        """Answer what asks for a changefeed."""
        if kind == b"Q" and body.startswith(b"CREATE CHANGEFEED"):
            self._cluster.tell_changes(body.rstrip(b"\0").decode(), self.client)
        else:
            self.server.sendall(said_otherwise(kind, body, self._cluster.said_otherwise))


def _rows(moment: Moment, names: Mapping[str, tuple[str, str]]) -> Iterator[bytes]:
    """The rows of the tables, each by what it was called when the feed began. CockroachDB calls a table that was dropped so, too."""
    for number, key, ended in moment.changes:
        if number in names:
            name, told = names[number]
            if key is None:
                raise EndedError(f'"{told if ended == "dropped" else name}" was {ended}')
            yield _row(told, key.encode(), json.dumps({"after": None, "updated": moment.text}).encode())


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
    return message(b"D", struct.pack("!h", 3) + b"".join(fields))
