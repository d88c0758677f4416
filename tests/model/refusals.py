"""Documents that the target does not take, until it does."""

import random
from collections.abc import Sequence
from typing import Any

from pymongo.database import Database
from tests.e2e.harness.client import JobClient, RefusedError
from tests.e2e.harness.waiting import wait_until

REFUSED = "plain"
"""A document whose `note` begins so is refused."""


class Refusals:
    """In every second round validators of the collections refuse some documents, and the job goes on with a warning."""

    def __init__(self, seed: int, target: Database[Any], collections: Sequence[str]) -> None:
        dice = random.Random(f"{seed}: refusals")  # noqa: S311 - drawn apart, so that a seed means what it meant before there were any
        self._target = target
        self._collections = collections if dice.random() < 0.5 else ()

    def __bool__(self) -> bool:
        return bool(self._collections)

    @property
    def options(self) -> dict[str, str]:
        """What the job is told of failures."""
        return {"errorHandling": "WARN"} if self else {}

    def begin(self) -> None:
        """Have the target refuse documents, from the first on."""
        for name in self._collections:
            self._target.create_collection(name, validator={"note": {"$not": {"$regex": f"^{REFUSED}"}}})

    def end(self, jobs: JobClient, job_id: str) -> int:
        """Have the target take all documents, and replay what failed until nothing is left of it; returns how many records had failed."""
        for name in self._collections:
            self._target.command("collMod", name, validator={})
        wait_until(lambda: self._open_after_replay(jobs, job_id) == 0, "no dead letter is open", 120, lambda: _left(jobs, job_id))
        return int(jobs.ask("GET", f"/jobs/{job_id}/errors?limit=1")["total"])

    def _open_after_replay(self, jobs: JobClient, job_id: str) -> int:
        try:
            if total := int(jobs.ask("GET", f"/jobs/{job_id}/errors?status=OPEN&limit=1")["total"]):
                jobs.ask("POST", f"/jobs/{job_id}/errors/replay", {})
        except RefusedError as refused:
            if refused.status not in (409, 503):
                raise
            return 1
        return total


def _left(jobs: JobClient, job_id: str) -> str:
    return "\n".join(str(each) for each in jobs.ask("GET", f"/jobs/{job_id}/errors?status=OPEN&limit=20")["errors"])
