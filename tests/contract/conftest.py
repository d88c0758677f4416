"""What the contract suites share: documents that jobs on a real stack made of every value of every type."""

import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.contract.types import names
from tests.contract.types.dialects import POSTGRESQL
from tests.contract.types.job import ContractJob
from tests.contract.types.logical import LogicalType
from tests.contract.types.moving import Moved, TypedTables
from tests.contract.types.special import SCHEMA
from tests.contract.types.table import IN_EVERY_SERVER, TYPES
from tests.e2e.conftest import annex, logs, shared_service  # noqa: F401 - fixtures
from tests.e2e.harness.requests import job_request
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
        embedded = types_job(stack, shared_service, stack.connections.admin_dsn, of_types(IN_EVERY_SERVER), names.TABLES)
        made = dict.fromkeys(("",), embedded)
        if _full_program() is not None:
            server = context.enter_context(_started(FullPostgreSQL(free_ports(1)[0], annex, name="full")))
            full = types_job(stack, shared_service, server.dsn(), of_types(server.offered))
            made |= dict.fromkeys(server.offered, full)
        jobs = [context.enter_context(closing(job)) for job in dict.fromkeys(made.values())]
        for step in (ContractJob.begin, ContractJob.stream, ContractJob.refresh, ContractJob.complete):
            for job in jobs:
                step(job)
        yield {needed: job.moved for needed, job in made.items()}


class TypesSource:
    """A database of the test's own; implements `tests.contract.types.job.ContractSource`."""

    schema = "public"

    def __init__(self, server_dsn: str, types: Sequence[LogicalType]) -> None:
        self._server_dsn = server_dsn
        self._extensions = sorted({logical.needs for logical in types if logical.needs} - {"libxml"})
        self._source = make_source(server_dsn, "types")

    def request(self, mongodb_url: str) -> dict[str, Any]:
        """What is posted to have it moved."""
        return job_request(self._source, mongodb_url, "CDC")

    def make(self, *statements: str) -> None:
        """Make the tables, and the types that they have."""
        self._source.admin(*[f"CREATE EXTENSION {name}" for name in self._extensions])
        self._source.run(*SCHEMA, *statements)

    def change(self, *statements: str) -> None:
        """Run statements, a transaction each."""
        self._source.run(*statements)

    def close(self) -> None:
        """Drop the database."""
        drop_source(self._server_dsn, self._source)


def types_job(
    stack: Stack, service: Service, server_dsn: str, types: Sequence[LogicalType], odd: Sequence[names.OddTable] = ()
) -> ContractJob:
    """A job that has not begun yet."""
    tables, database = TypedTables(types, POSTGRESQL), f"types_{secrets.token_hex(3)}"
    return ContractJob(service, stack.connections.control_url, database, TypesSource(server_dsn, types), tables, odd)


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
