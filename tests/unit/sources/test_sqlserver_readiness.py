"""What a SQL Server still lacks is found before a job begins, and the SQL that mends it is told."""

from typing import Any

import pytest
from tests.fakes.database import RecordedDatabase

from pipeline.sources.queries import Row
from pipeline.sources.source import Column, Finding, Identity, Mode, Severity, Table
from pipeline.sources.sqlserver import capture, readiness

ID, NAME = Column("id", "int", nullable=False), Column("name", "nvarchar(40)", nullable=True)
ORDERS = Table("dbo", "orders", (ID, NAME), ("id",), Identity.KEY)

SERVER: Row = {
    "version": "16.0.4135.4",
    "major": 16,
    "edition": 3,
    "database_name": "shop",
    "user_name": "rowstream",
    "is_cdc_enabled": True,
    "snapshot_isolation_state": 1,
    "is_read_only": 0,
    "may_see_services": 1,
    "may_see_scans": 1,
    "may_see_jobs": 1,
}
INSTANCE: Row = {
    "schema_name": "dbo",
    "table_name": "orders",
    "capture_instance": "dbo_orders",
    "role_name": None,
    "create_date": "2026-01-01",
    "may_read": 1,
}


def answers() -> dict[str, Any]:
    """A server on which nothing is missing."""
    return {
        readiness.SERVER: [SERVER],
        readiness.AGENT: [{"servicename": "SQL Server Agent (MSSQLSERVER)", "status_desc": "Running"}],
        readiness.LAST_SCAN: [{"minutes_ago": 3}],
        readiness.PRIVILEGES: [{"schema_name": "dbo", "table_name": "orders", "may_select": 1}],
        capture.JOBS: [
            {"job_type": "capture", "retention": 0, "continuous": True},
            {"job_type": "cleanup", "retention": 4320, "continuous": False},
        ],
        capture.INSTANCES: [INSTANCE],
        capture.CAPTURED_COLUMNS: [{"capture_instance": "dbo_orders", "column_name": name} for name in ("id", "name")],
    }


async def findings(changed: dict[str, Any], mode: Mode = Mode.CDC, table: Table = ORDERS) -> list[Finding]:
    found = await readiness.check_readiness(RecordedDatabase(answers() | changed), mode, [table])
    return [finding for finding in found if finding.severity is not Severity.OK]


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_server_that_has_everything_is_ready(mode: Mode) -> None:
    assert await findings({}, mode) == []


def server(**changed: Any) -> dict[str, Any]:
    return {readiness.SERVER: [{**SERVER, **changed}]}


@pytest.mark.parametrize(
    ("changed", "check", "remedy"),
    [
        (server(major=12, version="12.0"), "SERVER_VERSION", None),
        (server(edition=4), "EDITION", None),
        (server(is_cdc_enabled=False), "CDC_DATABASE", "EXEC sys.sp_cdc_enable_db;"),
        (server(snapshot_isolation_state=0), "SNAPSHOT_ISOLATION", "ALTER DATABASE [shop] SET ALLOW_SNAPSHOT_ISOLATION ON;"),
        (
            {readiness.AGENT: [{"servicename": "SQL Server Agent (MSSQLSERVER)", "status_desc": "Stopped"}]},
            "AGENT",
            "EXEC sys.sp_cdc_start_job @job_type = N'capture';",
        ),
        ({capture.JOBS: []}, "CAPTURE_JOB", "EXEC sys.sp_cdc_add_job @job_type = N'capture';"),
        (
            {readiness.PRIVILEGES: [{"schema_name": "dbo", "table_name": "orders", "may_select": 0}]},
            "SELECT",
            "GRANT SELECT ON [dbo].[orders] TO [rowstream];",
        ),
        (
            {capture.INSTANCES: [], capture.CAPTURED_COLUMNS: []},
            "CDC_TABLE",
            "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'orders', @role_name = NULL, @supports_net_changes = 0;",
        ),
        (
            {capture.INSTANCES: [{**INSTANCE, "may_read": 0, "role_name": "cdc_reader"}]},
            "CDC_SELECT",
            "GRANT SELECT ON SCHEMA::cdc TO [rowstream]; ALTER ROLE [cdc_reader] ADD MEMBER [rowstream];",
        ),
        (
            {capture.CAPTURED_COLUMNS: [{"capture_instance": "dbo_orders", "column_name": "name"}]},
            "KEY_NOT_CAPTURED",
            "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'orders', @role_name = NULL, "
            "@capture_instance = N'dbo_orders_2', @supports_net_changes = 0;",
        ),
    ],
)
async def test_what_keeps_a_job_from_running_is_an_error_with_its_remedy(changed: dict[str, Any], check: str, remedy: str | None) -> None:
    errors = [finding for finding in await findings(changed) if finding.severity is Severity.ERROR]
    assert [(finding.check, finding.remedy) for finding in errors] == [(check, remedy)]


