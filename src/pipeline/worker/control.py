"""The worker's view of the control database: which jobs are live, and what became of them."""

from typing import Any

from pymongo import MongoClient, WriteConcern

from pipeline.jobs.control import CODEC
from pipeline.jobs.job import Failure, Job
from pipeline.settings import Settings

TIMEOUT_MS = 5_000


class LiveJobs:
    """The jobs whose changes are to be applied. Methods let pymongo's errors through: try again later."""

    def __init__(self, settings: Settings) -> None:
        self._client: MongoClient[dict[str, Any]] = MongoClient(
            settings.control_url.get_secret_value(),
            serverSelectionTimeoutMS=TIMEOUT_MS,
            socketTimeoutMS=2 * TIMEOUT_MS,
            appname="rowstream worker",
        )
        self._jobs = self._client[settings.control_database].get_collection(
            "jobs", codec_options=CODEC, write_concern=WriteConcern("majority")
        )

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def read(self) -> dict[tuple[str, int], Job]:
        """The live jobs that are not paused, and the replays of any into other collections, by id and generation."""
        jobs = [Job.model_validate(document) for document in self._jobs.find({"live": True})]
        twins = [twin for job in jobs if (twin := job.twin()) is not None]
        return {(job.id, job.generation): job for job in [*(job for job in jobs if not job.paused), *twins]}

    def report(self, job: Job, failure: Failure) -> None:
        """Record why the job cannot go on, if it is still live and has not gone on after a failure since; the first report stands."""
        live = {"_id": job.id, "live": True}
        untold = {**live, "generation": job.generation, "retries": job.retries, "workerFailure": {"$exists": False}}
        self._jobs.update_one(untold, {"$set": {"workerFailure": failure.stored()}})
        untold = {**live, "replay.generation": job.generation, "replay.failure": {"$exists": False}}
        self._jobs.update_one(untold, {"$set": {"replay.failure": failure.stored()}})
