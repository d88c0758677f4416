"""CockroachDB: the connector's configuration, what a cluster lacks, and the changefeed that a job leaves behind."""

from decimal import Decimal
from typing import Any

import pytest
from tests.fakes.database import RecordedDatabase
from tests.unit.sources.golden import KAFKA, OWNED, PASSWORD, assert_reviewed, tables

from pipeline.errors import ConfigError
from pipeline.sources.cockroachdb import changefeed, readiness
from pipeline.sources.cockroachdb.changefeed import ResolvedPassage, by_hand, cancel_statement, end_changefeeds, feed_prefix
from pipeline.sources.cockroachdb.connector import connector_config
from pipeline.sources.cockroachdb.url import parse
from pipeline.sources.source import Column, Finding, Identity, Mode, Severity, Table

URL = "jdbc:postgresql://db:26257/shop?sslmode=verify-full&sslrootcert=/ca.crt"
ORDERS = Table("public", "orders", (Column("id", "INT8", nullable=False),), ("id",), Identity.KEY)


def config(url: str, mode: Mode = Mode.CDC) -> dict[str, str]:
    parsed = parse(url, "app", "hunter2")
    return connector_config(mode, OWNED, tables("public"), url=parsed, host=parsed.hosts[0], password=PASSWORD, kafka=KAFKA)


@pytest.mark.parametrize("mode", list(Mode))
def test_the_whole_configuration_is_the_reviewed_one(mode: Mode) -> None:
    assert_reviewed(config(URL, mode), f"cockroachdb_{mode.lower()}")


def test_what_the_connector_cannot_hand_to_the_driver_is_refused() -> None:
    with pytest.raises(ConfigError, match="socketTimeout cannot be passed on"):
        config("jdbc:postgresql://db:26257/shop?socketTimeout=9")
    with pytest.raises(ConfigError, match="must begin with jdbc:postgresql:"):
        parse("jdbc:cockroachdb://db/shop", "app")


def answers() -> dict[str, Any]:
    return {
        readiness.SERVER: [{"version": "CockroachDB CCL v25.2.0", "user_name": "app", "database_name": "shop"}],
        readiness.RANGEFEED: [{"kv.rangefeed.enabled": "true"}],
        readiness.SYSTEM_GRANTS: [],
        readiness.TABLE_GRANTS: [{"schema_name": "public", "table_name": "orders", "privilege_type": "CHANGEFEED"}],
    }


async def findings(changed: dict[str, Any], table: Table = ORDERS) -> list[Finding]:
    found = await readiness.check_readiness(RecordedDatabase(answers() | changed), Mode.CDC, [table])
    return [finding for finding in found if finding.severity is not Severity.OK]


@pytest.mark.parametrize(
    ("changed", "check", "remedy"),
    [
        ({readiness.RANGEFEED: [{"kv.rangefeed.enabled": False}]}, "RANGEFEED", "SET CLUSTER SETTING kv.rangefeed.enabled = true;"),
        ({readiness.TABLE_GRANTS: []}, "CHANGEFEED", 'GRANT CHANGEFEED ON TABLE "public"."orders" TO app;'),
    ],
)
async def test_what_keeps_a_changefeed_from_being_made_is_an_error(changed: dict[str, Any], check: str, remedy: str) -> None:
    assert [(finding.check, finding.severity, finding.remedy) for finding in await findings(changed)] == [(check, Severity.ERROR, remedy)]


@pytest.mark.parametrize(
    "granted",
    [
        {},
        {readiness.TABLE_GRANTS: [], readiness.SYSTEM_GRANTS: [{"privilege_type": "CHANGEFEED"}]},
        {readiness.TABLE_GRANTS: [{"schema_name": "public", "table_name": "orders", "privilege_type": "ALL"}]},
    ],
)
async def test_the_privilege_may_be_held_on_the_table_or_everywhere(granted: dict[str, Any]) -> None:
    assert await findings(granted) == []


async def test_who_may_not_see_the_setting_is_told() -> None:
    def refuse() -> list[Any]:
        raise ConfigError("only users with the VIEWCLUSTERSETTING privilege are allowed")

    (found,) = await findings({readiness.RANGEFEED: refuse})
    assert (found.check, found.severity, found.remedy) == ("RANGEFEED", Severity.WARNING, "GRANT SYSTEM VIEWCLUSTERSETTING TO app;")


@pytest.mark.parametrize(
    ("table", "checks"),
    [
        (Table("public", "order lines", ORDERS.columns, ("id",), Identity.KEY), ["TABLE_NAME", "CHANGEFEED"]),
        (Table("public", "orders", ORDERS.columns, (), Identity.NOTHING), ["NO_KEY"]),
    ],
)
async def test_tables_that_cannot_be_followed_are_errors(table: Table, checks: list[str]) -> None:
    assert [finding.check for finding in await findings({}, table)] == checks


async def test_the_jobs_changefeeds_are_ended_and_no_others() -> None:
    def running(prefix: str) -> list[Any]:
        assert prefix == feed_prefix(OWNED)
        return [{"job_id": 42, "status": "running"}]

    recorded = RecordedDatabase({changefeed.JOBS: running, cancel_statement(42): []})
    await end_changefeeds(recorded, OWNED)
    assert recorded.asked == [changefeed.JOBS, "CANCEL JOB 42"]
    assert f"topic_prefix={feed_prefix(OWNED)}." in by_hand(OWNED)


@pytest.mark.parametrize(
    ("cursor", "passed"),
    [
        ("1736000000000000000.0000000001", False),
        ("1736000000000000000.0000000002", True),
        ("1736000000000000001", True),
        ("now", False),
        (None, False),
    ],
)
async def test_a_resolved_timestamp_tells_what_is_behind_the_connector(cursor: str | None, passed: bool) -> None:
    moment = await changefeed.read_moment(RecordedDatabase({changefeed.NOW: [{"moment": "1736000000000000000.0000000002"}]}))
    assert moment == Decimal("1736000000000000000.0000000002")
    assert await ResolvedPassage(moment).passed({"offset.cursor": cursor}) is passed
