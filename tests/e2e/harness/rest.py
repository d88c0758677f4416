"""Kafka Connect's REST API, asked without the project's client."""

import http.client
import json
from typing import Any

from tests.e2e.harness.waiting import wait_until

from stack.ports import LOOPBACK
from stack.stack import Stack


def ask_connect(stack: Stack, path: str, method: str = "GET", body: Any = None) -> Any:
    """The JSON of Connect's answer, None where it has none; while it takes up other work (409), it is asked again."""
    status, content = wait_until(
        lambda: answer if (answer := _ask(stack, path, method, body))[0] != http.HTTPStatus.CONFLICT else None, f"Connect answers {path}"
    )
    assert status < http.HTTPStatus.MULTIPLE_CHOICES, f"Connect answers {path} with {status}: {content!r}"
    return json.loads(content) if content else None


def _ask(stack: Stack, path: str, method: str, body: Any) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(LOOPBACK, stack.connect.port, timeout=60)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
