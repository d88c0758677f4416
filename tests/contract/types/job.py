"""A job that moves tables of the contract, step by step, whatever database they are in."""

from collections.abc import Sequence
from typing import Any, Protocol

from pymongo import MongoClient
from tests.contract.types.moving import STREAMED, Moved, TypedTables
from tests.contract.types.names import OddTable
from tests.e2e.harness.client import SETTLED_SECONDS, JobClient
from tests.e2e.harness.requests import with_database
from tests.e2e.harness.service import Service


class ContractSource(Protocol):
    """The database that has the tables."""

    schema: str

    def request(self, mongodb_url: str) -> dict[str, Any]:
        """What is posted to have them moved."""
        ...

    def make(self, *statements: str) -> None:
        """Make the tables by these statements, and all that a job needs to follow them."""
        ...

    def change(self, *statements: str) -> None:
        """Run statements on their rows."""
        ...

    def close(self) -> None:
        """Remove what was made."""
        ...


class ContractJob:
    """
    The job of some tables of types and some with odd names, and the documents that it made.

    `seconds` is how long each step may take.
    """

    def __init__(
        self,
        service: Service,
        mongodb_url: str,
        database: str,
        source: ContractSource,
        tables: TypedTables,
        odd: Sequence[OddTable] = (),
        seconds: float = SETTLED_SECONDS,
    ) -> None:
        self._source, self._tables, self._odd, self._seconds = source, tables, odd, seconds
        self._jobs = JobClient(service)
        self._url = with_database(mongodb_url, database)
        self._client = MongoClient[Any](mongodb_url)
        self.moved = Moved(self._client[database])

    def begin(self) -> None:
        """Make the tables and the rows that the snapshot shall read, and post the job."""
        dialect = self._tables.dialect
        self._source.make(*self._typed("create"), *(each for table in self._odd for each in table.create(dialect)))
        self._source.change(*self._typed("before"), *(each for table in self._odd for each in table.before()))
        self._job = self._jobs.post(self._source.request(self._url))

    def stream(self) -> None:
        """Change the rows once the job follows."""
        self._jobs.wait_until_streaming(self._job, self._seconds)
        dialect = self._tables.dialect
        self._source.change(*self._typed("streamed"), *(each for table in self._odd for each in table.streamed(dialect)))

    def refresh(self) -> None:
        """Keep the documents as the changes left them, then have the rows read again."""
        if not self._tables.types:
            return
        body = self.moved.target["body"]
        last = self._tables.rows
        self._jobs.wait(self._job, "the last change is applied", lambda _: body.count_documents({"beside": 1}) == last, self._seconds)
        body.aggregate([{"$out": STREAMED}])
        self._jobs.refresh(self._job, f"{self._source.schema}.{self._tables.names[0]}")
        self._jobs.wait_until_refreshed(self._job, seconds=self._seconds)

    def complete(self) -> None:
        """Have the job apply everything, and end."""
        self._jobs.complete(self._job, self._seconds)

    def close(self) -> None:
        """Remove everything."""
        self._jobs.end_all()
        self._client.drop_database(self.moved.target.name)
        self._client.close()
        self._source.close()

    def _typed(self, part: str) -> Sequence[str]:
        return list(getattr(self._tables, part)()) if self._tables.types else ()
