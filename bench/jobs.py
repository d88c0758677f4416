"""rowstream's jobs on the source database."""

from collections.abc import Mapping
from typing import Any

from bench.service import Service
from bench.source import NAME, Source
from bench.waiting import wait_until
from stack.errors import StackError
from stack.mongodb import MongoDB

TARGET = "bench_rowstream"
ENDED = ("COMPLETED", "CANCELLED", "FAILED")
STREAMING_SECONDS = 300.0
END_SECONDS = 300.0
LOOK_SECONDS = 0.25


class Jobs:
    """Posts CDC jobs into the database `TARGET`, through the running service."""

    def __init__(self, service: Service, source: Source, mongodb: MongoDB) -> None:
        self.service = service
        self.source = source
        self.mongodb = mongodb

    def post(self, conditions: Mapping[str, str] | None = None) -> str:
        """Post a job, with filters of these conditions on tables; returns its id."""
        details = {"type": "POSTGRESQL", "url": self.source.jdbc_url, "user": NAME, "password": self.source.password}
        request = {
            "projectId": "bench",
            "jdbcConnectionDetails": details,
            "mongodbConnectionDetails": {"connectionString": self.mongodb.url.replace("/?", f"/{TARGET}?")},
            "options": {"mode": "CDC"},
            "verification": {"enabled": False},
            "relationalTableFilters": {"public": {table: {"whereClause": text} for table, text in (conditions or {}).items()}},
        }
        job: str = self.service.api.post(request)["id"]
        return job

    def look(self, job: str) -> dict[str, Any]:
        """
        The job as the API shows it.

        Raises:
            StackError: It, or the service, has ended.
        """
        self.service.check()
        view = self.service.api.get(job)
        if view["status"] in ENDED:
            raise StackError(f"the job has ended by itself: {view.get('failureError')}")
        return view

    def wait_until_streaming(self, job: str) -> None:
        """Return once the job follows changes."""
        wait_until(lambda: self.look(job)["cdcStatus"] == "RUNNING", "the job streams", STREAMING_SECONDS, LOOK_SECONDS)

    def cancel(self, job: str) -> None:
        """End the job, which removes its connector, its slot and its topics."""
        self.service.api.ask(job, "cancel")
        wait_until(lambda: self.service.api.get(job)["status"] in ENDED, "the job has ended", END_SECONDS, LOOK_SECONDS)
