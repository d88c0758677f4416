"""The databases of other vendors whose changes are followed: each runs the suites on a container of its own."""

from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet
from tests.docker.db2 import Db2
from tests.docker.oracle import Oracle
from tests.docker.spoken import CockroachDB, Spoken, YugabyteDB
from tests.docker.sqlserver import SqlServer
from tests.docker.vendor import Vendor
from tests.proofs.kinds import Kind

VENDORS = [
    pytest.param(SqlServer, id="sqlserver", marks=[pytest.mark.sqlserver, pytest.mark.proves(Kind.CONTAINER, "SQL_SERVER")]),
    pytest.param(Oracle, id="oracle", marks=[pytest.mark.oracle, pytest.mark.proves(Kind.CONTAINER, "ORACLE")]),
    pytest.param(Db2, id="db2", marks=[pytest.mark.db2, pytest.mark.proves(Kind.CONTAINER, "DB2")]),
]
FOLLOWED = [
    *VENDORS,
    pytest.param(CockroachDB, id="cockroachdb", marks=[pytest.mark.cockroachdb, pytest.mark.proves(Kind.CONTAINER, "COCKROACHDB")]),
    pytest.param(YugabyteDB, id="yugabyte", marks=[pytest.mark.yugabyte, pytest.mark.proves(Kind.CONTAINER, "YUGABYTE")]),
]


def each_of(databases: list[ParameterSet]) -> list[pytest.MarkDecorator]:
    """The marks of a suite that each of the databases runs."""
    parametrized = pytest.mark.parametrize("vendor", databases, indirect=True, scope="session")
    return [pytest.mark.docker, pytest.mark.timeout(3600), parametrized]


EACH_VENDOR = each_of(VENDORS)

CAPTURE_SECONDS = 600.0
"""An idle SQL Server may take five minutes to say that nothing more was committed."""


def request(vendor: Vendor | Spoken, url: str, mode: str) -> dict[str, Any]:
    """A request to have all tables of the vendor moved to the MongoDB database that the URL names."""
    return {
        "projectId": vendor.source_type.lower().replace("_", "-"),
        "jdbcConnectionDetails": {"type": vendor.source_type, **vendor.details()},
        "mongodbConnectionDetails": {"connectionString": url},
        "options": {"mode": mode},
        "verification": {"enabled": False},
    }
