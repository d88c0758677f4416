"""How the servers are."""

from dataclasses import dataclass

from stack.server import Server


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One server: `pid` None when it does not run, `ready` whether it answers."""

    name: str
    port: int
    pid: int | None
    ready: bool
    resident_bytes: int | None

    @classmethod
    def of(cls, server: Server) -> "ServerStatus":
        """Ask the server."""
        pid = server.pid
        return cls(server.name, server.port, pid, pid is not None and server.ready, server.resident_bytes())
