"""A client of the API, as a user would write one."""

import contextlib
import http.client
import json
from collections.abc import Callable
from typing import Any

from tests.e2e.harness.service import Service
from tests.e2e.harness.waiting import wait_until

JobView = dict[str, Any]

ENDED = ("COMPLETED", "CANCELLED", "FAILED")
SETTLED_SECONDS = 120.0


class RefusedError(Exception):
    """The API answered with a status other than 200; `body` is its error."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class JobClient:
    """Posts jobs to a service and looks at them; every wait has a deadline, and fails with the job's story and the service's log."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._posted: list[str] = []

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """
        The JSON of an answer.

        Raises:
            RefusedError: The status is not 200.
            OSError: The service does not answer.
        """
        connection = http.client.HTTPConnection(*self.service.address, timeout=60)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/api/v1{path}", text, {"Content-Type": "application/json"} if text else {})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RefusedError(answer.status, json.loads(content))
        return json.loads(content)

    def post(self, request: dict[str, Any]) -> str:
        """Post a job; returns its id."""
        job_id: str = self.ask("POST", "/jobs", request)["id"]
        self._posted.append(job_id)
        return job_id

    def replay(self, job_id: str, body: dict[str, Any]) -> JobView:
        """
        Have changes applied again, once the job is back from the replay before.

        Raises:
            RefusedError: That is refused whatever the job does.
        """

        def answer() -> JobView | None:
            try:
                job: JobView = self.ask("POST", f"/jobs/{job_id}/replay", body)
            except RefusedError as error:
                if "cannot be asked to" not in error.body["message"]:
                    raise
                return None
            return job

        return wait_until(answer, "a replay is taken")

    def get(self, job_id: str) -> JobView:
        """The job."""
        job: JobView = self.ask("GET", f"/jobs/{job_id}")
        return job

    def stop(self, job_id: str) -> None:
        """Ask the job to complete."""
        self.ask("POST", f"/jobs/{job_id}/stop")

    def cancel(self, job_id: str) -> None:
        """Ask the job to end now."""
        self.ask("POST", f"/jobs/{job_id}/cancel")

    def refresh(self, job_id: str, *tables: str) -> None:
        """Ask the job to read tables (schema.table) again."""
        self.ask("POST", f"/jobs/{job_id}/refresh", {"tables": list(tables)})

    def write_project(self, request: dict[str, Any], **settings: Any) -> None:
        """Write all settings of the project that a request names."""
        self.ask("PUT", f"/projects/{request['projectId']}", settings)

    def wait_until_refreshed(self, job_id: str, times: int = 1, seconds: float = SETTLED_SECONDS) -> JobView:
        """The job once so many refreshes of it have come to their ends, good or bad."""
        return self.wait(job_id, f"{times} refreshes have ended", lambda job: len(refreshes(job)) >= times, seconds)

    def end_all(self) -> None:
        """Cancel every job posted here that has not ended, as a failed test leaves it, and wait until it has."""
        for job_id in self._posted:
            with contextlib.suppress(RefusedError):
                self.cancel(job_id)
                wait_until(lambda job_id=job_id: self.get(job_id)["status"] in ENDED, "the job has ended", report=self.service.tail)  # type: ignore[misc]

    def wait(self, job_id: str, what: str, condition: Callable[[JobView], bool], seconds: float = SETTLED_SECONDS) -> JobView:
        """
        The job once the condition holds.

        While the service does not answer, this goes on trying. Fails when the job has ended
        (or `seconds` have passed) before the condition was true.
        """
        last: JobView = {}

        def looked() -> JobView | None:
            nonlocal last
            try:
                last = self.get(job_id)
            except (OSError, http.client.HTTPException):
                return None
            if condition(last):
                return last
            assert last["status"] not in ENDED, f"the job ended before {what}\n{self.report(last)}"
            return None

        found = wait_until(looked, what, seconds, lambda: self.report(last))
        assert found is not None
        return found

    def wait_for_status(self, job_id: str, status: str, seconds: float = SETTLED_SECONDS) -> JobView:
        """The job once its status is this."""
        return self.wait(job_id, f"the job is {status}", lambda job: job["status"] == status, seconds)

    def wait_until_streaming(self, job_id: str, seconds: float = SETTLED_SECONDS) -> JobView:
        """The job once it follows changes, its snapshot applied."""
        return self.wait(job_id, "the job streams", lambda job: job["cdcStatus"] == "RUNNING", seconds)

    def wait_for_rows(self, job_id: str, count: int, seconds: float = SETTLED_SECONDS) -> JobView:
        """The job once it has read at least so many rows."""
        return self.wait(job_id, f"{count} rows are read", lambda job: rows_seen(job) >= count, seconds)

    def wait_for_changes(self, job_id: str, count: int, seconds: float = SETTLED_SECONDS) -> JobView:
        """The job once it has seen at least so many changes."""
        return self.wait(job_id, f"{count} changes are seen", lambda job: changes_seen(job) >= count, seconds)

    def complete(self, job_id: str, seconds: float = SETTLED_SECONDS) -> JobView:
        """Stop a streaming job and return it once it is COMPLETED."""
        self.stop(job_id)
        return self.wait_for_status(job_id, "COMPLETED", seconds)

    def report(self, job: JobView) -> str:
        """All that helps to see why a job is not as it should be."""
        summary = {name: value for name, value in job.items() if name != "jobUpdates"}
        story = [json.dumps({name: update[name] for name in update if name != "details"}) for update in job.get("jobUpdates", [])]
        return "\n".join([json.dumps(summary, indent=1), "--- updates", *story[-40:], "--- service", self.service.tail()])


def rows_seen(job: JobView) -> int:
    """`statistics.totalEventsSeen`."""
    return int(job.get("statistics", {}).get("totalEventsSeen", 0))


def changes_seen(job: JobView) -> int:
    """`cdcStatistics.totalEventsSeen`."""
    return int(job.get("cdcStatistics", {}).get("totalEventsSeen", 0))


def refreshes(job: JobView) -> list[str]:
    """How each refresh that has ended did: the updates' messages."""
    ends = ("Read again, ", "Not read again")
    return [update["message"] for update in job["jobUpdates"] if update["message"].startswith(ends)]


def codes(job: JobView, event_type: str | None = None) -> list[str]:
    """The error codes of the job's updates (of one type)."""
    return [update["errorCode"] for update in job["jobUpdates"] if "errorCode" in update and event_type in (None, update["eventType"])]
