"""The configuration of the Oracle connector: a job in, the whole configuration out."""

from dataclasses import replace

import pytest
from tests.unit.sources.golden import KAFKA, OWNED, PASSWORD, assert_reviewed, followed, narrowed, tables

from pipeline.errors import ConfigError
from pipeline.sources.oracle.connector import connector_config
from pipeline.sources.oracle.url import parse
from pipeline.sources.source import Column, Mode, Table

URL = "jdbc:oracle:thin:@tcps://db:2484/shop.example.org?wallet_location=/wallet&oracle.jdbc.ReadTimeout=60000"


def config(url: str, mode: Mode = Mode.CDC, taken: list[Table] | None = None, pdb: str | None = "salespdb") -> dict[str, str]:
    parsed = parse(url, "c##app", "hunter2", pdb)
    return connector_config(mode, OWNED, taken or tables("SALES"), url=parsed, database="ORCLCDB", password=PASSWORD, kafka=KAFKA)


@pytest.mark.parametrize("mode", list(Mode))
def test_the_whole_configuration_is_the_reviewed_one(mode: Mode) -> None:
    assert_reviewed(config(URL, mode), f"oracle_{mode.lower()}")


@pytest.mark.parametrize("mode", list(Mode))
def test_only_the_rows_of_a_filter_are_read(mode: Mode) -> None:
    taken = followed("SALES", "ORACLE") if mode.streams else narrowed("SALES", "ORACLE")
    assert_reviewed(config(URL, mode, taken), f"oracle_{mode.lower()}_filters")


def test_large_values_are_read_where_a_table_has_any() -> None:
    (first, *_) = tables("SALES")
    large = replace(first, columns=(*first.columns, Column("BODY", "CLOB", nullable=True)))
    made = config(URL, taken=[large])
    assert (made["lob.enabled"], made["log.mining.strategy"]) == ("true", "online_catalog")
    assert_reviewed(made, "oracle_cdc_large_values")


def test_a_database_that_is_no_container_has_no_pluggable_one() -> None:
    assert "database.pdb.name" not in config(URL, pdb=None)


def test_a_users_text_cannot_name_a_secret_of_another_job() -> None:
    with pytest.raises(ConfigError, match="Kafka Connect would replace"):
        config("jdbc:oracle:thin:@db/s?v$session.program=${secrets:/s/other:password}")
