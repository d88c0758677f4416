"""What readiness finds on real servers, and that its remedies mend it."""

import pytest

from pipeline.sources.mysql.source import MySqlSource
from pipeline.sources.source import Finding, Mode, Severity

from .binlog_database import BinlogDatabase

NEEDED = ("SELECT", "RELOAD", "REPLICATION SLAVE", "REPLICATION CLIENT")


async def findings(source: MySqlSource, mode: Mode = Mode.CDC) -> dict[str, Finding]:
    return {finding.check: finding for finding in await source.check(mode, await source.tables(mode))}


def errors(found: dict[str, Finding]) -> list[str]:
    return [check for check, finding in found.items() if finding.severity is Severity.ERROR]


@pytest.mark.parametrize("mode", list(Mode))
async def test_the_user_of_the_stack_lacks_nothing(binlog_database: BinlogDatabase, mode: Mode) -> None:
    binlog_database.run("CREATE TABLE t (id INT PRIMARY KEY)")
    assert await findings(binlog_database.source(), mode) == {}


@pytest.mark.parametrize("missing", NEEDED[1:])
async def test_each_privilege_is_missed_alone_and_its_remedy_mends_it(binlog_database: BinlogDatabase, missing: str) -> None:
    binlog_database.run("CREATE TABLE t (id INT PRIMARY KEY)")
    user = binlog_database.user("some", *(f"{name} ON *.*" for name in NEEDED if name != missing))
    source = binlog_database.source(user=user)

    found = await findings(source)
    assert errors(found) == [missing.replace(" ", "_")]

    binlog_database.run(found[missing.replace(" ", "_")].remedy or "")
    assert errors(await findings(source)) == []


async def test_a_table_that_the_user_may_not_read_is_found_before_its_snapshot_would_be_empty(binlog_database: BinlogDatabase) -> None:
    binlog_database.run("CREATE TABLE seen (id INT PRIMARY KEY)", "CREATE TABLE hidden (id INT PRIMARY KEY)")
    name = binlog_database.name
    user = binlog_database.user("blind", "RELOAD, REPLICATION CLIENT ON *.*", f"SELECT ON `{name}`.seen", f"INSERT ON `{name}`.hidden")
    source = binlog_database.source(user=user)

    found = await findings(source, Mode.SNAPSHOT)
    assert errors(found) == ["SELECT"]
    assert found["SELECT"].table == f"{name}.hidden"

    binlog_database.run(found["SELECT"].remedy or "")
    assert errors(await findings(source, Mode.SNAPSHOT)) == []


async def test_a_snapshot_does_not_need_to_follow_the_log(binlog_database: BinlogDatabase) -> None:
    binlog_database.run("CREATE TABLE t (id INT PRIMARY KEY)")
    user = binlog_database.user("reader", "SELECT, RELOAD, REPLICATION CLIENT ON *.*")
    assert errors(await findings(binlog_database.source(user=user), Mode.SNAPSHOT)) == []


@pytest.mark.parametrize(("variable", "wrong", "right"), [("binlog_row_image", "MINIMAL", "FULL"), ("binlog_format", "STATEMENT", "ROW")])
async def test_a_log_that_lacks_values_is_found(binlog_database: BinlogDatabase, variable: str, wrong: str, right: str) -> None:
    binlog_database.run("CREATE TABLE t (id INT PRIMARY KEY)")
    binlog_database.run(f"SET GLOBAL {variable} = '{wrong}'")
    try:
        assert errors(await findings(binlog_database.source())) == [variable.upper()]
        assert errors(await findings(binlog_database.source(), Mode.SNAPSHOT)) == []
    finally:
        binlog_database.run(f"SET GLOBAL {variable} = '{right}'")


async def test_a_server_whose_log_and_rows_may_differ_after_a_crash_is_warned_of(binlog_database: BinlogDatabase) -> None:
    binlog_database.run(
        "CREATE TABLE t (id INT PRIMARY KEY)", "SET GLOBAL innodb_flush_log_at_trx_commit = 0", "SET GLOBAL sync_binlog = 0"
    )
    try:
        found = await findings(binlog_database.source())
        assert [*found] == ["BINLOG_DURABILITY"]
        assert found["BINLOG_DURABILITY"].severity is Severity.WARNING
    finally:
        binlog_database.run(*(found["BINLOG_DURABILITY"].remedy or "").removesuffix(";").split("; "))
    assert await findings(binlog_database.source()) == {}


async def test_what_will_be_lost_or_told_in_part_is_warned_of(binlog_database: BinlogDatabase) -> None:
    binlog_database.run(
        "CREATE TABLE parent (id INT PRIMARY KEY)",
        "CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT of_parent FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE)",
        "CREATE TABLE keyless (a INT, y YEAR)",
        "CREATE TABLE simple (id INT PRIMARY KEY) ENGINE = MyISAM",
    )
    found = await findings(binlog_database.source())
    assert errors(found) == []
    assert {"NO_KEY", "DISTORTED_VALUE", "NOT_TRANSACTIONAL"} <= found.keys()
    cascades_are_logged = binlog_database.server.name == "mysql"  # since 9.6
    assert ("CASCADE" in found) is not cascades_are_logged


async def test_a_type_that_the_connector_does_not_know_is_found_also_in_a_table_that_is_not_taken(binlog_database: BinlogDatabase) -> None:
    source = binlog_database.source()
    binlog_database.run("CREATE TABLE taken (id INT PRIMARY KEY)")
    mariadb = "MariaDb" in source.connector_class if await source.tables(Mode.CDC) else False
    binlog_database.run(f"CREATE TABLE not_taken (id INT PRIMARY KEY, address {'INET6' if mariadb else 'JSON'})")
    taken = [table for table in await source.tables(Mode.SNAPSHOT) if table.name == "taken"]
    found = [finding for finding in await source.check(Mode.SNAPSHOT, taken) if finding.severity is Severity.ERROR]
    assert [(finding.check, finding.table) for finding in found] == [("COLUMN_TYPE", f"{binlog_database.name}.not_taken")] * mariadb
    assert all("address" in finding.message and finding.suggestion for finding in found)
