"""What a Db2 database still lacks is found before a job begins, and the SQL that mends it is told."""

from datetime import datetime
from typing import Any

import pytest
from tests.fakes.database import RecordedDatabase

from pipeline.sources.db2 import capture, readiness
from pipeline.sources.queries import Row
from pipeline.sources.source import Column, Finding, Identity, Mode, Severity, Table

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - the server's own time
ID, NAME = Column("ID", "INTEGER", nullable=False), Column("NAME", "VARCHAR(40)", nullable=True)
ORDERS = Table("SALES", "ORDERS", (ID, NAME), ("ID",), Identity.KEY)

SERVER: Row = {"database_name": "SHOP", "user_name": "APP", "version": "DB2 v11.5.9.0", "asn_tables": 1}
REGISTERED: Row = {
    "source_schema": "SALES",
    "source_table": "ORDERS",
    "change_schema": "ASNCDC",
    "change_table": "CDC_SALES_ORDERS",
    "state": "A",
}
GRANTED = [{"schema_name": "SALES", "table_name": "ORDERS"}, {"schema_name": "ASNCDC", "table_name": "CDC_SALES_ORDERS"}]
ANEW = (
    "CALL ASNCDC.REMOVETABLE('SALES', 'ORDERS'); CALL ASNCDC.ADDTABLE('SALES', 'ORDERS'); VALUES ASNCDC.ASNCDCSERVICES('reinit','asncdc');"
)


def answers() -> dict[str, Any]:
    """A database in which nothing is missing, as Debezium's documentation sets it up."""
    return {
        readiness.SERVER: [SERVER],
        readiness.AUTHORITIES: [{"authority": "CONNECT"}],
        readiness.SELECTABLE: GRANTED,
        readiness.COLUMN_ORGANISED: [],
        readiness.LOG_ARCHIVE: [{"value": "LOGRETAIN"}],
        capture.REGISTERED: [REGISTERED],
        capture.CHANGE_COLUMNS: [{"change_table": "CDC_SALES_ORDERS", "colname": name} for name in ("ID", "NAME")],
        capture.AGENT: [{"synchtime": NOON, "seconds_ago": 20}],
        capture.PARAMETERS: [{"retention_limit": 10080}],
    }


async def findings(changed: dict[str, Any], mode: Mode = Mode.CDC, table: Table = ORDERS) -> list[Finding]:
    found = await readiness.check_readiness(RecordedDatabase(answers() | changed), mode, [table])
    return [finding for finding in found if finding.severity is not Severity.OK]


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_database_that_has_everything_is_ready(mode: Mode) -> None:
    assert await findings({}, mode) == []


@pytest.mark.parametrize(
    ("changed", "check", "remedy"),
    [
        ({readiness.SERVER: [{**SERVER, "asn_tables": 0}]}, "ASN_TABLES", None),
        ({capture.AGENT: []}, "ASN_AGENT", capture.START),
        ({capture.AGENT: [{"synchtime": None, "seconds_ago": None}]}, "ASN_AGENT", capture.START),
        (
            {readiness.LOG_ARCHIVE: [{"value": "OFF"}]},
            "LOG_ARCHIVE",
            "CALL SYSPROC.ADMIN_CMD('UPDATE DB CFG FOR SHOP USING LOGARCHMETH1 LOGRETAIN');",
        ),
        (
            {capture.REGISTERED: []},
            "ASN_TABLE",
            "CALL ASNCDC.ADDTABLE('SALES', 'ORDERS'); VALUES ASNCDC.ASNCDCSERVICES('reinit','asncdc');",
        ),
        (
            {capture.REGISTERED: [{**REGISTERED, "change_schema": "ASN"}], readiness.AUTHORITIES: [{"authority": "DATAACCESS"}]},
            "ASN_TABLE",
            ANEW,
        ),
        ({capture.REGISTERED: [{**REGISTERED, "state": "S"}]}, "ASN_STATE", ANEW),
        ({capture.CHANGE_COLUMNS: [{"change_table": "CDC_SALES_ORDERS", "colname": "ID"}]}, "CHANGE_TABLE", ANEW),
        ({readiness.COLUMN_ORGANISED: GRANTED[:1]}, "COLUMN_ORGANIZED", None),
        ({readiness.SELECTABLE: GRANTED[1:]}, "SELECT", 'GRANT SELECT ON "SALES"."ORDERS" TO USER APP;'),
        ({readiness.SELECTABLE: GRANTED[:1]}, "SELECT", 'GRANT SELECT ON "ASNCDC"."CDC_SALES_ORDERS" TO USER APP;'),
    ],
)
async def test_what_keeps_a_job_from_running_is_an_error_with_its_remedy(changed: dict[str, Any], check: str, remedy: str | None) -> None:
    errors = [finding for finding in await findings(changed) if finding.severity is Severity.ERROR]
    assert [(finding.check, finding.remedy) for finding in errors] == [(check, remedy)]
    assert "{" not in errors[0].message


async def test_an_agent_that_lags_and_changes_that_go_soon_are_warned_of() -> None:
    late = {capture.AGENT: [{"synchtime": NOON, "seconds_ago": 3600}], capture.PARAMETERS: [{"retention_limit": 60}]}
    found = await findings(late)
    assert [(finding.check, finding.severity) for finding in found] == [
        ("ASN_AGENT", Severity.WARNING),
        ("CDC_RETENTION", Severity.WARNING),
    ]


async def test_who_may_read_all_data_needs_no_grants() -> None:
    assert await findings({readiness.AUTHORITIES: [{"authority": "DATAACCESS"}], readiness.SELECTABLE: []}) == []


async def test_a_snapshot_needs_neither_the_agent_nor_a_registration() -> None:
    nothing = {capture.AGENT: [], capture.REGISTERED: [], capture.CHANGE_COLUMNS: [], readiness.LOG_ARCHIVE: [{"value": "OFF"}]}
    assert await findings(nothing, Mode.SNAPSHOT) == []


def table(column_type: str, key: tuple[str, ...] = ("ID",), identity: Identity = Identity.KEY) -> Table:
    return Table("SALES", "ORDERS", (ID, Column("NAME", column_type, nullable=True)), key, identity)


@pytest.mark.parametrize(
    ("made", "mode", "found"),
    [
        (table("CLOB(1000)"), Mode.CDC, [("COLUMN_TYPE", Severity.ERROR)]),
        (table("BOOLEAN"), Mode.CDC_ONLY, [("COLUMN_TYPE", Severity.ERROR)]),
        (table("CLOB(1000)"), Mode.SNAPSHOT, [("COLUMN_TYPE", Severity.ERROR)]),
        (table("BOOLEAN"), Mode.SNAPSHOT, []),
        (table("TIMESTAMP(12)", ("NAME",)), Mode.CDC, [("KEY_TYPE", Severity.ERROR)]),
        (table("TIMESTAMP(6)", ("NAME",)), Mode.CDC, []),
        (table("DECFLOAT"), Mode.CDC, [("DISTORTED_VALUE", Severity.WARNING)]),
        (table("INTEGER", (), Identity.FULL), Mode.CDC, [("NO_KEY", Severity.ERROR)]),
        (table("INTEGER", (), Identity.FULL), Mode.CDC_ONLY, [("NO_KEY", Severity.WARNING)]),
    ],
)
async def test_types_and_keys_are_judged_by_what_is_captured(made: Table, mode: Mode, found: list[tuple[str, Severity]]) -> None:
    assert [(finding.check, finding.severity) for finding in await findings({}, mode, made)] == found
