"""Every form of the thin driver's JDBC URL that names a server is read, and every other is refused by its place."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.sources.oracle.url import OracleUrl, parse


def read(url: str) -> OracleUrl:
    return parse(url, "app", "secret")


def tcp(host: str = "db", port: int = 1521, protocol: str = "tcp") -> str:
    return f"(ADDRESS=(PROTOCOL={protocol})(HOST={host})(PORT={port}))"


def service(name: str = "shop", more: str = "") -> str:
    return f"(CONNECT_DATA=(SERVICE_NAME={name}){more})"


@pytest.mark.parametrize(
    ("address", "descriptor", "shown"),
    [
        ("db:1522:ORCL", f"(DESCRIPTION={tcp(port=1522)}(CONNECT_DATA=(SID=ORCL)))", "db:1522:ORCL"),
        ("//db:1522/shop.example.org", f"(DESCRIPTION={tcp(port=1522)}{service('shop.example.org')})", "db:1522/shop.example.org"),
        ("db/shop", f"(DESCRIPTION={tcp()}{service()})", "db:1521/shop"),
        ("//db/shop:dedicated/inst1", f"(DESCRIPTION={tcp()}{service(more='(SERVER=dedicated)(INSTANCE_NAME=inst1)')})", "db:1521/shop"),
        ("tcp://db:1522/shop", f"(DESCRIPTION={tcp(port=1522)}{service()})", "db:1522/shop"),
        ("TCPS://db:2484/shop", f"(DESCRIPTION={tcp(port=2484, protocol='tcps')}{service()})", "db:2484/shop"),
        ("//[::1]:1522/shop", f"(DESCRIPTION={tcp('::1', 1522)}{service()})", "[::1]:1522/shop"),
        ("[2001:db8::7]:1522:ORCL", f"(DESCRIPTION={tcp('2001:db8::7', 1522)}(CONNECT_DATA=(SID=ORCL)))", "[2001:db8::7]:1522:ORCL"),
        (
            "//a:1,b:2/shop?connect_timeout=5",
            f"(DESCRIPTION=(CONNECT_TIMEOUT=5)(ADDRESS_LIST={tcp('a', 1)}{tcp('b', 2)}){service()})",
            "a:1,b:2/shop",
        ),
        (
            "tcps://db/shop?wallet_location=/w&ssl_server_dn_match=on",
            f"(DESCRIPTION={tcp(protocol='tcps')}{service()}(SECURITY=(WALLET_LOCATION=/w)(SSL_SERVER_DN_MATCH=on)))",
            "db:1521/shop",
        ),
        (
            "(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=db)(PORT=1521))(CONNECT_DATA=(SID=x)))",
            "(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=db)(PORT=1521))(CONNECT_DATA=(SID=x)))",
            "db",
        ),
    ],
)
def test_the_server_is_read(address: str, descriptor: str, shown: str) -> None:
    found = read(f"jdbc:oracle:thin:@{address}")
    assert (found.address, found.shown_host) == (descriptor, shown)
    assert found.jdbc == f"jdbc:oracle:thin:@{descriptor}"


@pytest.mark.parametrize(
    ("before", "user", "password"),
    [("scott/tiger", "scott", "tiger"), ('"Sc/ott"/"p@w"', "Sc/ott", "p@w"), ("scott", "scott", None), ("c##app/x", "c##app", "x")],
)
def test_credentials_in_the_url_are_read_and_left_out_of_the_address(before: str, user: str, password: str | None) -> None:
    found = parse(f"jdbc:oracle:thin:{before}@//db/shop")
    assert (found.user, found.password) == (user, password)
    assert found.jdbc == f"jdbc:oracle:thin:@(DESCRIPTION={tcp()}{service()})"


def test_credentials_beside_the_url_outrank_those_in_it() -> None:
    found = parse("jdbc:oracle:thin:scott/tiger@//db/shop", "other", "else")
    assert (found.user, found.password) == ("other", "else")
    assert "else" not in repr(found)


def test_what_is_no_part_of_the_address_is_a_property_of_the_driver() -> None:
    found = read("jdbc:oracle:thin:@//db/shop?oracle.jdbc.ReadTimeout=60000&retry_count=3&v$session.program=x")
    assert found.options == {"oracle.jdbc.ReadTimeout": "60000", "v$session.program": "x"}
    assert "(RETRY_COUNT=3)" in found.address


def test_the_pluggable_database_is_named_as_the_dictionary_has_it() -> None:
    assert parse("jdbc:oracle:thin:@//db/cdb", "app", pdb="salespdb").pdb == "SALESPDB"
    with pytest.raises(ConfigError, match="oraclePdbName"):
        parse("jdbc:oracle:thin:@//db/cdb", "app", pdb="x; DROP USER y")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("jdbc:postgresql://db/shop", "must begin with jdbc:oracle:thin:"),
        ("jdbc:oracle:oci:@shop", "OCI driver"),
        ("jdbc:oracle:thin://db/shop", "needs an @ before the host"),
        ("jdbc:oracle:thin:@ldap://ldap.example.org:389/sales,cn=OracleContext,dc=example,dc=org", "LDAP directory"),
        ("jdbc:oracle:thin:@ldaps://ldap.example.org/sales", "LDAP directory"),
        ("jdbc:oracle:thin:@https://config.example.org/shop", "configuration store"),
        ("jdbc:oracle:thin:@shop", "an alias of tnsnames.ora is not looked up"),
        ("jdbc:oracle:thin:@shop?TNS_ADMIN=/etc", "an alias of tnsnames.ora is not looked up"),
        ("jdbc:oracle:thin:@//db:1521", "names no service"),
        ("jdbc:oracle:thin:@//db:x/shop", "port 'x'"),
        ("jdbc:oracle:thin:@db:99999:ORCL", "port '99999'"),
        ("jdbc:oracle:thin:@//::1/shop", "host '::1' cannot be read"),
        ("jdbc:oracle:thin:@//db/sh(op", "service 'sh(op' has a parenthesis"),
        ("jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(HOST=db))", "lacks a closing parenthesis"),
        ("jdbc:oracle:thin:@(DESCRIPTION=(CONNECT_DATA=(SID=x)))", "names no HOST"),
        ("jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(HOST=db)))x", "text after its descriptor"),
        ("jdbc:oracle:thin:@//db/shop?oracle.net.wallet_password=x", "oracle.net.wallet_password is not passed on"),
        ("jdbc:oracle:thin:@//db/shop?nothing", "property 'nothing' lacks its name or its ="),
    ],
)
def test_what_names_no_server_is_refused_by_its_place(url: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(url)
    assert place in caught.value.message


def test_a_user_is_needed() -> None:
    with pytest.raises(ConfigError, match="names no user"):
        parse("jdbc:oracle:thin:@//db/shop")


@given(st.text())
def test_any_text_is_a_url_or_is_refused(text: str) -> None:
    with suppress(ConfigError):
        assert read(f"jdbc:oracle:thin:@{text}").address.startswith("(")
