"""Kafka Connect's REST API, asked without the project's client."""

import http.client
import json
from typing import Any

from stack.ports import LOOPBACK
from stack.stack import Stack


def ask_connect(stack: Stack, path: str) -> Any:
    """The JSON of Connect's answer to a GET."""
    connection = http.client.HTTPConnection(LOOPBACK, stack.connect.port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == http.HTTPStatus.OK, f"Connect answers {path} with {answer.status}: {content!r}"
        return json.loads(content)
    finally:
        connection.close()
