"""Connectors on the benchmarks' Kafka Connect."""

import http.client
import json
from collections.abc import Mapping
from typing import Any

from bench.waiting import wait_until
from stack.errors import StackError
from stack.ports import LOOPBACK

TIMEOUT_SECONDS = 60.0
BUSY = 409


class Connectors:
    """The REST API, asked synchronously."""

    def __init__(self, port: int) -> None:
        self.port = port

    def start(self, name: str, config: Mapping[str, str]) -> None:
        """
        Create a connector, and return once all its tasks run.

        Raises:
            StackError: Connect refuses it; the message has each fault.
        """
        plugin = config["connector.class"]
        answer = self._ask("PUT", f"/connector-plugins/{plugin}/config/validate", {**config, "name": name})
        faults = [fault for entry in answer["configs"] for fault in entry["value"]["errors"]]
        if faults:
            raise StackError(f"Connect refuses {name}: {'; '.join(faults)}")
        self._ask("PUT", f"/connectors/{name}/config", config)
        wait_until(lambda: self._runs(name), f"the tasks of {name} run", TIMEOUT_SECONDS)

    def check(self, name: str) -> None:
        """Raise `StackError`, with the trace, when a task of the connector has failed."""
        for task in self._ask("GET", f"/connectors/{name}/status")["tasks"]:
            if task["state"] == "FAILED":
                raise StackError(f"a task of {name} has failed: {task['trace'][:2_000]}")

    def delete(self, name: str) -> None:
        """Delete a connector."""
        self._ask("DELETE", f"/connectors/{name}")

    def names(self) -> list[str]:
        """The connectors that exist."""
        return list(self._ask("GET", "/connectors"))

    def _runs(self, name: str) -> bool:
        status = self._ask("GET", f"/connectors/{name}/status", missing={"tasks": []})
        self_check = [task["state"] for task in status["tasks"]]
        if "FAILED" in self_check:
            self.check(name)
        return bool(self_check) and all(state == "RUNNING" for state in self_check)

    def _ask(self, method: str, path: str, body: Any = None, missing: Any = None) -> Any:
        """The answer; `missing` for one that says 404, if it is given. While Connect rebalances, ask again."""
        answered = wait_until(lambda: self._answered(method, path, body), "Connect does not rebalance", TIMEOUT_SECONDS)
        status, answer = answered or (0, None)
        if status == http.HTTPStatus.NOT_FOUND and missing is not None:
            return missing
        if status >= http.HTTPStatus.BAD_REQUEST:
            raise StackError(f"Connect answers {method} {path} with {status}: {answer}")
        return answer

    def _answered(self, method: str, path: str, body: Any) -> tuple[int, Any] | None:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=TIMEOUT_SECONDS)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status == BUSY:
            return None
        return answer.status, json.loads(content) if content else None
