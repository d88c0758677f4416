"""The connector's configuration: a job in, the whole configuration out, compared with a reviewed file."""

from dataclasses import replace

import pytest
from tests.unit.sources.golden import KAFKA, OWNED, PASSWORD, assert_reviewed, filtered

from pipeline.errors import ConfigError
from pipeline.sources.overrides import OVERRIDES
from pipeline.sources.postgresql.connector import connector_config
from pipeline.sources.postgresql.selects import snapshot_selects
from pipeline.sources.postgresql.url import parse
from pipeline.sources.source import Column, Identity, Mode, Table

ID = Column("id", "integer", nullable=False)
UNPUBLISHED = Column("v", "integer", nullable=True, published=False)

TABLES = [
    Table("public", "orders", (ID, UNPUBLISHED), ("id",), Identity.KEY, 100),
    Table("sales", "Order Lines, old", (ID, Column("line no", "integer", nullable=False)), ("id", "line no"), Identity.FULL),
    Table("sales", 'Odd "Dates"', (ID, Column("D.1", "day", nullable=True, domain_base="date"), UNPUBLISHED), ("id",), Identity.KEY),
    Table("public", "notes", (Column("text", "text", nullable=True), Column("on", "date", nullable=True)), (), Identity.NOTHING),
]

NARROWED = [replace(filtered(TABLES[0], "POSTGRESQL", "id <> 3"), row_count=10), *TABLES[1:]]


@pytest.mark.parametrize("mode", list(Mode))
def test_the_whole_configuration_is_the_reviewed_one(mode: Mode) -> None:
    url = parse("jdbc:postgresql://db:5433/shop?sslmode=verify-ca&sslrootcert=/ca.pem&socketTimeout=90", "app", "hunter2")
    for suffix, tables in (("", TABLES), ("_filters", NARROWED)):
        config = connector_config(mode, OWNED, tables, url=url, host=url.hosts[0], password=PASSWORD, kafka=KAFKA)
        assert_reviewed(config, f"postgresql_{mode.lower()}{suffix}")


def test_a_snapshot_needs_neither_slot_nor_publication() -> None:
    url = parse("jdbc:postgresql://db/shop", "app")
    config = connector_config(Mode.SNAPSHOT, OWNED, TABLES, url=url, host=url.hosts[0], password=None, kafka="kafka:9092")
    assert not {"slot.name", "publication.name", "heartbeat.action.query", "database.password"} & set(config)


def test_how_the_server_writes_values_is_set_after_what_the_user_sets() -> None:
    url = parse("jdbc:postgresql://db/shop?options=-c%20geqo=off%20-c%20DateStyle=German", "app")
    config = connector_config(Mode.CDC, OWNED, TABLES, url=url, host=url.hosts[0], password=None, kafka="kafka:9092")
    assert config["driver.options"].startswith("-c geqo=off -c DateStyle=German -c DateStyle=ISO -c IntervalStyle=postgres ")


@pytest.mark.parametrize("name", ["a,b", "a''b", "a``b", "${file:x}"])
def test_a_table_that_debezium_cannot_be_told_of_keeps_its_own_select(name: str) -> None:
    days = (Column("on", "date", nullable=True),)
    table, other = Table("s", name, days, (), Identity.NOTHING), Table("s", "other", days, (), Identity.NOTHING)
    assert snapshot_selects(Mode.CDC, [table]) == {}
    assert snapshot_selects(Mode.CDC, [table, other])[OVERRIDES] == '"s"."other"'


@pytest.mark.parametrize("url", ["jdbc:postgresql://[::1]/shop", "jdbc:postgresql://db/a%2Fb", "jdbc:postgresql://db/a%3Fhost%3Dx"])
def test_what_debezium_cannot_reach_is_refused(url: str) -> None:
    parsed = parse(url, "app")
    with pytest.raises(ConfigError, match="Debezium's PostgreSQL connector"):
        connector_config(Mode.SNAPSHOT, OWNED, TABLES, url=parsed, host=parsed.hosts[0], password=None, kafka="kafka:9092")


@pytest.mark.parametrize("query", ["user=%24%7Bsecrets:/s/other:password%7D", "user=app&options=%24%7Bfile:/etc/x:y%7D"])
def test_a_users_text_cannot_name_a_secret_of_another_job(query: str) -> None:
    parsed = parse(f"jdbc:postgresql://db/shop?{query}")
    with pytest.raises(ConfigError, match="Kafka Connect would replace"):
        connector_config(Mode.SNAPSHOT, OWNED, TABLES, url=parsed, host=parsed.hosts[0], password=None, kafka="kafka:9092")
