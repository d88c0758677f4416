"""One round: random tables, a job on them, random changes and faults, and at the end every document and every count compared."""

import json
import random
import secrets
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from tests.e2e.harness.client import JobClient, JobView, changes_seen, rows_seen
from tests.e2e.harness.comparing import expect_documents_equal_rows
from tests.e2e.harness.leftovers import left_behind
from tests.e2e.harness.oracle import Style
from tests.e2e.harness.requests import job_request, with_database
from tests.e2e.harness.service import Service
from tests.e2e.harness.source import SourceDatabase, drop_source, make_source
from tests.e2e.harness.traffic import MARKS, Traffic
from tests.model.application import RandomApplication
from tests.model.faults import FROZEN, Faults
from tests.model.refusals import Refusals
from tests.model.tables import random_tables
from tests.model.topics import dump_topics

from pipeline.jobs.names import consumer_group
from stack.stack import Stack

SETTLED_SECONDS = 400.0


@dataclass
class Round:
    """Everything of it follows from the seed, but for the moments at which processes meet. Evidence of a failure goes into the folder."""

    stack: Stack
    folder: Path
    seed: int
    seconds: float
    faults: Faults = field(init=False)
    application: RandomApplication = field(init=False)

    def run(self) -> str:
        """
        Run it; returns a line that sums it up.

        Raises:
            AssertionError: Something is not as it should be; the message begins with the seed.
        """
        name = f"model_{self.seed}_{secrets.token_hex(3)}"
        source = make_source(self.stack.connections.admin_dsn, name)
        with MongoClient[Any](self.stack.connections.control_url, tz_aware=True) as client:
            dice = random.Random(self.seed)  # noqa: S311 - a round that can be repeated
            settings = {"ROWSTREAM_BATCH_RECORDS": dice.choice(["100", "500", "2000"]), "ROWSTREAM_CONNECTOR_RESTARTS": "1000"}
            service = Service(self.stack, self.folder, name, dice.choice([1, 2, 3]), settings)
            jobs = JobClient(service)
            try:
                summary = self._play(source, client[name], jobs, dice)
            except Exception as error:
                raise AssertionError(self._failed(error, jobs)) from error
            finally:
                self._end(service, jobs)
            client.drop_database(name)
            client.drop_database(service.control_database)
        drop_source(self.stack.connections.admin_dsn, source)
        return summary

    def _play(self, source: SourceDatabase, target: Database[Any], jobs: JobClient, dice: random.Random) -> str:
        begun = time.monotonic()
        style, own_dice = self._style(), random.Random(dice.random())  # noqa: S311 - the same
        tables = random_tables(dice)
        for table in tables:
            table.fixed = style.omitted_nulls and table.deferrable  # a column that comes while rows share a key looks like a null
        application = self.application = RandomApplication(own_dice, tables)
        faults = self.faults = Faults(self.stack, jobs.service, random.Random(dice.random()))  # noqa: S311 - the same
        source.run(MARKS, *(statement for table in application.tables for statement in table.create()))
        with source.connect(autocommit=False) as connection:
            application.fill(connection, dice.choice([20, 200, 1_000]))
        jobs.service.start()
        with Traffic(source, application) as traffic:
            traffic.wait_for(dice.randint(1, 100))
            request = job_request(source, with_database(self.stack.connections.control_url, target.name), "CDC")
            told_apart = [style.named(table.name) for table in application.tables if table.key and not table.deferrable]
            refusals = Refusals(self.seed, target, told_apart)
            refusals.begin()
            request["options"] |= refusals.options
            jobs.write_project(
                request, names="SOURCE" if style.source_names else "CAMEL_CASE", nulls="OMIT" if style.omitted_nulls else "KEEP"
            )
            job_id = jobs.post(request)
            jobs.wait(job_id, "the snapshot is being read", lambda job: "Reading" in str(job["jobUpdates"]))
            if dice.random() < 0.5:
                faults.strike()
            jobs.wait_until_streaming(job_id, SETTLED_SECONDS)
            faults.tell("the job streams")
            faults.add_what_users_ask(jobs, job_id)
            application.schema_changes = True
            end = time.monotonic() + self.seconds
            while time.monotonic() < end:
                traffic.wait_for(dice.randint(1, 400))
                faults.strike()
            traffic.wait_for(dice.randint(1, 400))
            changes = traffic.end()
        with source.connect() as connection:
            changes += application.touch(connection)
        failed = 0
        if refusals:
            jobs.wait(job_id, "all is applied", lambda job: changes_seen(job) in _begins(traffic, job, changes), SETTLED_SECONDS)
            failed = refusals.end(jobs, job_id)
        jobs.stop(job_id)
        last = faults.strike() if dice.random() < 0.3 else None
        job = jobs.wait_for_status(job_id, "COMPLETED", SETTLED_SECONDS)

        collections = {table.quoted: style.named(table.name) for table in application.tables}
        expect_documents_equal_rows(source, target, collections | {"mark": "mark"}, style)
        begins = _begins(traffic, job, changes)
        assert changes_seen(job) in begins, f"no moment fits: {rows_seen(job)} rows, {changes_seen(job)} changes, not {sorted(begins)}"
        left = set(left_behind(self.stack, source, target, job_id))
        if last == FROZEN:  # a worker that wakes after the end joins its group once more; Kafka removes an empty one by itself
            left.discard(f"topic or group {consumer_group(job_id, 1)}")
        assert not left, "\n".join(["left behind:", *left])
        seen = f"{rows_seen(job)} rows, {changes_seen(job)} changes, {failed} failures"
        return f"seed {self.seed}: {style}, {seen}, {faults.count} faults, {time.monotonic() - begun:.0f} s"

    def _style(self) -> Style:
        """How the project of the round wants documents; drawn apart, so that a seed means what it meant before there were projects."""
        dice = random.Random(f"{self.seed}: style")  # noqa: S311 - the same
        return Style(source_names=dice.random() < 0.5, omitted_nulls=dice.random() < 0.5)

    def _failed(self, error: Exception, jobs: JobClient) -> str:
        """Tell the story, and keep the evidence."""
        parts = [f"ROWSTREAM_MODEL_SEED={self.seed}: {type(error).__name__}: {error}"]
        if hasattr(self, "faults"):
            tables = [statement for table in self.application.tables for statement in table.create()]
            parts += ["--- tables (their columns at the end)", *tables, "--- faults", *self.faults.story]
            parts += ["--- latest statements", *self.application.story]
        text = "\n".join(parts)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "story.txt").write_text(text)
        for log in self.stack.layout.home.glob("logs/*"):
            shutil.copy(log, self.folder)
        try:
            found = jobs.ask("GET", "/jobs")
            (self.folder / "jobs.json").write_text(json.dumps(found, indent=1))
            dump_topics(self.stack.connections.kafka_bootstrap_servers, self.folder / "topics.txt")
        except Exception as problem:  # noqa: BLE001 - what is failing already may keep evidence away; the failure itself is told
            (self.folder / "not_kept.txt").write_text(repr(problem))
        return f"{parts[0]}\nevidence in {self.folder}\n" + "\n".join(text.splitlines()[-60:])

    def _end(self, service: Service, jobs: JobClient) -> None:
        for server in reversed(self.stack.servers):
            server.start()
        if service.running:
            jobs.end_all()
        service.kill()


def _begins(traffic: Traffic, job: JobView, changes: int) -> set[int]:
    """How many of all changes came after the snapshot, for each moment at which there were as many rows as it has read."""
    return {changes - tally.changes for tally in traffic.history if tally.rows == rows_seen(job)}
