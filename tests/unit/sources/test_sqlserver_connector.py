"""The configuration of the SQL Server connector: a job in, the whole configuration out."""

import re
from dataclasses import replace

import pytest
from tests.unit.sources.golden import KAFKA, OWNED, PASSWORD, assert_reviewed, filtered, followed, narrowed, tables

from pipeline.errors import ConfigError
from pipeline.sources.overrides import OVERRIDES
from pipeline.sources.source import Column, Mode, Table
from pipeline.sources.sqlserver.connector import connector_config
from pipeline.sources.sqlserver.url import parse

URL = r"jdbc:sqlserver://db\inst:1444;databaseName=shop;encrypt=strict;hostNameInCertificate=*.example.org;failoverPartner=db2;socketTimeout=9"


def config(url: str, mode: Mode = Mode.CDC, taken: list[Table] | None = None) -> dict[str, str]:
    parsed = parse(url, "app", "hunter2")
    return connector_config(mode, OWNED, taken or tables("dbo"), url=parsed, database="Shop", password=PASSWORD, kafka=KAFKA)


@pytest.mark.parametrize("mode", list(Mode))
def test_the_whole_configuration_is_the_reviewed_one(mode: Mode) -> None:
    assert_reviewed(config(URL, mode), f"sqlserver_{mode.lower()}")


@pytest.mark.parametrize("mode", list(Mode))
def test_only_the_rows_of_a_filter_are_read(mode: Mode) -> None:
    taken = followed("dbo", "SQL_SERVER") if mode.streams else narrowed("dbo", "SQL_SERVER")
    assert_reviewed(config(URL, mode, taken), f"sqlserver_{mode.lower()}_filters")


def test_an_instance_without_a_port_is_left_to_the_browser_service() -> None:
    made = config(r"jdbc:sqlserver://db\inst;databaseName=shop")
    assert made["database.instance"] == "inst"
    assert "database.port" not in made


def test_the_database_is_named_as_the_server_spells_it() -> None:
    assert config("jdbc:sqlserver://db;database=SHOP")["database.names"] == "Shop"


def test_a_host_that_debezium_does_not_take_is_refused() -> None:
    with pytest.raises(ConfigError, match="does not take the host ::1"):
        config("jdbc:sqlserver://;serverName=::1;databaseName=shop")


def test_a_users_text_cannot_name_a_secret_of_another_job() -> None:
    with pytest.raises(ConfigError, match="Kafka Connect would replace"):
        config("jdbc:sqlserver://db;databaseName=shop;workstationID={${secrets:/s/other:password}}}")


@pytest.mark.parametrize(
    ("condition", "column", "told"),
    [
        ("id * 2 = 4", "v", "replace an asterisk"),
        ("id = 4", "v$1", "the name of the column v$1"),
        ("id LIKE 'a*'", "v", "replace an asterisk"),
    ],
)
def test_a_filter_that_debezium_would_spoil_is_refused(condition: str, column: str, told: str) -> None:
    (orders, *_) = tables("dbo")
    spoilt = replace(filtered(orders, "SQL_SERVER", condition), columns=(*orders.columns, Column(column, "int", nullable=True)))
    with pytest.raises(ConfigError, match=re.escape(told)):
        config(URL, Mode.SNAPSHOT, [spoilt])


def test_a_name_with_an_asterisk_is_refused_too() -> None:
    (orders, *_) = tables("dbo")
    odd = replace(orders, columns=(*orders.columns, Column("a*b", "int", nullable=False)), key=("a*b",), row_count=5)
    with pytest.raises(ConfigError, match="replace an asterisk"):
        config(URL, Mode.SNAPSHOT, [odd])


def test_no_row_is_read_where_none_is_wanted() -> None:
    (orders, *_) = tables("dbo")
    made = config(URL, Mode.SNAPSHOT, [replace(orders, row_count=0)])
    assert made[f"{OVERRIDES}.dbo.orders"] == "SELECT * FROM [dbo].[orders] WHERE (1 = 0) ORDER BY [id]"


def test_a_filter_of_a_table_that_cannot_be_named_is_refused() -> None:
    (_, odd, _) = tables("dbo")
    with pytest.raises(ConfigError, match="cannot hold"):
        config(URL, Mode.SNAPSHOT, [replace(odd, row_count=5)])
