"""The configuration of the Db2 connector: a job in, the whole configuration out."""

import pytest
from tests.unit.sources.golden import KAFKA, OWNED, PASSWORD, assert_reviewed, followed, narrowed, tables

from pipeline.errors import ConfigError
from pipeline.sources.db2.connector import connector_config
from pipeline.sources.db2.url import parse
from pipeline.sources.source import Mode, Table

URL = "jdbc:db2://db:50001/shop:sslConnection=true;sslCertLocation=/ca.pem;retrieveMessagesFromServerOnGetMessage=true;"


def config(url: str, mode: Mode = Mode.CDC, taken: list[Table] | None = None) -> dict[str, str]:
    return connector_config(mode, OWNED, taken or tables("SALES"), url=parse(url, "app", "hunter2"), password=PASSWORD, kafka=KAFKA)


@pytest.mark.parametrize("mode", list(Mode))
def test_the_whole_configuration_is_the_reviewed_one(mode: Mode) -> None:
    assert_reviewed(config(URL, mode), f"db2_{mode.lower()}")


@pytest.mark.parametrize("mode", list(Mode))
def test_only_the_rows_of_a_filter_are_read(mode: Mode) -> None:
    taken = followed("SALES", "DB2") if mode.streams else narrowed("SALES", "DB2")
    assert_reviewed(config(URL, mode, taken), f"db2_{mode.lower()}_filters")


def test_a_host_that_debezium_does_not_take_is_refused() -> None:
    with pytest.raises(ConfigError, match="does not take the host ::1"):
        config("jdbc:db2://[::1]:50000/shop")


def test_a_users_text_cannot_name_a_secret_of_another_job() -> None:
    with pytest.raises(ConfigError, match="Kafka Connect would replace"):
        config("jdbc:db2://db/shop:clientProgramName=${secrets:/s/other:password};")
