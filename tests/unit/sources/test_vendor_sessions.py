"""How the sources of SQL Server, Oracle and Db2 use their drivers: sessions, fail-over, refusals, and in which database they ask."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from tests.fakes.driver import DriverError, RecordedDriver

from pipeline.errors import ConfigError, SourceError, SourceUnavailableError
from pipeline.jobs.names import ownership
from pipeline.sources.oracle import catalogue as oracle
from pipeline.sources.oracle import flush, readiness
from pipeline.sources.registry import open_source
from pipeline.sources.source import Mode, Source
from pipeline.sources.sqlserver import capture, source
from pipeline.sources.sqlserver import catalogue as sqlserver

OWNED = ownership("0123456789abcdef01234567", 2)
SQL_SERVER = "jdbc:sqlserver://one:1433;databaseName=shop;user=app;password=hunter2"
ORACLE = "jdbc:oracle:thin:app/hunter2@//db:1521/FREE"
MODULES: Any = sys.modules
Install = Callable[[str, RecordedDriver], RecordedDriver]

DATABASE = [{"name": "Shop", "is_cdc_enabled": False}]
ORDERS = {
    sqlserver.TABLES: [{"object_id": 1, "schema_name": "dbo", "table_name": "orders", "row_count": 7}],
    sqlserver.COLUMNS: [],
    sqlserver.KEYS: [],
}
SALES = {
    oracle.TABLES: [{"owner": "SALES", "table_name": "ORDERS", "num_rows": 7}],
    oracle.COLUMNS: [],
    oracle.COMPARISON: [{"value": "BINARY"}],
    oracle.COLLATIONS_KNOWN: [],
    oracle.KEYS: [],
    readiness.LOG_GROUPS: [],
    "ALTER SESSION SET CONTAINER = SHOP": [],
}


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    def installed(name: str, driver: RecordedDriver) -> RecordedDriver:
        monkeypatch.setitem(MODULES, name, driver)
        return driver

    return installed


def oracle_database(all_columns: str) -> dict[str, Any]:
    return SALES | {readiness.DATABASE: [{"all_columns": all_columns}]}


def pluggable() -> Source:
    return open_source("ORACLE", ORACLE, pdb="shop")


async def test_the_partner_is_asked_when_the_server_does_not_answer(install: Install) -> None:
    answers = {source.DATABASE: DATABASE, **ORDERS}
    driver = install("mssql_python", RecordedDriver(answers, refusals=["Communication link failure"]))
    tables = await open_source("SQL_SERVER", f"{SQL_SERVER};failoverPartner=two").tables(Mode.CDC)
    assert [table.qualified_name for table in tables] == ["dbo.orders"]
    assert [server in text for server, text in zip(("one", "two"), driver.connects, strict=True)] == [True, True]
    assert driver.open == 0


async def test_a_server_that_stops_answering_is_not_taken_for_one_that_never_did(install: Install) -> None:
    gone = DriverError("Communication link failure")
    driver = install("mssql_python", RecordedDriver({source.DATABASE: DATABASE, sqlserver.TABLES: gone}))
    with pytest.raises(SourceUnavailableError):
        await open_source("SQL_SERVER", f"{SQL_SERVER};failoverPartner=two").tables(Mode.CDC)
    assert len(driver.connects) == 1
    assert driver.open == 0


async def test_a_wrong_password_is_no_reason_to_ask_the_partner_and_is_not_told(install: Install) -> None:
    driver = install("mssql_python", RecordedDriver({}, refusals=["Login failed for user 'app' with hunter2"]))
    with pytest.raises(ConfigError) as caught:
        await open_source("SQL_SERVER", f"{SQL_SERVER};failoverPartner=two").tables(Mode.CDC)
    assert caught.value.code == "WRONG_PASSWORD"
    assert "hunter2" not in str(caught.value)
    assert len(driver.connects) == 1


async def test_topics_and_signals_have_the_database_as_the_server_spells_it(install: Install) -> None:
    install("mssql_python", RecordedDriver({source.DATABASE: DATABASE, **ORDERS}))
    opened = open_source("SQL_SERVER", SQL_SERVER)
    (orders,) = await opened.tables(Mode.CDC)
    assert opened.topic(OWNED, orders) == f"{OWNED.topic_prefix}.Shop.dbo.orders"
    assert opened.signal_name(orders) == r"(?-i)Shop\.dbo\.orders"


async def test_a_table_that_is_no_longer_captured_is_told_of(install: Install) -> None:
    enabled = [{"name": "Shop", "is_cdc_enabled": True}]
    answers = {source.DATABASE: enabled, capture.INSTANCES: [], capture.CAPTURED_COLUMNS: [], **ORDERS}
    install("mssql_python", RecordedDriver(answers))
    with pytest.raises(SourceError, match=r"dbo\.orders") as caught:
        await open_source("SQL_SERVER", SQL_SERVER).retained_bytes(OWNED, [("dbo", "orders"), ("dbo", "dropped")])
    assert caught.value.code == "CAPTURE_GONE"
    assert "dropped" not in str(caught.value)


@pytest.mark.parametrize(("all_columns", "followed"), [("YES", True), ("NO", False)])
async def test_a_database_that_logs_all_columns_has_every_table_followed(install: Install, all_columns: str, followed: bool) -> None:
    install("oracledb", RecordedDriver(oracle_database(all_columns)))
    assert await pluggable().present_tables(Mode.CDC, OWNED) == {("SALES", "ORDERS"): followed}


async def test_values_that_the_log_no_longer_has_are_told_of(install: Install) -> None:
    driver = install("oracledb", RecordedDriver(oracle_database("YES")))
    assert await pluggable().retained_bytes(OWNED, [("SALES", "ORDERS")]) is None
    driver.answers = oracle_database("NO")
    with pytest.raises(SourceError, match=r"SALES\.ORDERS"):
        await pluggable().retained_bytes(OWNED, [("SALES", "ORDERS")])


async def test_the_log_is_asked_for_in_the_root_and_the_tables_in_the_pluggable_database(install: Install) -> None:
    driver = install("oracledb", RecordedDriver(oracle_database("NO")))
    await pluggable().present_tables(Mode.CDC, OWNED)
    place = driver.asked.index("ALTER SESSION SET CONTAINER = SHOP")
    assert driver.asked.index(readiness.DATABASE) < place < driver.asked.index(oracle.TABLES)


@pytest.mark.parametrize("made", [True, False])
async def test_the_table_that_has_the_log_flushed_goes_with_the_job(install: Install, made: bool) -> None:
    name = flush.flush_table(OWNED)
    found = [{"table_name": name}] if made else []
    driver = install("oracledb", RecordedDriver(SALES | {flush.EXISTS: found, flush.drop_statement(OWNED): []}))
    await pluggable().clean_up(OWNED)
    assert driver.asked[0] == "ALTER SESSION SET CONTAINER = SHOP"
    assert (flush.drop_statement(OWNED) in driver.asked) is made


@pytest.mark.parametrize(
    ("kind", "url", "extra"),
    [("SQL_SERVER", SQL_SERVER, "sqlserver"), ("ORACLE", ORACLE, "oracle"), ("DB2", "jdbc:db2://db/shop:user=app;password=x;", "db2")],
)
async def test_a_driver_that_is_not_installed_is_asked_for(monkeypatch: pytest.MonkeyPatch, kind: str, url: str, extra: str) -> None:
    for name in ("mssql_python", "oracledb", "ibm_db_dbi"):
        monkeypatch.setitem(MODULES, name, None)
    with pytest.raises(ConfigError) as caught:
        await open_source(kind, url).tables(Mode.CDC)
    assert caught.value.code == "DRIVER_MISSING"
    assert f"rowstream[{extra}]" in (caught.value.suggestion or "")
