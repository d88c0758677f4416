"""A proxy in front of PostgreSQL: what a client says can be answered, or said otherwise, message by message."""

import contextlib
import socket
import struct
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, Self, TypeVar

from psycopg.conninfo import conninfo_to_dict

SSL_REQUEST = 80877103
READ_ONLY = b"-c default_transaction_read_only=on"


class Session(ABC):
    """A session that has begun."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server

    @abstractmethod
    def take(self, kind: bytes, body: bytes) -> None:
        """Take a message of the client's."""

    def is_for_client(self, kind: bytes, body: bytes) -> bool:
        """Whether the client is to be told what the server says."""
        return True


class Past(Protocol):
    """What a stand-in remembers of its database, while it runs. A context manager."""

    def __enter__(self) -> object:
        """Begin to remember."""
        ...

    def __exit__(self, *_: object) -> None:
        """Forget all."""
        ...


P = TypeVar("P", bound=Past)


class PgProxy(ABC, Generic[P]):
    """
    A context manager; `dsn` is a superuser's, `port` where it listens.

    It takes no more messages than are left: the next is not passed on, and all connections are cut.
    """

    def __init__(self, dsn: str, history: P) -> None:
        self.history = history
        server = conninfo_to_dict(dsn)
        self._backend = (str(server["host"]), int(str(server["port"])))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.messages_left = sys.maxsize
        self._open: set[socket.socket] = set()

    @abstractmethod
    def session(self, client: socket.socket, server: socket.socket) -> Session:
        """Make what takes the messages of a session."""

    def said_at_first(self, parameters: bytes) -> bytes:
        """A session reads from one snapshot: PostgreSQL shows no past otherwise."""
        return parameters.replace(READ_ONLY, READ_ONLY + b" -c default_transaction_isolation=repeatable\\ read")

    def __enter__(self) -> Self:
        self.history.__enter__()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._listener)
        self.cut()
        self.history.__exit__()

    def cut(self) -> None:
        """Cut every connection."""
        for end in list(self._open):
            _end(end)

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
            parameters = _startup(client)
            while struct.unpack("!i", parameters[:4])[0] == SSL_REQUEST:
                client.sendall(b"N")
                parameters = _startup(client)
            said = self.said_at_first(parameters)
            server.sendall(struct.pack("!i", len(said) + 4) + said)
            session = self.session(client, server)
            threading.Thread(target=_pass_on, args=(session,), daemon=True).start()
            for kind, body in _messages(client):
                self.messages_left -= 1
                if self.messages_left < 0:
                    return self.cut()
                session.take(kind, body)
        except OSError:
            pass
        finally:
            for end in (client, server):
                _end(end)
                self._open.discard(end)


def said_otherwise(kind: bytes, body: bytes, say: Callable[[str], str]) -> bytes:
    """The message with its query in other words, if it is one with a query."""
    if kind == b"Q":
        return message(b"Q", say(body.rstrip(b"\0").decode()).encode() + b"\0")
    if kind == b"P":
        name, query, rest = body.split(b"\0", 2)
        return message(b"P", b"\0".join((name, say(query.decode()).encode(), rest)))
    return message(kind, body)


def message(kind: bytes, body: bytes) -> bytes:
    """A message, as it travels."""
    return kind + struct.pack("!i", len(body) + 4) + body


def error(text: str) -> bytes:
    """What tells a client that its query has failed, and that the next is awaited."""
    fields = b"SERROR\0VERROR\0CXXUUU\0M" + text.encode() + b"\0\0"
    return message(b"E", fields) + message(b"Z", b"I")


def _startup(client: socket.socket) -> bytes:
    (length,) = struct.unpack("!i", _exactly(client, 4))
    return _exactly(client, length - 4)


def _messages(end: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    with end.makefile("rb") as stream:
        while True:
            kind, length = stream.read(1), stream.read(4)
            if len(length) < 4:
                return
            size = struct.unpack("!i", length)[0] - 4
            body = stream.read(size)
            if len(body) < size:
                return
            yield kind, body


def _exactly(client: socket.socket, length: int) -> bytes:
    taken = b""
    while len(taken) < length:
        part = client.recv(length - len(taken))
        if not part:
            raise ConnectionResetError
        taken += part
    return taken


def _pass_on(session: Session) -> None:
    try:
        for kind, body in _messages(session.server):
            if session.is_for_client(kind, body):
                session.client.sendall(message(kind, body))
    except OSError:
        pass
    finally:
        _end(session.client)


def _end(end: socket.socket) -> None:
    """Close it for whoever still waits for it, too."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
