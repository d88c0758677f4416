"""What YugabyteDB's clusters, users and tables lack for a job that follows changes."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.sources.source import Column, Finding, Identity, Severity, Table
from pipeline.sources.yugabyte import readiness

ORDERS = Table("public", "orders", (Column("id", "INTEGER", nullable=False),), ("id",), Identity.KEY)
SERVER = {
    "version": "PostgreSQL 15.12-YB-2025.2.4.0-b0 on x86_64-pc-linux-gnu",
    "database": "shop",
    "user_name": "app",
    "is_super": False,
    "may_replicate": True,
    "may_publish": True,
    "schema": "public",
    "may_create": True,
    "may_look_back": True,
}
TABLE = {"identity": "f", "kind": "r", "owner": "boss", "owns": True, "has_key": True}


class Answering:
    """A connection on which both queries have one row."""

    def __init__(self, server: dict[str, Any], table: dict[str, Any]) -> None:
        self._rows = {readiness.SERVER: server, readiness.TABLE: table}

    def execute(self, query: Any, parameters: dict[str, str] | None = None) -> Any:
        assert parameters in (None, {"name": '"public"."orders"'})
        row = SimpleNamespace(**self._rows[str(query)])
        return SimpleNamespace(one=lambda: row, one_or_none=lambda: row)


def findings(**changed: Any) -> list[Finding]:
    server = SERVER | {name: value for name, value in changed.items() if name in SERVER}
    table = TABLE | {name: value for name, value in changed.items() if name in TABLE}
    found = readiness.check_cluster(Answering(server, table), [ORDERS])  # type: ignore[arg-type] # all that is asked of it
    return [finding for finding in found if finding.severity is not Severity.OK]


def test_a_cluster_that_lacks_nothing_is_told_so() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("changed", "check", "remedy"),
    [
        ({"may_replicate": False}, "REPLICATION", 'ALTER ROLE "app" REPLICATION;'),
        ({"may_publish": False}, "CREATE_PUBLICATION", 'GRANT CREATE ON DATABASE "shop" TO "app";'),
        ({"may_create": False}, "MARKER_TABLE", 'GRANT CREATE ON SCHEMA "public" TO "app";'),
        ({"schema": None, "may_create": False}, "MARKER_TABLE", 'GRANT CREATE ON SCHEMA "public" TO "app";'),
        ({"identity": "c"}, "REPLICA_IDENTITY", 'ALTER TABLE "public"."orders" REPLICA IDENTITY DEFAULT;'),
        ({"identity": "n"}, "REPLICA_IDENTITY", 'ALTER TABLE "public"."orders" REPLICA IDENTITY DEFAULT;'),
        ({"owns": False}, "OWNER", 'GRANT "boss" TO "app";'),
        ({"has_key": False}, "NO_KEY", None),
        ({"kind": "p"}, "PARTITIONED", None),
    ],
)
def test_what_keeps_changes_from_being_told_is_an_error(changed: dict[str, Any], check: str, remedy: str | None) -> None:
    assert [(found.check, found.severity, found.remedy) for found in findings(**changed)] == [(check, Severity.ERROR, remedy)]


@pytest.mark.parametrize(
    ("version", "severity"),
    [
        ("PostgreSQL 15.12-YB-2025.1.0.0-b168 on x86_64", None),
        ("PostgreSQL 15.12-YB-2026.1.0.0-b1 on x86_64", None),
        ("PostgreSQL 11.2-YB-2024.2.3.0-b0 on x86_64", Severity.ERROR),
        ("PostgreSQL 15.2-YB-2.25.1.0-b0 on x86_64", Severity.ERROR),
        ("PostgreSQL 18.4 on x86_64", Severity.ERROR),
    ],
)
def test_changes_are_followed_from_2025_1_on(version: str, severity: Severity | None) -> None:
    assert [found.severity for found in findings(version=version)] == ([] if severity is None else [severity])


def test_who_is_no_superuser_needs_the_documented_procedures() -> None:
    assert findings(may_look_back=False, is_super=True) == []
    (found,) = findings(may_look_back=False)
    assert (found.check, found.severity) == ("READ_TIME", Severity.ERROR)
    assert '"app".set_yb_read_time(value TEXT)' in str(found.remedy)
    assert 'GRANT EXECUTE ON PROCEDURE "app".disable_catalog_version_check TO "app";' in str(found.remedy)


def test_what_stops_the_stream_of_tables_with_the_default_identity_is_a_warning() -> None:
    (found,) = findings(identity="d")
    assert (found.check, found.severity) == ("BEFORE_IMAGE", Severity.WARNING)
    assert "cdc_send_null_before_image_if_not_exists" in str(found.suggestion)
