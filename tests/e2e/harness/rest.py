"""Kafka Connect's REST API, asked without the project's client."""

import http.client
import json
from typing import Any

from stack.ports import LOOPBACK
from stack.stack import Stack


def ask_connect(stack: Stack, path: str, method: str = "GET", body: Any = None) -> Any:
    """The JSON of Connect's answer, None where it has none."""
    connection = http.client.HTTPConnection(LOOPBACK, stack.connect.port, timeout=60)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status < http.HTTPStatus.MULTIPLE_CHOICES, f"Connect answers {path} with {answer.status}: {content!r}"
        return json.loads(content) if content else None
    finally:
        connection.close()
