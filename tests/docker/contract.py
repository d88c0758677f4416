"""The tables of the contract in a database of a container."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from secrets import token_hex
from typing import Any

from tests.contract.types import db2, oracle, sqlserver
from tests.contract.types.dialects import DB2, ORACLE, SQL_SERVER, Dialect
from tests.contract.types.job import ContractJob
from tests.contract.types.logical import LogicalType
from tests.contract.types.moving import Moved, TypedTables, quoted
from tests.contract.types.names import OddTable
from tests.contract.types.vendor_names import BY_DIALECT
from tests.docker.vendor import Vendor
from tests.docker.vendors import CAPTURE_SECONDS, request
from tests.e2e.harness.service import Service

DIALECTS = {"SQL_SERVER": SQL_SERVER, "ORACLE": ORACLE, "DB2": DB2}
TYPES = {"SQL_SERVER": sqlserver.TYPES, "ORACLE": oracle.TYPES, "DB2": db2.TYPES}


class VendorTables:
    """
    Tables beside those of the other tests, gone when these come; implements `tests.contract.types.job.ContractSource`.

    `captured` says that their changes are to be followed.
    """

    def __init__(self, vendor: Vendor, dialect: Dialect, names: Sequence[str], *, captured: bool = True) -> None:
        self.schema = vendor.schema
        self._vendor, self._dialect, self._names, self._captured = vendor, dialect, names, captured
        self._leave = ExitStack()

    def request(self, mongodb_url: str) -> dict[str, Any]:
        """What is posted to have them moved."""
        return request(self._vendor, mongodb_url, "CDC")

    def make(self, *statements: str) -> None:
        """Make the tables, and have their changes captured."""
        self.change(*statements)
        self._leave.callback(self.change, *(f"DROP TABLE {quoted(name)}" for name in self._names))
        if self._captured:
            self._vendor.capture(*self._names)
            self._leave.callback(self._vendor.release, *self._names)

    def change(self, *statements: str) -> None:
        """Run statements in one transaction."""
        use = () if self._dialect.in_schema is None else (self._dialect.in_schema,)
        self._vendor.run(*use, *statements)

    def close(self) -> None:
        """Drop the tables, if they were made."""
        self._leave.close()


def dialect_of(vendor: Vendor) -> Dialect:
    """The dialect of the database."""
    return DIALECTS[vendor.source_type]


def types_of(vendor: Vendor) -> Sequence[LogicalType]:
    """The types that it is asked for."""
    return TYPES[vendor.source_type]


def odd_tables(vendor: Vendor) -> Sequence[OddTable]:
    """The tables with odd names that it permits."""
    return BY_DIALECT[dialect_of(vendor).name]


@contextmanager
def moved(vendor: Vendor, service: Service, mongodb_url: str, types: Sequence[LogicalType], odd: Sequence[OddTable]) -> Iterator[Moved]:
    """What a job made of the tables of these types, or of these odd ones."""
    dialect = dialect_of(vendor)
    tables = TypedTables(types, dialect)
    names = [*(tables.names if types else ()), *(table.name for table in odd)]
    source = VendorTables(vendor, dialect, names)
    with closing(ContractJob(service, mongodb_url, f"contract_{token_hex(3)}", source, tables, odd, CAPTURE_SECONDS)) as job:
        for step in (job.begin, job.stream, job.refresh, job.complete):
            step()
        yield job.moved
