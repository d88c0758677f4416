"""What the contract suites share: documents that jobs on a real stack made of every value of every type."""

import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from tests.contract.types import names
from tests.contract.types.logical import LogicalType
from tests.contract.types.moving import STREAMED, Moved, TypedTables
from tests.contract.types.special import SCHEMA
from tests.contract.types.table import IN_EVERY_SERVER, TYPES
from tests.e2e.conftest import annex, logs, shared_service  # noqa: F401 - fixtures
from tests.e2e.harness.client import JobClient
from tests.e2e.harness.requests import job_request, with_database
from tests.e2e.harness.service import Service
from tests.e2e.harness.source import SourceDatabase, drop_source, make_source

from stack.layout import Layout
from stack.ports import free_ports
from stack.postgresql import PostgreSQL
from stack.stack import Stack

EVERY_DISTRIBUTION = "/usr/lib/postgresql/*/bin/postgres"


@pytest.fixture(scope="session")
def moved_types(stack: Stack, shared_service: Service, annex: Layout) -> Iterator[dict[str, Moved]]:  # noqa: F811 - fixtures
    """
    The documents of two jobs, which run side by side, by what a type needs that the embedded PostgreSQL lacks.

    `""` has the types that it has, and the tables with odd names; what a server lacks has no entry.
    """
    with ExitStack() as context:
        embedded = TypesJob(stack, shared_service, stack.connections.admin_dsn, of_types(IN_EVERY_SERVER), names.TABLES)
        made = dict.fromkeys(("",), embedded)
        if _full_program() is not None:
            server = context.enter_context(_started(FullPostgreSQL(free_ports(1)[0], annex, name="full")))
            full = TypesJob(stack, shared_service, server.dsn(), of_types(server.offered))
            made |= dict.fromkeys(server.offered, full)
        jobs = [context.enter_context(closing(job)) for job in dict.fromkeys(made.values())]
        for step in (TypesJob.begin, TypesJob.stream, TypesJob.refresh, TypesJob.complete):
            for job in jobs:
                step(job)
        yield {needed: job.moved for needed, job in made.items()}


class TypesJob:
    """A job of types, step by step."""

    def __init__(
        self, stack: Stack, service: Service, server_dsn: str, types: Sequence[LogicalType], odd: Sequence[names.OddTable] = ()
    ) -> None:
        self._server_dsn = server_dsn
        self._tables, self._odd = TypedTables(types, "postgresql"), odd
        self._extensions = sorted({logical.needs for logical in types if logical.needs} - {"libxml"})
        self._jobs = JobClient(service)
        self._source = make_source(server_dsn, "types")
        database = f"types_{secrets.token_hex(3)}"
        self._url = with_database(stack.connections.control_url, database)
        self._client = MongoClient[Any](stack.connections.control_url)
        self.moved = Moved(self._client[database])

    def begin(self) -> None:
        """Make the tables and the rows that the snapshot shall read, and post the job."""
        self._source.admin(*[f"CREATE EXTENSION {name}" for name in self._extensions])
        before = [statement for table in self._odd for statement in table.before()]
        self._source.run(*SCHEMA, *self._tables.create(), *self._tables.before(), *before)
        self._job = self._jobs.post(job_request(self._source, self._url, "CDC"))

    def stream(self) -> None:
        """Change the rows once the job follows."""
        self._jobs.wait_until_streaming(self._job)
        statements = [*self._tables.streamed(), *(statement for table in self._odd for statement in table.streamed())]
        self._changes = self._source.run(*statements)

    def refresh(self) -> None:
        """Keep the documents as the changes left them, then have the rows read again."""
        self._jobs.wait_for_changes(self._job, self._changes)
        self.moved.target["body"].aggregate([{"$out": STREAMED}])
        self._jobs.refresh(self._job, "public.body")

    def complete(self) -> None:
        """Have the job apply everything, and end."""
        self._jobs.wait_until_refreshed(self._job)
        self._jobs.complete(self._job)

    def close(self) -> None:
        """Remove everything."""
        self._jobs.end_all()
        self._client.drop_database(self.moved.target.name)
        self._client.close()
        drop_source(self._server_dsn, self._source)


def of_types(needs: Collection[str | None]) -> list[LogicalType]:
    """The types that need this."""
    return [logical for logical in TYPES if logical.needs in needs]


class FullPostgreSQL(PostgreSQL):
    """A PostgreSQL with the contributed extensions, which the embedded one lacks."""

    @property
    def _program(self) -> Path:
        found = _full_program()
        assert found is not None
        return found

    @property
    def offered(self) -> set[str]:
        """The extensions, and `libxml`, that the server has beyond the embedded one."""
        source = SourceDatabase(self.dsn(), "postgres", "", "")
        names = {name for (name,) in source.ask("SELECT name FROM pg_available_extensions")}
        xml = source.ask("SELECT FROM pg_config WHERE name = 'CONFIGURE' AND setting LIKE '%--with-libxml%'")
        return (names | ({"libxml"} if xml else set())) - set(IN_EVERY_SERVER)


@contextmanager
def _started(server: FullPostgreSQL) -> Iterator[FullPostgreSQL]:
    server.start()
    yield server
    server.stop()


def _full_program() -> Path | None:
    """The distribution's PostgreSQL."""
    return max(Path("/").glob(EVERY_DISTRIBUTION.lstrip("/")), default=None)
