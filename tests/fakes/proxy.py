"""A TCP proxy that cuts connections on purpose."""

import socket
import threading
from types import TracebackType
from typing import Self


class CuttingProxy:
    """
    Passes bytes to a server on loopback until told otherwise.

    `cut_after` names bytes in a request: it is passed on, and the connection is cut before
    its answer arrives; as often as `cuts` has members (one that is false: the request is not
    passed on either), or with `refuse_after_cut` for all connections from then on.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut_after: bytes | None = None
        self.cuts = [True]
        self.refuse_after_cut = False
        self._cut = threading.Event()
        self._refusing = False
        self._open: set[socket.socket] = set()
        self._forgotten: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.refuse()
        for thread in self._threads:
            thread.join(5)

    def wait_until_cut(self) -> None:
        """Return when the server has answered the request whose connection was cut."""
        assert self._cut.wait(30), "no connection was cut"

    def refuse(self) -> None:
        """Cut every connection, and every new one."""
        self._refusing = True
        for end in list(self._open):
            _close(end)

    def forget(self) -> None:
        """Pass nothing more of the connections that there are, and close none, as a firewall does that has forgotten them."""
        self._forgotten |= self._open

    def allow(self) -> None:
        """Pass connections again."""
        self._refusing = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                _close(client)
                continue
            server = socket.create_connection(("127.0.0.1", self._target))
            self._open |= {client, server}
            self._spawn(self._requests, client, server)
            self._spawn(self._answers, server, client)

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        while data := _receive(client):
            if client in self._forgotten:
                continue
            cut = self.cut_after is not None and self.cut_after in data and bool(self.cuts)
            passed = not cut or self.cuts.pop()
            if cut:
                self._refusing = self.refuse_after_cut
                _close(client)
            try:
                if passed:
                    server.sendall(data)
            except OSError:
                break
            if cut and passed:
                return
            if cut:
                break
        _close(client)
        _close(server)

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        while data := _receive(server):
            if server in self._forgotten:
                continue
            try:
                client.sendall(data)
            except OSError:
                self._cut.set()
                _close(server)
                break
        _close(client)

    def _spawn(self, function: object, *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)  # type: ignore[arg-type]  # any of the three above
        self._threads.append(thread)
        thread.start()


def _receive(end: socket.socket) -> bytes:
    try:
        return end.recv(1 << 20)
    except OSError:
        return b""


def _close(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        end.close()
