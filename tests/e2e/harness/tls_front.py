"""TLS before a PostgreSQL that was built without it: the handshake is real, and what is inside goes on to the server."""

import asyncio
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from tests.e2e.harness.certificates import Certificates

from stack.ports import LOOPBACK

SSL_REQUEST = struct.pack(">ii", 8, 80877103)
"""With which a client asks for TLS (PostgreSQL's protocol, SSLRequest)."""

PART = 65_536


@contextmanager
def tls_front(server_port: int, certificates: Certificates) -> Iterator[int]:
    """The port of a front on loopback for the server; who asks for no TLS is sent away."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    ports: list[int] = []
    started, loop, ended = Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        front = await asyncio.start_server(lambda *client: _connect(*client, server_port, context), LOOPBACK)
        ports.append(front.sockets[0].getsockname()[1])
        started.set()
        await ended.wait()
        front.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        started.wait()
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server_port: int, context: ssl.SSLContext) -> None:
    try:
        if await reader.readexactly(len(SSL_REQUEST)) != SSL_REQUEST:
            return
        writer.write(b"S")
        await writer.drain()
        await writer.start_tls(context)
        behind, before = await asyncio.open_connection(LOOPBACK, server_port)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass_on(reader, before))
                both.create_task(_pass_on(behind, writer))
        finally:
            before.close()
    except* (OSError, asyncio.IncompleteReadError):
        pass  # the one or the other has gone away
    finally:
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(PART):
        writer.write(part)
        await writer.drain()
    raise ConnectionResetError