async def test_without_the_right_to_see_services_the_capture_jobs_traces_tell() -> None:
    blind = server(may_see_services=0)
    assert await findings(blind) == []
    for minutes in (None, 40):
        found = await findings(blind | {readiness.LAST_SCAN: [{"minutes_ago": minutes}]})
        assert [(finding.check, finding.severity) for finding in found] == [("AGENT", Severity.WARNING)]


async def test_azure_has_neither_an_agent_nor_jobs() -> None:
    recorded = answers() | server(edition=5, major=12)
    del recorded[readiness.AGENT], recorded[capture.JOBS]
    found = await readiness.check_readiness(RecordedDatabase(recorded), Mode.CDC, [ORDERS])
    assert {finding.severity for finding in found} == {Severity.OK}


async def test_a_readable_secondary_is_told_by_the_traces_of_its_primarys_capture_job() -> None:
    recorded = answers() | server(is_read_only=1)
    del recorded[readiness.AGENT], recorded[capture.JOBS]
    for minutes, severities in ((3, {Severity.OK}), (40, {Severity.OK, Severity.WARNING})):
        recorded[readiness.LAST_SCAN] = [{"minutes_ago": minutes}]
        found = await readiness.check_readiness(RecordedDatabase(recorded), Mode.CDC, [ORDERS])
        assert {finding.severity for finding in found} == severities


async def test_changes_that_are_kept_for_less_than_a_day_are_warned_of() -> None:
    jobs = [{"job_type": "capture ", "retention": 0, "continuous": True}, {"job_type": "cleanup", "retention": 60, "continuous": False}]
    (found,) = await findings({capture.JOBS: jobs})
    assert (found.check, found.severity) == ("CDC_RETENTION", Severity.WARNING)


async def test_a_snapshot_needs_no_table_to_be_captured() -> None:
    assert await findings({capture.INSTANCES: [], capture.CAPTURED_COLUMNS: []}, Mode.SNAPSHOT) == []


async def test_a_column_that_came_after_the_capture_is_told_with_the_instance_that_has_it() -> None:
    older, newer = {**INSTANCE, "capture_instance": "dbo_orders"}, {**INSTANCE, "capture_instance": "new"}
    columns = [{"capture_instance": instance, "column_name": "id"} for instance in ("dbo_orders", "new")]
    (found,) = await findings({capture.INSTANCES: [older, newer], capture.CAPTURED_COLUMNS: columns})
    assert (found.check, found.severity, found.table) == ("NOT_CAPTURED", Severity.WARNING, "dbo.orders")
    assert found.remedy is not None
    assert found.remedy.startswith("EXEC sys.sp_cdc_disable_table ")
    assert "@capture_instance = N'dbo_orders_3'" in found.remedy


def table(column_type: str, key: tuple[str, ...] = ("id",), identity: Identity = Identity.KEY) -> Table:
    return Table("dbo", "orders", (ID, Column("name", column_type, nullable=True)), key, identity)


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (table("geography"), [("COLUMN_TYPE", Severity.ERROR)]),
        (table("datetime2(7)", ("name",)), [("KEY_TYPE", Severity.ERROR)]),
        (table("datetime2(7)"), []),
        (table("datetime2(6)", ("name",)), []),
        (table("time(7)"), [("DISTORTED_VALUE", Severity.WARNING)]),
    ],
)
async def test_types_are_judged_by_what_becomes_of_their_values(made: Table, found: list[tuple[str, Severity]]) -> None:
    assert [(finding.check, finding.severity) for finding in await findings({}, table=made)] == found


async def test_a_column_that_is_not_captured_may_have_any_type() -> None:
    only_id = {capture.CAPTURED_COLUMNS: [{"capture_instance": "dbo_orders", "column_name": "id"}]}
    assert [finding.check for finding in await findings(only_id, table=table("geography"))] == ["NOT_CAPTURED"]


@pytest.mark.parametrize(
    ("mode", "identity", "found"),
    [
        (Mode.CDC, Identity.FULL, [("NO_KEY", Severity.ERROR)]),
        (Mode.CDC_ONLY, Identity.FULL, [("NO_KEY", Severity.WARNING)]),
        (Mode.CDC_ONLY, Identity.NOTHING, [("NO_KEY", Severity.ERROR)]),
        (Mode.SNAPSHOT, Identity.NOTHING, []),
    ],
)
async def test_a_table_without_a_key_is_followed_only_where_its_rows_can_be_told_apart(
    mode: Mode, identity: Identity, found: list[tuple[str, Severity]]
) -> None:
    keyless = table("nvarchar(40)", (), identity)
    assert [(finding.check, finding.severity) for finding in await findings({}, mode, keyless)] == found


async def test_names_are_quoted_in_what_is_to_be_run() -> None:
    odd = Table("dbo", "O'Neil]s", (ID,), ("id",), Identity.KEY)
    remedies = [finding.remedy for finding in await findings({}, table=odd)]
    assert any("@source_name = N'O''Neil]s'" in (remedy or "") for remedy in remedies)
    assert "GRANT SELECT ON [dbo].[O'Neil]]s] TO [rowstream];" in remedies
