"""Every form of JDBC URL that Microsoft's driver accepts is read as it reads it, and every other is refused by its place."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.sources.sqlserver.url import SqlServerUrl, parse


def read(url: str) -> SqlServerUrl:
    return parse(url, "app", "secret")


@pytest.mark.parametrize(
    ("url", "host", "instance", "port", "database"),
    [
        ("jdbc:sqlserver://db.example.com:1444;databaseName=shop", "db.example.com", None, 1444, "shop"),
        ("jdbc:sqlserver://db;databaseName=shop", "db", None, 1433, "shop"),
        ("jdbc:sqlserver://db;database=shop;", "db", None, 1433, "shop"),
        ("jdbc:sqlserver://db;DATABASENAME = shop ;", "db", None, 1433, "shop"),
        (r"jdbc:sqlserver://db\inst;databaseName=shop", "db", "inst", None, "shop"),
        (r"jdbc:sqlserver://db\inst:1444;databaseName=shop", "db", "inst", 1444, "shop"),
        ("jdbc:sqlserver://db;instanceName=inst;databaseName=shop", "db", "inst", None, "shop"),
        ("jdbc:sqlserver://db;instanceName=inst;portNumber=7;databaseName=shop", "db", "inst", 7, "shop"),
        ("jdbc:sqlserver://;serverName=db;port=7;databaseName=shop", "db", None, 7, "shop"),
        (r"jdbc:sqlserver://;server=db\inst;databaseName=shop", "db", "inst", None, "shop"),
        (
            r"jdbc:sqlserver://;serverName=3ffe:8311:eeee:f70f:0:5eae:10.203.31.9\inst;database=a",
            "3ffe:8311:eeee:f70f:0:5eae:10.203.31.9",
            "inst",
            None,
            "a",
        ),
        ("jdbc:sqlserver://other;serverName=db;databaseName=shop", "db", None, 1433, "shop"),
        ("jdbc:sqlserver://db;databaseName={a b=c}", "db", None, 1433, "a b=c"),
        ("jdbc:sqlserver://db;databaseName=a=b", "db", None, 1433, "a=b"),
    ],
)
def test_host_instance_port_and_database_are_read(url: str, host: str, instance: str | None, port: int | None, database: str) -> None:
    found = read(url)
    assert (found.host, found.instance, found.port, found.database) == (host, instance, port, database)


@pytest.mark.parametrize("name", ["user", "userName", "UID"])
def test_credentials_beside_the_url_outrank_those_in_it(name: str) -> None:
    url = f"jdbc:sqlserver://db;databaseName=d;{name}=own;password={{a;}}}}b}}"
    assert (parse(url).user, parse(url).password) == ("own", "a;}b")
    given_beside = parse(url, "other", "else")
    assert (given_beside.user, given_beside.password) == ("other", "else")


def test_no_secret_is_shown() -> None:
    assert "hunter2" not in repr(parse("jdbc:sqlserver://db;databaseName=d;user=a;password=hunter2"))


@pytest.mark.parametrize(
    ("text", "encrypt"),
    [("", "yes"), ("true", "yes"), ("Mandatory", "yes"), ("false", "no"), ("optional", "no"), ("strict", "strict")],
)
def test_encryption_is_on_unless_it_is_turned_off(text: str, encrypt: str) -> None:
    assert read("jdbc:sqlserver://db;databaseName=d" + (f";encrypt={text}" if text else "")).encrypt == encrypt


def test_what_is_not_read_here_is_passed_on_under_the_name_it_was_given() -> None:
    url = "jdbc:sqlserver://db;databaseName=d;trustServerCertificate=true;hostNameInCertificate=h;failoverPartner=p;"
    url += "sendStringParametersAsUnicode=true;x y=1"
    found = read(url)
    assert (found.trust_server_certificate, found.certificate_host, found.failover_partner) == (True, "h", "p")
    assert found.options == {"sendStringParametersAsUnicode": "true", "x y": "1"}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("jdbc:postgresql://db/shop", "must begin with jdbc:sqlserver://"),
        ("jdbc:sqlserver:db;databaseName=d", "must begin with jdbc:sqlserver://"),
        ("jdbc:sqlserver://databaseName=d", "a semicolon is missing"),
        ("jdbc:sqlserver://;databaseName=d", "names no host"),
        ("jdbc:sqlserver://db:;databaseName=d", "but no port"),
        ("jdbc:sqlserver://db:x;databaseName=d", "port 'x'"),
        ("jdbc:sqlserver://db:70000;databaseName=d", "port '70000'"),
        ("jdbc:sqlserver://[::1]:1433;databaseName=d", "IPv6 address before the first semicolon"),
        ("jdbc:sqlserver://db", "names no database"),
        ("jdbc:sqlserver://db;databaseName=", "names no database"),
        ("jdbc:sqlserver://db;databaseName={a,b}", "cannot open a database of the name 'a,b'"),
        ("jdbc:sqlserver://db;databaseName=d;encrypt", "property 'encrypt' lacks its name or its ="),
        ("jdbc:sqlserver://db;databaseName=d;=x", "lacks its name or its ="),
        ("jdbc:sqlserver://db;databaseName=d;x={a", "x has a { that is not closed"),
        ("jdbc:sqlserver://db;databaseName=d;x={a}b", "x has text after its closing brace"),
        ("jdbc:sqlserver://db;databaseName=d;x=a{b}", "x has a { in the middle"),
        ("jdbc:sqlserver://db;databaseName=d;encrypt=maybe", "encrypt 'maybe' is not one of true"),
        ("jdbc:sqlserver://db;databaseName=d;loginTimeout=soon", "loginTimeout 'soon' is not a number of seconds"),
        ("jdbc:sqlserver://db;databaseName=d;integratedSecurity=true", "integratedSecurity is not available"),
        ("jdbc:sqlserver://db;databaseName=d;authentication=ActiveDirectoryDefault", "authentication 'ActiveDirectoryDefault'"),
        ("jdbc:sqlserver://db;databaseName=d;failoverPartner=p;multiSubnetFailover=true", "failoverPartner cannot go with multiSubnet"),
        ("jdbc:sqlserver://db;databaseName=d;applicationIntent=ReadOnly;failoverPartner=p", "failoverPartner cannot go with applicat"),
        ("jdbc:sqlserver://db;databaseName=d;socketFactoryClass=x.Y", "socketFactoryClass is not passed on"),
        ("jdbc:sqlserver://db;databaseName=d;TRUSTSTOREPASSWORD=x", "trustStorePassword is not passed on"),
    ],
)
def test_what_the_driver_would_not_take_is_refused_by_its_place(url: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(url)
    assert place in caught.value.message


def test_a_user_is_needed() -> None:
    with pytest.raises(ConfigError, match="names no user"):
        parse("jdbc:sqlserver://db;databaseName=d")


@given(st.text(), st.text(st.characters(exclude_categories=("Cs",)), min_size=1).filter(lambda text: text.strip()))
def test_a_value_in_braces_may_hold_anything(password: str, user: str) -> None:
    escaped = [text.replace("}", "}}") for text in (user, password)]
    found = parse(f"jdbc:sqlserver://db;databaseName=d;user={{{escaped[0]}}};password={{{escaped[1]}}}")
    assert (found.user, found.password) == (user, password)


@given(st.text())
def test_any_text_is_a_url_or_is_refused(text: str) -> None:
    with suppress(ConfigError):
        assert read(f"jdbc:sqlserver://{text}").database
