"""The service's HTTP API, as the demo uses it."""

import http.client
import json
from dataclasses import dataclass
from typing import Any

from stack.errors import StackError
from stack.ports import LOOPBACK

ALREADY_RUNNING = 470
TIMEOUT_SECONDS = 60.0


class RefusedError(StackError):
    """The service answered with an error body; `job_id` is the job in the way, if one is."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"the service answered {status}: {body.get('message')}", suggestion=body.get("description"))
        self.status = status
        self.job_id: str | None = body.get("jobId")


@dataclass(frozen=True, slots=True)
class JobsApi:
    """The paths of jobs on a loopback port."""

    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{LOOPBACK}:{self.port}/api/v1"

    def post(self, request: dict[str, Any]) -> dict[str, Any]:
        """Post a job."""
        return self._call("POST", "/jobs", request)

    def get(self, job_id: str) -> dict[str, Any]:
        """Read a job."""
        return self._call("GET", f"/jobs/{job_id}")

    def ask(self, job_id: str, action: str) -> dict[str, Any]:
        """Ask a job to `stop` or to `cancel`."""
        return self._call("POST", f"/jobs/{job_id}/{action}")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=TIMEOUT_SECONDS)
        try:
            text, headers = (None, {}) if body is None else (json.dumps(body), {"Content-Type": "application/json"})
            connection.request(method, f"/api/v1{path}", text, headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise StackError(f"the service on port {self.port} does not answer: {error}") from error
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise RefusedError(response.status, answer)
        return answer
