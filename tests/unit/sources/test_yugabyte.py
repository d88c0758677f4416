"""YugabyteDB's JDBC URLs, and the configuration of its connector."""

import pytest
from tests.unit.sources.golden import KAFKA, OWNED, PASSWORD, assert_reviewed, tables

from pipeline.errors import ConfigError
from pipeline.sources.source import Mode
from pipeline.sources.yugabyte.connector import connector_config
from pipeline.sources.yugabyte.url import parse

URL = "jdbc:yugabytedb://db1:5433,db2/shop?load-balance=true&topology-keys=aws.us-east-2.*&sslmode=require&socketTimeout=9"


@pytest.mark.parametrize(
    ("url", "hosts", "database"),
    [
        ("jdbc:yugabytedb://db/shop", (("db", 5433),), "shop"),
        ("jdbc:yugabytedb://a:1,b/shop?load-balance=true", (("a", 1), ("b", 5433)), "shop"),
        ("jdbc:yugabytedb://[::1]/shop", (("::1", 5433),), "shop"),
        ("jdbc:yugabytedb:shop", (("localhost", 5433),), "shop"),
        ("jdbc:postgresql://db/shop", (("db", 5432),), "shop"),
        ("jdbc:postgresql://db:5433/shop", (("db", 5433),), "shop"),
    ],
)
def test_the_hosts_of_either_driver_are_read_with_its_own_default_port(url: str, hosts: tuple[tuple[str, int], ...], database: str) -> None:
    found = parse(url, "app")
    assert (found.hosts, found.database) == (hosts, database)


def test_properties_that_balance_connections_are_none_of_the_connectors() -> None:
    found = parse(
        "jdbc:yugabytedb://db/shop?load-balance=any&topology-keys=a.b.c&yb-servers-refresh-interval=5&fallback-to-topology-keys-only=true"
        "&failed-host-reconnect-delay-secs=5&socketTimeout=9&user=own&password=p",
    )
    assert found.options == {"socketTimeout": "9"}
    assert (found.user, found.password) == ("own", "p")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("jdbc:mysql://db/shop", "must begin with jdbc:yugabytedb: or jdbc:postgresql:"),
        ("jdbc:yugabytedb://db:x/shop", "port 'x'"),
        ("jdbc:yugabytedb:/db/shop", "one slash before the host"),
        ("jdbc:yugabytedb://db/shop?sslfactory=x.Y", "sslfactory is not passed on"),
    ],
)
def test_what_the_drivers_would_not_take_is_refused_by_its_place(url: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(url, "app")
    assert place in caught.value.message


@pytest.mark.parametrize("mode", list(Mode))
def test_the_whole_configuration_is_the_reviewed_one(mode: Mode) -> None:
    url = parse(URL, "app", "hunter2")
    config = connector_config(mode, OWNED, tables("public"), url=url, host=url.hosts[0], password=PASSWORD, kafka=KAFKA)
    assert_reviewed(config, f"yugabyte_{mode.lower()}")
