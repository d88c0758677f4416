"""What keeps a filter from being read by SQL Server, Oracle or Db2 is found before a job begins."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from tests.fakes.database import RecordedDatabase
from tests.unit.sources import test_db2_readiness, test_oracle_readiness, test_sqlserver_readiness

from pipeline.errors import ConfigError
from pipeline.sources.db2 import readiness as db2
from pipeline.sources.db2 import url as db2_url
from pipeline.sources.db2.source import Db2Source
from pipeline.sources.oracle import readiness as oracle
from pipeline.sources.oracle import url as oracle_url
from pipeline.sources.oracle.source import OracleSource
from pipeline.sources.positioned import PositionedSource
from pipeline.sources.queries import Row
from pipeline.sources.source import Column, Finding, Identity, Mode, Table
from pipeline.sources.sqlserver import readiness as sqlserver
from pipeline.sources.sqlserver import url as sqlserver_url
from pipeline.sources.sqlserver.source import SqlServerSource

Check = Callable[[RecordedDatabase, Mode, list[Table]], Awaitable[list[Finding]]]

SERVERS = [
    pytest.param(sqlserver.check_readiness, test_sqlserver_readiness, "[dbo].[orders]", id="sqlserver"),
    pytest.param(oracle.check_tables, test_oracle_readiness, '"SALES"."ORDERS"', id="oracle"),
    pytest.param(db2.check_readiness, test_db2_readiness, '"SALES"."ORDERS"', id="db2"),
]


def refuse() -> list[Row]:
    raise ConfigError("there is no such column")


async def filter_findings(check: Check, server: RecordedDatabase, table: Table) -> list[Finding]:
    return [finding for finding in await check(server, Mode.SNAPSHOT, [table]) if finding.check == "FILTER"]


@pytest.mark.parametrize(("check", "fixtures", "name"), SERVERS)
async def test_the_database_is_asked_whether_it_takes_a_condition(check: Check, fixtures: object, name: str) -> None:
    table = replace(fixtures.ORDERS, condition="n > 1")  # type: ignore[attr-defined]
    asked = f"SELECT 1 AS one FROM {name} WHERE (n > 1) AND 1 = 0"
    answers = fixtures.answers()  # type: ignore[attr-defined]
    assert await filter_findings(check, RecordedDatabase(answers | {asked: []}), table) == []
    (finding,) = await filter_findings(check, RecordedDatabase(answers | {asked: refuse}), table)
    assert "there is no such column" in finding.message


@pytest.mark.parametrize(
    ("source", "select"),
    [
        (SqlServerSource(sqlserver_url.parse("jdbc:sqlserver://h;databaseName=shop", "u", "p")), "[dbo].[t] WHERE (n > 1) ORDER BY [id]"),
        (
            OracleSource(oracle_url.parse("jdbc:oracle:thin:@//h/shop", "u", "p", None)),
            '"dbo"."t"ROWSTREAM_AS_OF_SCN WHERE (n > 1) ORDER BY "id"',
        ),
        (Db2Source(db2_url.parse("jdbc:db2://h:50000/shop", "u", "p")), '"dbo"."t" WHERE (n > 1) ORDER BY "id"'),
    ],
    ids=["sqlserver", "oracle", "db2"],
)
def test_a_table_that_is_read_again_is_read_by_its_filter_without_an_end(source: PositionedSource, select: str) -> None:
    columns = (Column("id", "int", nullable=False), Column("n", "int", nullable=False))
    whole = Table("dbo", "t", columns, ("id",), Identity.KEY)
    assert source.signal_selects(Mode.CDC, [replace(whole, condition="n > 1", row_count=5), replace(whole, name="other")]) == {
        "dbo.t": f"SELECT * FROM {select}"
    }


@pytest.mark.parametrize("name", ["orders, old", "orders (old)", "a|b"])
@pytest.mark.parametrize(("check", "fixtures", "name_sent"), SERVERS)
async def test_a_table_that_debeziums_list_cannot_name_has_no_filter(check: Check, fixtures: object, name_sent: str, name: str) -> None:
    assert name_sent
    table = replace(fixtures.ORDERS, name=name, row_count=5)  # type: ignore[attr-defined]
    (finding,) = await filter_findings(check, RecordedDatabase(fixtures.answers()), table)  # type: ignore[attr-defined]
    assert "cannot hold" in finding.message
