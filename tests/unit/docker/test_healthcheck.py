"""The image's health check, run as the engine runs it."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.unit.docker.files import DOCKER

from stack.ports import free_ports


@contextmanager
def service(status: int) -> Iterator[int]:
    """A service that answers everything with the status, and nothing but /healthz at all; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def exit_code(port: int) -> int:
    environment = os.environ | {"ROWSTREAM_PORT": str(port), "ROWSTREAM_HOST": "", "http_proxy": "http://127.0.0.1:9"}
    return subprocess.run([sys.executable, DOCKER / "healthcheck.py"], env=environment, check=False, timeout=30).returncode


@pytest.mark.parametrize(("status", "expected"), [(200, 0), (500, 1), (403, 1)])
def test_it_says_whether_the_service_answers_well(status: int, expected: int) -> None:
    with service(status) as port:
        assert exit_code(port) == expected


def test_it_says_that_nobody_listens() -> None:
    assert exit_code(free_ports(1)[0]) == 1
