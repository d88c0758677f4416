"""Topics filled by a real job of rowstream whose workers have not begun: what everyone drains."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from pymongo import MongoClient

from bench.databases import copy_database
from bench.jobs import LOOK_SECONDS, TARGET, Jobs
from bench.servers import Servers
from bench.service import CONTROL_DATABASE
from bench.topics import FilledTopic, FilledTopics, last_key
from bench.waiting import wait_until
from bench.workload import Workload
from stack.errors import StackError

FROZEN = "_frozen"
FILL_SECONDS = 3_600.0


class Filling:
    """Fills topics, and brings the job back to the moment before its first event was applied."""

    def __init__(self, servers: Servers, jobs: Jobs, client: MongoClient[dict[str, Any]], say: Callable[[str], None]) -> None:
        self.jobs = jobs
        self.client = client
        self.say = say
        self._bootstrap_servers = servers.kafka.bootstrap_servers
        self._record = servers.layout.home / "bench-filled.json"

    def fill(self, workload: Workload) -> FilledTopics:
        """
        Make the tables, post a CDC job, and let its connector write every event; no worker runs in the end.

        What an earlier run has filled for the same workload, and kept, is taken as it is.
        """
        kept = self._kept(workload)
        if kept is not None:
            self.say(f"Filled before: {workload.title}")
            return kept
        self.clear()
        self.say(f"Filling: {workload.title}")
        self.jobs.source.make((*workload.schema, *workload.rows))
        job = self._snapshot(workload) if workload.rows else self._stream(workload)
        topics = self._topics(job)
        for database in (CONTROL_DATABASE, TARGET):
            copy_database(self.client, database, database + FROZEN)
        self._record.write_text(json.dumps({"workload": _plain(workload), "topics": [asdict(topic) for topic in topics]}))
        return topics

    def thaw(self, *, filtered: bool = True) -> None:
        """Bring the job's state back, with its filters or without; its documents go."""
        for database in (CONTROL_DATABASE, TARGET):
            copy_database(self.client, database + FROZEN, database)
        if not filtered:
            self.client[CONTROL_DATABASE]["jobs"].update_many({"tables": {"$exists": True}}, {"$unset": {"tables.$[].filter": ""}})

    def clear(self) -> None:
        """End what an earlier part (or run) has left: its job with all that it owns, its databases, its tables."""
        self.jobs.service.stop()
        self._record.unlink(missing_ok=True)
        left = self.client[CONTROL_DATABASE + FROZEN]["jobs"].find_one({"active": True}, {"_id": 1})
        if left is not None:
            self.say("Ending the job, which removes its topics")
            self.thaw()
            self.jobs.service.start(0)
            self.jobs.cancel(left["_id"])
            self.jobs.service.stop()
        for database in self.client.list_database_names():
            if database.startswith("bench_"):
                self.client.drop_database(database)
        self.jobs.source.drop()

    def _kept(self, workload: Workload) -> FilledTopics | None:
        if not self._record.exists():
            return None
        record = json.loads(self._record.read_text())
        if record["workload"] != _plain(workload):
            return None
        return tuple(FilledTopic(**topic) for topic in record["topics"])

    def _snapshot(self, workload: Workload) -> str:
        self.jobs.service.start(0)
        job = self._post(workload)
        wait_until(lambda: self._has_read(job), "the snapshot is read", FILL_SECONDS, LOOK_SECONDS)
        self.jobs.service.stop()
        return job

    def _post(self, workload: Workload) -> str:
        return self.jobs.post(dict.fromkeys(workload.tables, workload.condition) if workload.condition is not None else None)

    def _has_read(self, job: str) -> bool:
        self.jobs.look(job)
        return self.client[CONTROL_DATABASE]["jobs"].find_one({"_id": job, "snapshotEnded": True}) is not None

    def _stream(self, workload: Workload) -> str:
        self.jobs.service.start(1)
        job = self._post(workload)
        self.jobs.wait_until_streaming(job)
        self.jobs.service.stop()
        self.jobs.source.run(workload.changes)
        for plan in self._plans(job):
            wait_until(lambda plan=plan: self._has_all(plan), "the changes are in Kafka", FILL_SECONDS, LOOK_SECONDS)  # type: ignore[misc]
        return job

    def _has_all(self, plan: dict[str, str]) -> bool:
        last = self.jobs.source.ask(f"SELECT max(id) FROM {plan['table']}")
        return bool(last_key(self._bootstrap_servers, plan["topic"]) == last[0][0])

    def _plans(self, job: str) -> list[dict[str, str]]:
        stored = self.client[CONTROL_DATABASE]["jobs"].find_one({"_id": job}) or {}
        return list(stored["tables"])

    def _topics(self, job: str) -> FilledTopics:
        return tuple(self._topic(plan["topic"], plan["table"], plan["collection"]) for plan in self._plans(job))

    def _topic(self, topic: str, table: str, collection: str) -> FilledTopic:
        last = last_key(self._bootstrap_servers, topic)
        if last is None:
            raise StackError(f"{topic} has no records")
        return FilledTopic(topic, table, collection, last)


def _plain(workload: Workload) -> Any:
    """The workload as it comes back from JSON."""
    return json.loads(json.dumps(asdict(workload)))
