"""The proxy: passes PostgreSQL's protocol on, and says otherwise what only YugabyteDB understands."""

import re
import socket

from tests.fakes.pgproxy import PgProxy, Session, said_otherwise
from tests.fakes.yugabyte.history import History, UnknownMomentError

VERSION = "PostgreSQL 15.12-YB-2025.2.4.0-b0 (a stand-in)"

READ_TIME = re.compile(r"SET yb_read_time TO '(\d+) ht'")
CALL = re.compile(r"CALL set_yb_read_time\('(\d+) ht'\)")
NOW = "yb_get_current_hybrid_time_lsn()"


class Yugabyte(PgProxy[History]):
    """Stands in for a cluster whose data is in a PostgreSQL database. A context manager; `dsn` is a superuser's."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, History(dsn))

    def session(self, client: socket.socket, server: socket.socket) -> "_Session":
        """Make what takes the messages of a session."""
        return _Session(client, server, self.history)


class _Session(Session):
    """Remembers the session's `yb_read_time`: PostgreSQL is told it anew when a transaction begins, by a further statement."""

    def __init__(self, client: socket.socket, server: socket.socket, history: History) -> None:
        super().__init__(client, server)
        self._history = history
        self._read_time: int | None = None
        self._begins = False

    def take(self, kind: bytes, body: bytes) -> None:
        """Pass the message on, in PostgreSQL's words."""
        self.server.sendall(said_otherwise(kind, body, self._in_other_words))

    def is_for_client(self, kind: bytes, body: bytes) -> bool:
        """The end of a statement that the client has not sent is not."""
        if self._begins and (kind, body) == (b"C", b"SET\0"):
            self._begins = False
            return False
        return True

    def _in_other_words(self, query: str) -> str:
        try:
            return self._said(query)
        except UnknownMomentError as error:
            return f"DO $$ BEGIN RAISE '{error}'; END $$"

    def _said(self, query: str) -> str:
        if found := READ_TIME.fullmatch(query):
            self._read_time = int(found[1])
            return f"SET standin.read_time TO '{self._read_time}'"
        if query == "SET yb_read_time TO 0":
            self._read_time = None
            return "SET standin.read_time TO '0'"
        if query == "BEGIN" and self._read_time is not None:
            snapshot, self._begins = self._history.snapshot(self._read_time), True
            return f"BEGIN; SET TRANSACTION SNAPSHOT '{snapshot}'"
        if found := CALL.fullmatch(query):
            return f"SET TRANSACTION SNAPSHOT '{self._history.snapshot(int(found[1]))}'"
        if NOW in query:
            query = query.replace(NOW, f"CAST({self._history.take()} AS bigint)")
        query = query.replace("SET yb_disable_catalog_version_check", "SET standin.unchecked")
        return query.replace("SELECT version() AS version", f"SELECT '{VERSION}' AS version")
