"""The demo from beginning to end."""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row
from pymongo import MongoClient
from pymongo.database import Database

from pipeline.jobs.redact import redact_mongodb_url
from stack.demo.account import Account
from stack.demo.changes import Shop
from stack.demo.client import ALREADY_RUNNING, JobsApi, RefusedError
from stack.demo.compare import KEYS, compare
from stack.demo.lag import LagMeter
from stack.demo.request import DATABASE, as_curl, job_request, target_url
from stack.demo.service import Service
from stack.demo.tally import COMPLETED, FAILED, Tally, has_ended
from stack.errors import StackError, file_errors_told
from stack.exclusive import exclusive
from stack.stack import Stack
from stack.typed import typed

LOOK_SECONDS = 0.25
PACE_SECONDS = 0.05
SNAPSHOT_SECONDS = 300.0
CATCH_UP_SECONDS = 120.0
END_SECONDS = 60.0
SEED = 8278


class Demo:
    """One run: a CDC job on the sample database, from nothing to documents that follow."""

    def __init__(self, stack: Stack, account: Account) -> None:
        self.stack = stack
        self.account = account
        self.service = Service(stack.layout)

    @file_errors_told()
    def run(self, seconds: float, *, keep: bool) -> bool:
        """
        Run the demo with `seconds` of live changes; whether every count and document was right.

        Whatever it started is stopped when it returns or raises. `keep` keeps everything
        running after the verdict, until interrupted.

        Raises:
            StackError: A part of it cannot be started, or fails.
        """
        self.stack.layout.make()
        with ExitStack() as started:
            started.enter_context(exclusive(self.stack.layout.run("demo.lock"), _refuse_second))
            started.enter_context(self._stack_up())
            api = started.enter_context(self._serving())
            shop = started.enter_context(psycopg.connect(self.stack.connections.sample_dsn, autocommit=True))
            client: MongoClient[dict[str, Any]] = started.enter_context(
                MongoClient(target_url(self.stack.connections), tz_aware=True, uuidRepresentation="standard")
            )
            return self._move_shop(api, shop, client[DATABASE], seconds, keep=keep)

    @contextmanager
    def _stack_up(self) -> Iterator[None]:
        ran_before = any(server.pid is not None for server in self.stack.status())
        self.account.step("The embedded stack: PostgreSQL with the sample database, Kafka, Kafka Connect with Debezium, MongoDB")
        try:
            self.stack.up(self.account.progress)
            yield
        finally:
            if not ran_before:
                self.stack.down(self.account.progress)

    @contextmanager
    def _serving(self) -> Iterator[JobsApi]:
        self.account.step("The service")
        try:
            self.service.start()
            self.account.say(f"rowstream serve --workers 2 answers on port {self.service.port}, its log is {self.service.log}")
            yield JobsApi(self.service.port)
        finally:
            self.account.say("Stopping the service")
            self.service.stop()

    def _move_shop(
        self, api: JobsApi, connection: psycopg.Connection[Any], database: Database[dict[str, Any]], seconds: float, *, keep: bool
    ) -> bool:
        rows = sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in KEYS)  # type: ignore[index] # noqa: S608 - a count is always there, and the names are ours
        self.account.step("A job, posted as anyone can post it")
        self.account.say(as_curl(self.stack.connections, self.stack.layout.password("sample"), api.url))
        with self._job(api) as job_id:
            self._follow_snapshot(api, job_id)
            tally = self._follow_changes(api, job_id, connection, database, seconds)
            if not keep:
                tally.job = self._stop(api, job_id)
            good = self._judge(tally, rows, connection, database)
            if keep:
                self._hold(api, job_id)
        return good

    @contextmanager
    def _job(self, api: JobsApi) -> Iterator[str]:
        job_id = self._post(api)
        self.account.say(f"GET {api.url}/jobs/{job_id}")
        try:
            yield job_id
        finally:
            with contextlib.suppress(StackError):
                self._end(api, job_id)

    def _post(self, api: JobsApi) -> str:
        """Post the job; one that an earlier demo could not end is ended first."""
        request = job_request(self.stack.connections)
        try:
            answer = api.post(request)
        except RefusedError as error:
            if error.status != ALREADY_RUNNING or error.job_id is None:
                raise
            self.account.say(f"Ending job {error.job_id}, which an earlier demo left behind")
            self._end(api, error.job_id)
            answer = api.post(request)
        job_id: str = answer["id"]
        return job_id

    def _end(self, api: JobsApi, job_id: str) -> None:
        """End the job if it has not ended: in good order, and if that takes long, at once."""
        if has_ended(api.get(job_id)):
            return
        self.account.say("Ending the job: its connector, slot, publication and topics are removed")
        for action in ("stop", "cancel"):
            with contextlib.suppress(RefusedError):  # it is ending already
                api.ask(job_id, action)
            if self._wait(lambda: api.get(job_id), has_ended, END_SECONDS) is not None:
                return
        self.account.say(f"Job {job_id} has not ended yet; the service goes on with it when it is started again")

    def _follow_snapshot(self, api: JobsApi, job_id: str) -> None:
        self.account.step("The snapshot: every row that exists becomes a document")

        def look() -> dict[str, Any]:
            job = self._look(api, job_id)
            self.account.snapshot(job)
            return job

        job = self._wait(look, lambda job: job["cdcStatus"] == "RUNNING", SNAPSHOT_SECONDS)
        if job is None:
            raise StackError(f"the snapshot has not ended after {SNAPSHOT_SECONDS:.0f} s, see {self.service.log}")

    def _follow_changes(
        self, api: JobsApi, job_id: str, connection: psycopg.Connection[Any], database: Database[dict[str, Any]], seconds: float
    ) -> Tally:
        self.account.step("The changes: what is committed at the source follows")
        shop, meter = Shop(connection, SEED), LagMeter(database)
        tally = Tally(job=self._look(api, job_id), meter=meter)
        self._show_one(shop, tally, connection, database)
        with self.account.following() as show, meter.running():
            end, look_at = time.monotonic() + seconds, 0.0
            while time.monotonic() < end:
                transaction = shop.work()
                meter.offer(transaction.sign, time.monotonic())
                tally.add(transaction)
                if time.monotonic() >= look_at:
                    tally.job, look_at = self._look(api, job_id), time.monotonic() + LOOK_SECONDS
                    show(tally)
                time.sleep(PACE_SECONDS)  # the shop's pace

            def look() -> dict[str, Any]:
                tally.job = self._look(api, job_id)
                show(tally)
                return tally.job

            self._wait(look, lambda _: tally.seen >= tally.made, CATCH_UP_SECONDS)
        return tally

    def _show_one(self, shop: Shop, tally: Tally, connection: psycopg.Connection[Any], database: Database[dict[str, Any]]) -> None:
        """Show one customer before and after a change."""
        documents = database["customers"]
        row = self._first_customer(connection)
        identity = {"_id": row["customer_id"]}
        document = documents.find_one(identity) or {}
        self.account.beside("A customer before a change ...", row, document)
        tally.add(shop.change_customer(identity["_id"]))
        committed_at = time.monotonic()
        after = self._wait(lambda: documents.find_one(identity) or {}, lambda found: found != document, CATCH_UP_SECONDS, 0.005)
        if after is None:
            raise StackError(f"a change has not arrived after {CATCH_UP_SECONDS:.0f} s, see {self.service.log}")
        title = f"... and after an UPDATE, {(time.monotonic() - committed_at) * 1000:.0f} ms later: what is new"
        self.account.beside(title, _changes(row, self._first_customer(connection)), _changes(document, after))

    def _first_customer(self, connection: psycopg.Connection[Any]) -> dict[str, Any]:
        with connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute("SELECT * FROM customers ORDER BY customer_id LIMIT 1").fetchone()
        if row is None:
            home = self.stack.layout.home
            raise StackError("the sample has no customers", suggestion=f"run `{typed('down --wipe', home)}`, then `{typed('demo', home)}`")
        return row

    def _stop(self, api: JobsApi, job_id: str) -> dict[str, Any]:
        self.account.step("The stop: changes made until now are applied, then all that the job owns is removed")
        self.account.say(f"POST {api.url}/jobs/{job_id}/stop")
        api.ask(job_id, "stop")
        job = self._wait(lambda: self._look(api, job_id), has_ended, CATCH_UP_SECONDS)
        if job is None or job["status"] != COMPLETED:
            raise StackError(f"the job has not ended in good order, see {self.service.log}")
        return job

    def _judge(self, tally: Tally, rows: int, connection: psycopg.Connection[Any], database: Database[dict[str, Any]]) -> bool:
        self.account.step("The verdict: every row beside its document, and the counts")
        comparisons = compare(connection, database)
        self.account.comparisons(comparisons)
        read = tally.job["statistics"]["totalEventsSeen"]
        self.account.say(f"  rows read by the snapshot: {rows} in the tables, {read} counted by the job")
        self.account.say(f"  changes: {tally.made} made, {tally.seen} counted by the job")
        self.account.say(f"  commit to document: {tally.lag}")
        good = all(each.equal for each in comparisons) and rows == read and tally.made == tally.seen
        self.account.verdict(good, "Every document equals its row, every count is exact." if good else "Something is DIFFERENT.")
        return good

    def _hold(self, api: JobsApi, job_id: str) -> None:
        """Keep everything up until interrupted, which is how it is meant to end."""
        with contextlib.suppress(KeyboardInterrupt):
            self.account.step("Everything stays up and the job keeps streaming, until Ctrl-C")
            self.account.say(f"The job:   curl {api.url}/jobs/{job_id}")
            self.account.say(f"Stop it:   curl -X POST {api.url}/jobs/{job_id}/stop")
            self.account.say(f"Source:    {self.stack.sample_jdbc_url}, password in {self.stack.layout.password('sample')}")
            self.account.say(f"Documents: {redact_mongodb_url(target_url(self.stack.connections))}")
            while True:
                self._look(api, job_id)
                time.sleep(1)

    def _look(self, api: JobsApi, job_id: str) -> dict[str, Any]:
        """
        The job as it is now.

        Raises:
            StackError: It has failed, or the service has ended.
        """
        if not self.service.running:
            raise self.service.lost()
        job = api.get(job_id)
        if job["status"] == FAILED:
            raise StackError(f"the job has failed: {job['failureError']['message']}", suggestion=f"see {self.service.log}")
        return job

    @staticmethod
    def _wait(
        look: Callable[[], dict[str, Any]], enough: Callable[[dict[str, Any]], bool], patience: float, every: float = LOOK_SECONDS
    ) -> dict[str, Any] | None:
        """What is looked at once it is enough; None when `patience` seconds have passed."""
        deadline = time.monotonic() + patience
        while not enough(found := look()):
            if time.monotonic() > deadline:
                return None
            time.sleep(every)
        return found


def _changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in after.items() if name not in before or value != before[name]}


def _refuse_second() -> None:
    raise StackError("another `rowstream demo` runs in this home", suggestion="wait until it has ended, or choose another --home")
