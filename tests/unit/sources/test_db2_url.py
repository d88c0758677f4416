"""The forms of IBM's JDBC URL that reach a server are read as the driver reads them, and every other is refused by its place."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.sources.db2.connection import connection_string
from pipeline.sources.db2.url import Db2Url, parse


def read(url: str) -> Db2Url:
    return parse(url, "app", "secret")


@pytest.mark.parametrize(
    ("url", "host", "port", "database"),
    [
        ("jdbc:db2://db.example.com:50001/SHOP", "db.example.com", 50001, "SHOP"),
        ("jdbc:db2://db/shop", "db", 50000, "shop"),
        ("jdbc:db2://db/shop:", "db", 50000, "shop"),
        ("jdbc:db2://db/shop:traceLevel=0;", "db", 50000, "shop"),
        ("jdbc:db2://[2001:db8::7]:50000/shop", "2001:db8::7", 50000, "shop"),
        ("jdbc:db2://[::1]/shop", "::1", 50000, "shop"),
    ],
)
def test_host_port_and_database_are_read(url: str, host: str, port: int, database: str) -> None:
    found = read(url)
    assert (found.host, found.port, found.database) == (host, port, database)


def test_credentials_beside_the_url_outrank_those_in_it() -> None:
    url = "jdbc:db2://db/shop:user=own;password=p=w;"
    assert (parse(url).user, parse(url).password) == ("own", "p=w")
    given_beside = parse(url, "other", "else")
    assert (given_beside.user, given_beside.password) == ("other", "else")
    assert "else" not in repr(given_beside)


def test_properties_are_read_with_or_without_the_last_semicolon() -> None:
    for end in ("", ";"):
        found = read(f"jdbc:db2://db/shop:sslConnection=true;sslCertLocation=/ca.pem;currentSchema=SALES;loginTimeout=7;foo=bar{end}")
        assert (found.tls, found.certificate, found.schema, found.login_timeout_seconds) == (True, "/ca.pem", "SALES", 7)
        assert found.options == {"foo": "bar"}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("jdbc:postgresql://db/shop", "must begin with jdbc:db2://"),
        ("jdbc:db2:shop", "needs // before the host"),
        ("jdbc:db2://db:50000", "needs // before the host"),
        ("jdbc:db2://:50000/shop", "names no host"),
        ("jdbc:db2://db:x/shop", "port 'x'"),
        ("jdbc:db2://db:/shop", "port ''"),
        ("jdbc:db2://db/", "names no database"),
        ("jdbc:db2://db/sh op", "database 'sh op' is no name of one"),
        ("jdbc:db2://db/shop:nothing;", "property 'nothing' lacks its name or its ="),
        ("jdbc:db2://db/shop:sslConnection=maybe;", "sslConnection 'maybe' is not one of true"),
        ("jdbc:db2://db/shop:sslTrustStorePassword=x;", "sslTrustStorePassword is not passed on"),
        ("jdbc:db2://db/shop:tracefile=/tmp/x;", "traceFile is not passed on"),
    ],
)
def test_what_the_driver_would_not_take_is_refused_by_its_place(url: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(url)
    assert place in caught.value.message


def test_a_user_is_needed() -> None:
    with pytest.raises(ConfigError, match="names no user"):
        parse("jdbc:db2://db/shop")


@given(st.text())
def test_any_text_is_a_url_or_is_refused(text: str) -> None:
    with suppress(ConfigError):
        assert read(f"jdbc:db2://{text}").database


def test_the_checks_log_in_as_the_connector_does() -> None:
    text = connection_string(read("jdbc:db2://db:50001/shop:sslConnection=true;sslCertLocation=/ca.pem;"))
    assert text.startswith("DATABASE=shop;HOSTNAME=db;PORT=50001;PROTOCOL=TCPIP;UID=app;PWD=secret;")
    assert text.endswith("Security=SSL;SSLServerCertificate=/ca.pem;")


def test_a_password_that_the_driver_cannot_be_told_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigError, match="takes no PWD with a semicolon") as caught:
        connection_string(parse("jdbc:db2://db/shop", "app", "hunter;2"))
    assert "hunter" not in caught.value.message
