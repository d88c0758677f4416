"""Topics filled by a real job of rowstream, whose workers have not begun: what everyone drains."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench.databases import copy_database
from bench.servers import Servers
from bench.service import CONTROL_DATABASE, Service
from bench.source import Source
from bench.topics import FilledTopic, first_key, last_key
from bench.waiting import wait_until
from bench.workload import Workload
from stack.errors import StackError

TARGET = "bench_rowstream"
FROZEN = "_frozen"
ENDED = ("COMPLETED", "CANCELLED", "FAILED")
FILL_SECONDS = 3_600.0
END_SECONDS = 300.0

Client = MongoClient[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Filled:
    """A workload in its topics. `job` is the job that owns them, `target` its database."""

    workload: Workload
    job: str
    topics: tuple[FilledTopic, ...]
    target: str = TARGET


class Filling:
    """Fills topics, and brings the job back to the moment before its first event was applied."""

    def __init__(self, servers: Servers, service: Service, source: Source, client: Client, say: Callable[[str], None]) -> None:
        self.servers = servers
        self.service = service
        self.source = source
        self.client = client
        self.say = say

    def fill(self, workload: Workload) -> Filled:
        """
        Make the tables, post a CDC job, and let its connector write every event; no worker runs in the end.

        What an earlier run has filled for the same workload, and kept, is taken as it is.
        """
        kept = self._kept(workload)
        if kept is not None:
            self.say(f"Filled before: {workload.name}")
            return kept
        self.clear()
        self.say(f"Filling: {workload.name}")
        self.source.make((*workload.schema, *workload.rows))
        job = self._snapshot(workload) if workload.rows else self._stream(workload)
        topics = self._topics(job)
        self._freeze()
        self._record.write_text(json.dumps({"workload": _plain(workload), "job": job, "topics": [asdict(topic) for topic in topics]}))
        return Filled(workload, job, topics)

    def thaw(self) -> None:
        """Bring the job's state back; its documents go."""
        for database in (CONTROL_DATABASE, TARGET):
            copy_database(self.client, database + FROZEN, database)

    def clear(self) -> None:
        """End what an earlier part (or run) left: its job, connectors, topics, databases."""
        self.service.stop()
        self._record.unlink(missing_ok=True)
        left = self.client[CONTROL_DATABASE + FROZEN]["jobs"].find_one({"active": True}, {"_id": 1})
        if left is not None:
            self.thaw()
            self._cancel(left["_id"])
        for database in self.client.list_database_names():
            if database.startswith("bench_"):
                self.client.drop_database(database)
        self.source.drop()

    @property
    def _record(self) -> Path:
        return self.servers.layout.home / "bench-filled.json"

    def _kept(self, workload: Workload) -> Filled | None:
        if not self._record.exists():
            return None
        record = json.loads(self._record.read_text())
        if record["workload"] != _plain(workload):
            return None
        return Filled(workload, record["job"], tuple(FilledTopic(**topic) for topic in record["topics"]))

    def _cancel(self, job: str) -> None:
        self.say("Ending the job, which removes its topics")
        self.service.start(0)
        self.service.api.ask(job, "cancel")
        wait_until(lambda: self.service.api.get(job)["status"] in ENDED, "the job has ended", END_SECONDS, 0.25)
        self.service.stop()

    def _snapshot(self, workload: Workload) -> str:
        self.service.start(0)
        job = self._post()
        wait_until(lambda: self._has_read(job), "the snapshot is read", FILL_SECONDS, 0.25)
        self.service.stop()
        return job

    def _stream(self, workload: Workload) -> str:
        self.service.start(1)
        job = self._post()
        wait_until(lambda: self._look(job)["cdcStatus"] == "RUNNING", "the job streams", END_SECONDS, 0.25)
        self.service.stop()
        self.source.run(workload.changes)
        for topic, table, _ in self._planned(job):
            last = self.source.ask(f"SELECT max(id) FROM {table}")[0][0]  # noqa: S608 - the benchmark's own table
            wait_until(lambda topic=topic, last=last: self._last_key(topic) == last, "the changes are in Kafka", FILL_SECONDS, 0.5)  # type: ignore[misc]
        return job

    def _post(self) -> str:
        request = {
            "projectId": "bench",
            "jdbcConnectionDetails": {
                "type": "POSTGRESQL",
                "url": self.source.jdbc_url,
                "user": "bench",
                "password": self.source.password,
            },
            "mongodbConnectionDetails": {"connectionString": self.servers.mongodb.url.replace("/?", f"/{TARGET}?")},
            "options": {"mode": "CDC"},
            "verification": {"enabled": False},
        }
        job: str = self.service.api.post(request)["id"]
        return job

    def _has_read(self, job: str) -> bool:
        self._look(job)
        stored = self.client[CONTROL_DATABASE]["jobs"].find_one({"_id": job}, {"snapshotEnded": 1})
        return bool(stored and stored.get("snapshotEnded"))

    def _look(self, job: str) -> dict[str, Any]:
        self.service.check()
        view = self.service.api.get(job)
        if view["status"] in ENDED:
            raise StackError(f"the job has ended before its topics were filled: {view.get('failureError')}")
        return view

    def _planned(self, job: str) -> list[tuple[str, str, str]]:
        stored = self.client[CONTROL_DATABASE]["jobs"].find_one({"_id": job}) or {}
        return [(plan["topic"], plan["table"], plan["collection"]) for plan in stored["tables"]]

    def _topics(self, job: str) -> tuple[FilledTopic, ...]:
        found = []
        for topic, table, collection in self._planned(job):
            last = self._last_key(topic)
            if last is None:
                raise StackError(f"{topic} has no records")
            found.append(FilledTopic(topic, table, collection, first_key(self.servers.kafka.bootstrap_servers, topic), last))
        return tuple(found)

    def _last_key(self, topic: str) -> int | None:
        return last_key(self.servers.kafka.bootstrap_servers, topic)

    def _freeze(self) -> None:
        for database in (CONTROL_DATABASE, TARGET):
            copy_database(self.client, database, database + FROZEN)


def _plain(workload: Workload) -> Any:
    """The workload as it comes back from JSON."""
    return json.loads(json.dumps(asdict(workload)))
