"""Which port each server listens on, and who has it when it is taken."""

import contextlib
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stack.errors import StackError

LOOPBACK = "127.0.0.1"


class PortPlan(BaseModel):
    """One loopback port for each server; `controller` is Kafka's second one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka: int = Field(19092, ge=1, le=65535)
    controller: int = Field(19093, ge=1, le=65535)
    connect: int = Field(18083, ge=1, le=65535)
    mongodb: int = Field(27018, ge=1, le=65535)
    postgresql: int = Field(15432, ge=1, le=65535)
    mysql: int = Field(13306, ge=1, le=65535)
    mariadb: int = Field(13307, ge=1, le=65535)

    @model_validator(mode="after")
    def _all_different(self) -> "PortPlan":
        ports = list(self.model_dump().values())
        if len(set(ports)) < len(ports):
            raise ValueError(f"two servers cannot share a port: {self}")
        return self

    @classmethod
    def free(cls) -> "PortPlan":
        """A plan of ports that nobody listens on now."""
        return cls(**dict(zip(cls.model_fields, free_ports(len(cls.model_fields)), strict=True)))


def free_ports(count: int) -> list[int]:
    """Different ports that are free now, below the range from which the kernel gives ports to clients."""
    found: list[int] = []
    for port in random.sample(candidates(), len(candidates())):
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    return found


def candidates() -> range:
    """The ports that may be chosen."""
    return range(10_000, _first_client_port())


def _first_client_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        return 32_768


def is_free(port: int) -> bool:
    """Whether a server could listen on the port."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def listening(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    with socket.socket() as attempt:
        attempt.settimeout(1)
        return attempt.connect_ex((LOOPBACK, port)) == 0


def check_free(port: int, server: str) -> None:
    """
    Make sure that the server can have the port.

    Raises:
        StackError: Another process has it; says which, if the kernel tells, and how to choose another port.
    """
    if is_free(port):
        return
    holder = next(_holders(port), None) or "another process, perhaps of another user"
    option = f"--{server}-port"
    raise StackError(
        f"port {port} for {server} is taken by {holder}",
        suggestion=f"stop it, or choose another port with {option} (or ROWSTREAM_{server.upper()}_PORT)",
    )


def _holders(port: int) -> Iterator[str]:
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if sockets.intersection(_open_files(process)):
                yield f"{(process / 'comm').read_text().strip()} (pid {process.name})"


def _open_files(process: Path) -> Iterator[str]:
    for link in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            yield os.readlink(link)


def _listening_inodes(port: int) -> Iterator[str]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]
