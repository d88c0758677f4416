"""CockroachDB and YugabyteDB are read by psycopg: what it is told of their JDBC URLs."""

from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.sources.dialects.engine import open_database
from pipeline.sources.dialects.url import parse


def told(source_type: str, url: str) -> dict[str, Any]:
    """What the driver is called with, as SQLAlchemy makes it of the URL."""
    engine = open_database(source_type, parse(source_type, url, "app", "p&w")).engine
    _, arguments = engine.dialect.create_connect_args(engine.url)
    return dict(arguments)


def test_every_host_is_tried_with_its_port() -> None:
    arguments = told("YUGABYTE", "jdbc:yugabytedb://a,b:5444,[2001:db8::7]/shop?load-balance=true&targetServerType=primary")
    assert (arguments["host"], arguments["port"]) == ("a,b,2001:db8::7", "5433,5444,5433")
    assert (arguments["dbname"], arguments["user"], arguments["password"]) == ("shop", "app", "p&w")
    assert arguments["target_session_attrs"] == "primary"
    assert "load-balance" not in arguments


def test_an_ipv6_address_is_one_host() -> None:
    arguments = told("COCKROACHDB", "jdbc:postgresql://[::1]:26257/shop")
    assert (arguments["host"], str(arguments["port"])) == ("::1", "26257")


def test_tls_and_files_are_passed_on() -> None:
    arguments = told("COCKROACHDB", "jdbc:postgresql://h:26257/shop?sslmode=verify-full&sslrootcert=/ca.pem")
    assert (arguments["sslmode"], arguments["sslrootcert"]) == ("verify-full", "/ca.pem")


def test_a_cluster_that_is_chosen_by_an_option_is_still_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    database = open_database("COCKROACHDB", parse("COCKROACHDB", "jdbc:postgresql://h:26257/shop?options=--cluster%3Dnice-1", "app", "x"))

    def connect(*_: Any, **arguments: Any) -> None:
        given.update(arguments)
        raise OSError("nobody is connected to")

    monkeypatch.setattr(database.engine.dialect, "connect", connect)
    with pytest.raises(OSError, match="nobody"):
        database.engine.connect()
    assert given["options"] == "--cluster=nice-1 -c IntervalStyle=iso_8601 -c default_transaction_read_only=on"


@pytest.mark.parametrize(
    ("source_type", "url", "says"),
    [
        ("YUGABYTE", "jdbc:yugabytedb://h/shop?currentSchema=sales", "currentSchema is not taken"),
        ("YUGABYTE", "jdbc:mysql://h/shop", "must begin with jdbc:yugabytedb: or jdbc:postgresql:"),
        ("COCKROACHDB", "jdbc:yugabytedb://h/shop", "must begin with jdbc:postgresql:"),
        ("COCKROACHDB", "postgresql://h/shop", "of a postgresql database, but the type is COCKROACHDB"),
    ],
)
def test_other_urls_are_refused(source_type: str, url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse(source_type, url, "app")
