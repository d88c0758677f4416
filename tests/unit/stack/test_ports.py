"""Ports are chosen, checked and explained."""

import os
import socket
from collections.abc import Iterator

import pytest

from stack.errors import StackError
from stack.ports import PortPlan, check_free, free_ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", free_ports(1)[0]))
        server.listen()
        yield server.getsockname()[1]


def test_free_ports_are_different_and_can_be_listened_on() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    for port in ports:
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as every server here does
            server.bind(("127.0.0.1", port))


def test_free_ports_lie_below_those_the_kernel_gives_to_clients() -> None:
    with socket.socket() as client:
        client.bind(("127.0.0.1", 0))
        assert max(free_ports(20)) < client.getsockname()[1]


def test_a_taken_port_is_named_with_its_holder_and_the_option_that_changes_it(taken: int) -> None:
    with pytest.raises(StackError) as raised:
        check_free(taken, "kafka")
    assert f"port {taken} for kafka" in raised.value.message
    assert raised.value.suggestion is not None
    assert "--kafka-port" in raised.value.suggestion
    assert "ROWSTREAM_KAFKA_PORT" in raised.value.suggestion
    if os.path.exists("/proc/net/tcp"):
        assert f"(pid {os.getpid()})" in raised.value.message


def test_two_servers_cannot_share_a_port() -> None:
    with pytest.raises(ValueError, match="cannot share a port"):
        PortPlan(kafka=5000, connect=5000)
