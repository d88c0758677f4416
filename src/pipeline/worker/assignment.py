"""One live job in the hands of a worker: a thread that applies its changes."""

import random
import threading

import structlog
from confluent_kafka import KafkaException
from pymongo.errors import PyMongoError

from pipeline.errors import EngineUnavailableError, FencedError, PipelineError, SinkUnavailableError
from pipeline.jobs.job import Failure, Job
from pipeline.jobs.names import consumer_group
from pipeline.jobs.vault import Vault
from pipeline.settings import Settings
from pipeline.sink.client import connect
from pipeline.sink.mongo import MongoSink
from pipeline.worker.consumer import ChangeConsumer, RecordsLostError
from pipeline.worker.control import LiveJobs
from pipeline.worker.failure import failure_of
from pipeline.worker.filtering import caps_of
from pipeline.worker.loop import CannotApplyError, ChangeLoop
from pipeline.worker.translate import Translator

log = structlog.get_logger()

HEARTBEAT_MS = 500
"""Members hear of a rebalance in the answers to their heartbeats, and one that moves partitions takes two rounds."""

RETRY_SECONDS = 1.0


class Assignment(threading.Thread):
    """
    Applies the changes of one job generation until it is stopped or the job cannot go on.

    Whatever makes the worker lose its place (fenced, Kafka away) is answered by leaving the
    group and joining it again: everything it knows comes back from the checkpoints.
    `reported`: the job cannot go on, and the control database knows.
    """

    def __init__(self, job: Job, settings: Settings, vault: Vault, control: LiveJobs) -> None:
        super().__init__(name=f"job-{job.id}-{job.generation}")
        self._job = job
        self._settings = settings
        self._vault = vault
        self._control = control
        self._stopping = threading.Event()
        self.reported = False
        self._letters_asked = job.letters_asked

    def knows(self, job: Job) -> bool:
        """
        Whether the thread knows all that it must of the job as it is now.

        One that ended with a failure does not know that the job goes on since, which may follow at once.
        """
        known, now = ((each.tables, each.exactly_once, each.retries) for each in (self._job, job))
        return known == now

    def note(self, job: Job) -> None:
        """Take note of the job as it is now, of which the thread knows all that it must."""
        self._letters_asked = job.letters_asked

    def stop(self) -> None:
        """Ask the thread to end after the batch in hand."""
        self._stopping.set()

    def run(self) -> None:
        """Join the group, again and again, until stopped."""
        with structlog.contextvars.bound_contextvars(job=self._job.id):
            while not self._stopping.is_set():
                try:
                    self._work()
                except (CannotApplyError, RecordsLostError) as error:
                    self._report(failure_of(error))
                    return
                except (FencedError, SinkUnavailableError, EngineUnavailableError) as error:
                    log.warning("joining the group again", reason=error.message)
                except KafkaException as error:
                    log.warning("joining the group again", reason=str(error))
                except PipelineError as error:
                    self._report(failure_of(error))
                    return
                self._stopping.wait(RETRY_SECONDS * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret

    def _work(self) -> None:
        job, settings = self._job, self._settings
        secrets = self._vault.open(job.id, job.secrets or b"")
        with connect(secrets["mongodbUrl"]) as client:
            sink = MongoSink(
                client,
                job.target_database,
                job.id,
                job.generation,
                tables={plan.collection: plan.qualified_name for plan in job.tables},
                tolerance=job.tolerance,
                caps=caps_of(job),
            )
            consumer = ChangeConsumer(
                consumer_group(job.id, job.generation),
                job.topics,
                sink,
                {
                    "bootstrap.servers": settings.kafka_bootstrap_servers,
                    "session.timeout.ms": settings.session_timeout_ms,
                    "heartbeat.interval.ms": min(settings.session_timeout_ms // 3, HEARTBEAT_MS),
                },
                stopping=self._stopping.is_set,
            )
            try:
                ChangeLoop(
                    consumer,
                    Translator(job),
                    sink,
                    records=settings.batch_records,
                    size=settings.batch_bytes,
                    stopping=self._stopping.is_set,
                    asked=lambda: self._letters_asked,
                ).run()
            finally:
                consumer.close()

    def _report(self, failure: Failure) -> None:
        log.error("the job cannot go on", error=failure.error_type, reason=failure.message)
        while not self._stopping.is_set():
            try:
                self._control.report(self._job, failure)
                self.reported = True
            except PyMongoError as error:
                log.warning("the control database does not answer", error=type(error).__name__)
                self._stopping.wait(RETRY_SECONDS)
            else:
                return
