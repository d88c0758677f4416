"""Every form of JDBC URL that pgjdbc accepts is read as it reads it, and every other is refused by its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.sources.postgresql.url import PostgresUrl, parse
from pipeline.sources.registry import check_url, open_source


def read(url: str) -> PostgresUrl:
    return parse(url, "app", "secret")


@pytest.mark.parametrize(
    ("url", "hosts", "database"),
    [
        ("jdbc:postgresql://db.example.com:5433/shop", (("db.example.com", 5433),), "shop"),
        ("jdbc:postgresql://db.example.com/shop", (("db.example.com", 5432),), "shop"),
        ("jdbc:postgresql://db.example.com/", (("db.example.com", 5432),), "app"),
        ("jdbc:postgresql://db.example.com:5433/", (("db.example.com", 5433),), "app"),
        ("jdbc:postgresql://:5433/shop", (("localhost", 5433),), "shop"),
        ("jdbc:postgresql:shop", (("localhost", 5432),), "shop"),
        ("jdbc:postgresql:/", (("localhost", 5432),), "app"),
        ("jdbc:postgresql:", (("localhost", 5432),), "app"),
        ("jdbc:postgresql:///", (("localhost", 5432),), "app"),
        ("jdbc:postgresql:///shop", (("localhost", 5432),), "shop"),
        ("jdbc:postgresql://a:1,b,c:3/shop", (("a", 1), ("b", 5432), ("c", 3)), "shop"),
        ("jdbc:postgresql://[::1]:5433/shop", (("::1", 5433),), "shop"),
        ("jdbc:postgresql://[2001:db8::7],b/shop", (("2001:db8::7", 5432), ("b", 5432)), "shop"),
        ("jdbc:postgresql://h:05433/a%20b%2Fc+d%40e", (("h", 5433),), "a b/c d@e"),
        ("jdbc:postgresql://h/d?host=x,y&port=1,2&dbname=z", (("x", 1), ("y", 2)), "z"),
    ],
)
def test_hosts_and_database_are_read(url: str, hosts: tuple[tuple[str, int], ...], database: str) -> None:
    assert (read(url).hosts, read(url).database) == (hosts, database)


def test_credentials_beside_the_url_outrank_those_in_it() -> None:
    url = "jdbc:postgresql://h/d?user=own&password=p%26w"
    assert (parse(url).user, parse(url).password) == ("own", "p&w")
    given_beside = parse(url, "other", "else")
    assert (given_beside.user, given_beside.password) == ("other", "else")


def test_a_url_without_a_password_is_one_for_a_server_that_asks_none() -> None:
    assert parse("jdbc:postgresql://h/d", "app").password is None


@pytest.mark.parametrize(
    ("text", "schemas"),
    [
        ("sales", ("sales",)),
        ("sales,public", ("sales", "public")),
        (" Sales , public ", ("Sales", "public")),
        ('"My, Schema","a""b"', ("My, Schema", 'a"b')),
        ('"$user",public', ("app", "public")),
        ("sales,sales", ("sales",)),
        ("", ()),
    ],
)
def test_the_schemas_of_current_schema_are_read(text: str, schemas: tuple[str, ...]) -> None:
    encoded = text.replace('"', "%22").replace(" ", "+")
    assert read(f"jdbc:postgresql://h/d?currentSchema={encoded}").schemas == schemas


@given(st.lists(st.text(min_size=1).filter(lambda name: name != "$user"), min_size=1, unique=True))
def test_quoted_schemas_survive_whatever_they_hold(names: list[str]) -> None:
    from pipeline.sources.postgresql.search_path import split_search_path

    quoted = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    assert split_search_path(quoted, "app") == tuple(names)


@pytest.mark.parametrize(
    ("query", "mode"),
    [
        ("", None),
        ("ssl=false", None),
        ("ssl=true", "verify-full"),
        ("ssl", "verify-full"),
        ("ssl=true&sslmode=require", "require"),
        ("sslmode=Verify-CA", "verify-ca"),
        ("ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory", "require"),
    ],
)
def test_the_ways_to_ask_for_tls_are_one(query: str, mode: str | None) -> None:
    assert read(f"jdbc:postgresql://h/d?{query}").ssl_mode == mode


def test_properties_that_are_read_here_are_not_passed_on_and_others_are() -> None:
    url = read(
        "jdbc:postgresql://h/d?connectTimeout=7&ApplicationName=job&sslrootcert=/ca.pem&sslmode=verify-ca"
        "&socketTimeout=90&options=-c%20lock_timeout=5s&currentSchema=a&"
    )
    assert (url.connect_timeout_seconds, url.application_name, dict(url.ssl_files)) == (7, "job", {"sslrootcert": "/ca.pem"})
    assert dict(url.options) == {"socketTimeout": "90", "options": "-c lock_timeout=5s"}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://h/d", "must begin with jdbc:postgresql:"),
        ("jdbc:mysql://h/d", "must begin with jdbc:postgresql:"),
        ("jdbc:postgresql://h", "needs a / after the host"),
        ("jdbc:postgresql:/h/d", "one slash before the host"),
        ("jdbc:postgresql://h/d/e", "too many slashes"),
        ("jdbc:postgresql://h:54x2/d", "port '54x2' (of the host h)"),
        ("jdbc:postgresql://a:1,h:70000/d", "port '70000' (of the host h)"),
        ("jdbc:postgresql://h:/d", "port '' (of the host h)"),
        (f"jdbc:postgresql://h:{'1' * 5000}/d", "(of the host h) is not a number between 1 and 65535"),
        ("jdbc:postgresql:app:secret@h:5432/d", "an @ in a database's name is written %40"),
        ("jdbc:postgresql://app:20/secret@h", "an @ in a database's name is written %40"),
        ("jdbc:postgresql://::1/d", "several colons"),
        ("jdbc:postgresql://[::1/d", "closing bracket"),
        ("jdbc:postgresql://h/d?host=a,b", "2 hosts but 1 ports"),
        ("jdbc:postgresql://h/d%2", "the database name in the JDBC URL has a %"),
        ("jdbc:postgresql://h/d%ff", "the database name in the JDBC URL is not UTF-8"),
        ("jdbc:postgresql://h/d%00", "the database name in the JDBC URL holds %00"),
        ("jdbc:postgresql://h/d?user=a%00", "the property user in the JDBC URL holds %00"),
        ("jdbc:postgresql://h/d?options=%zz", "the property options in the JDBC URL has a %"),
        ("jdbc:postgresql://h/d?sslmode=yes", "sslmode 'yes'"),
        ("jdbc:postgresql://h/d?ssl=maybe", "ssl 'maybe'"),
        ("jdbc:postgresql://h/d?connectTimeout=soon", "connectTimeout 'soon'"),
        ("jdbc:postgresql://h/d?connectTimeout=2147484", "connectTimeout '2147484'"),
        (f"jdbc:postgresql://h/d?connectTimeout={'1' * 5000}", "is not a number of seconds"),
        ("jdbc:postgresql://h/d?currentSchema=%22open", "currentSchema has a quote"),
        ("jdbc:postgresql://h/d?currentSchema=%22a%22b", "currentSchema has a quote"),
        ("jdbc:postgresql://h/d?currentSchema=a%22b", "currentSchema has a quote in the middle"),
        ("jdbc:postgresql://h/d?socketFactory=com.example.Evil", "socketFactory is not passed on"),
        ("jdbc:postgresql://h/d?service=prod", "service is not passed on"),
    ],
)
def test_a_fault_is_named_with_its_place(url: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(url)
    assert place in caught.value.message


def test_a_url_without_a_user_is_refused() -> None:
    with pytest.raises(ConfigError, match="names no user"):
        parse("jdbc:postgresql://h/d?user=")


@pytest.mark.parametrize(
    "url",
    [
        "jdbc:postgresql://app:hunter2@h/d",
        "jdbc:postgresql://app:hunter2@h:5432/d",
        "jdbc:postgresql:app:hunter2@h:5432/d",
        "jdbc:postgresql://h:x/d?password=hunter2",
        "jdbc:postgresql://h/d?password=hunter2%00",
        "jdbc:postgresql://h/d?password=hunter2%",
        "jdbc:postgresql://h/d?password=hunter2&sslmode=x",
    ],
)
def test_no_error_holds_the_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(url, "app")
    assert "hunter2" not in f"{caught.value.message} {caught.value.suggestion}"


def test_a_parsed_url_does_not_show_its_password() -> None:
    assert "hunter2" not in repr(parse("jdbc:postgresql://h/d", "app", "hunter2"))


def test_the_registry_checks_and_opens_by_type() -> None:
    check_url("POSTGRESQL", "jdbc:postgresql://h/d", "app", None)
    assert open_source("POSTGRESQL", "jdbc:postgresql://h/d", "app", "hunter2").password == "hunter2"
    with pytest.raises(ConfigError, match="is not a known database type"):
        open_source("FOXPRO", "jdbc:foxpro://h/d", "app", None)
