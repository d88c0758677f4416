"""Passwords never survive redaction; everything else does."""

import re
import string
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pymongo.uri_parser import parse_uri

from pipeline.jobs.redact import MASK, is_secret_name, redact_event, redact_jdbc_url, redact_mongodb_url, redact_text

PLAIN = string.ascii_letters + string.digits + "_-"
plain = st.text(PLAIN, min_size=1, max_size=12)
hosts = st.lists(st.tuples(plain, st.none() | st.integers(1, 65535)), min_size=1, max_size=3).map(
    lambda found: ",".join(name if port is None else f"{name}:{port}" for name, port in found)
)
secrets = st.text(min_size=1, max_size=12).map(lambda text: "S3cR" + text + "3tZ")
"""Recognisable in any text, with any characters between."""
secret_names = st.sampled_from(["password", "sslpassword", "PWD", "trustStorePassword", "accessToken", "tlsCertificateKeyFilePassword"])
harmless = st.dictionaries(st.sampled_from(["ssl", "currentSchema", "user", "appName", "w"]), plain, max_size=3)


raw_passwords = st.lists(
    st.sampled_from(["2024", ";", ",", "&", "#", " ", '"', "'", "<", "{", "[", "=", "%3B", "%2F", "%40", "\n", "password="])
    | st.characters(exclude_characters="/?@:%", exclude_categories=["Cs"]),
    min_size=1,
).map("".join)
"""Passwords as they may stand in a MongoDB connection string: pymongo wants no more than `/ ? @ : %` encoded."""


def encoded(text: str) -> str:
    """Percent-encoded as URLs want it."""
    return quote(text, safe="", errors="surrogatepass")


def survives(secret: str, text: str) -> bool:
    """Whether any recognisable part of the secret is still there."""
    return secret in text or "S3cR" in text or "3tZ" in text


@given(user=plain, secret=secrets, at=hosts, database=plain, options=harmless, name=secret_names, other=secrets)
def test_a_mongodb_url_keeps_all_but_its_secrets(
    user: str, secret: str, at: str, database: str, options: dict[str, str], name: str, other: str
) -> None:
    query = "".join(f"{key}={value}&" for key, value in options.items())
    url = f"mongodb://{user}:{encoded(secret)}@{at}/{database}?{query}{name}={encoded(other)}&z=1"
    assert redact_mongodb_url(url) == f"mongodb://{user}:{MASK}@{at}/{database}?{query}{name}={MASK}&z=1"


@given(user=plain, password=raw_passwords, srv=st.booleans())
def test_every_password_that_pymongo_reads_in_a_connection_string_goes(user: str, password: str, srv: bool) -> None:
    hosts = "h.example.org" if srv else "127.0.0.1:27017,[::1]:27018"
    url, redacted = (f"mongodb{'+srv' * srv}://{user}:{each}@{hosts}/shop?w=1" for each in (password, MASK))
    assert parse_uri(f"mongodb://{user}:{password}@127.0.0.1/")["password"]
    assert redact_mongodb_url(url) == redacted
    assert redact_text(f"lost {url} again") == f"lost {redacted} again"


@given(at=hosts, database=plain, options=harmless)
def test_a_url_without_secrets_stays_as_it_is(at: str, database: str, options: dict[str, str]) -> None:
    query = "&".join(f"{key}={value}" for key, value in options.items())
    for url in (f"mongodb://{at}/{database}?{query}", f"jdbc:postgresql://{at}/{database}?{query}", f"jdbc:sqlserver://{at};{query}"):
        assert redact_mongodb_url(url) == url
        assert redact_jdbc_url(url) == url
        assert redact_text(url) == url


@given(secret=secrets, at=hosts, name=secret_names, options=harmless)
def test_a_query_property_may_hold_any_encoded_secret(secret: str, at: str, name: str, options: dict[str, str]) -> None:
    query = "".join(f"&{key}={value}" for key, value in options.items())
    url = f"jdbc:postgresql://{at}/shop?user=app&{name}={encoded(secret)}{query}"
    assert redact_jdbc_url(url) == f"jdbc:postgresql://{at}/shop?user=app&{name}={MASK}{query}"


@given(secret=st.text(st.characters(exclude_characters="&", exclude_categories=["Cs"]), min_size=1).map(lambda text: f"S3cR{text}3tZ"))
def test_a_query_property_may_hold_a_secret_that_is_not_encoded(secret: str) -> None:
    url = f"jdbc:postgresql://h/shop?user=app&password={secret}&ssl=true"
    assert redact_jdbc_url(url) == f"jdbc:postgresql://h/shop?user=app&password={MASK}&ssl=true"


@given(
    secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
    .filter(lambda text: not re.search(r"@.+\?.*=", text))  # looks like the end of a URL, with options
    .map(lambda text: f"S3cR{text}3tZ")
)
@example(secret="S3cR@?3tZ")
@example(secret="S3cR@?a=3tZ")
@example(secret="S3cR@a?3tZ")
def test_a_password_in_front_of_the_host_goes_even_when_it_is_not_encoded(secret: str) -> None:
    for url in (f"mongodb://app:{secret}@host:27017/shop", f"jdbc:mysql://app:{secret}@host:3306/shop"):
        assert not survives(secret, redact_mongodb_url(url))
        assert redact_mongodb_url(url).endswith("/shop")


@pytest.mark.parametrize(
    ("url", "redacted"),
    [
        ("jdbc:oracle:thin:scott/tiger@//host:1521/service", "jdbc:oracle:thin:scott/***@//host:1521/service"),
        ("jdbc:oracle:thin:@//host:1521/service", "jdbc:oracle:thin:@//host:1521/service"),
        ('jdbc:oracle:oci:scott/"t@g/er"@tns', "jdbc:oracle:oci:scott/***@tns"),
        ("jdbc:sqlserver://h\\inst:1433;user=sa;password={a;b}}c@d};x=1", "jdbc:sqlserver://h\\inst:1433;user=sa;password=***;x=1"),
        (
            "jdbc:db2://host:50000/db:user=app;password=p;sslConnection=true;",
            "jdbc:db2://host:50000/db:user=app;password=***;sslConnection=true;",
        ),
        ("jdbc:mysql://(host=h,port=3306,user=u,password=p)/db", "jdbc:mysql://(host=h,port=3306,user=u,password=***)/db"),
        ("jdbc:sqlanywhere:uid=DBA;pwd=sql;eng=demo", "jdbc:sqlanywhere:uid=DBA;pwd=***;eng=demo"),
        ("jdbc:sybase:Tds:host:5000/db?PASSWORD=p&USER=u", "jdbc:sybase:Tds:host:5000/db?PASSWORD=***&USER=u"),
        ("jdbc:postgresql://h/db?pass%77ord=p", "jdbc:postgresql://h/db?pass%77ord=***"),
        ("jdbc:postgresql://h/db?password=a?b;c,d)e&ssl=true", "jdbc:postgresql://h/db?password=***&ssl=true"),
        ("jdbc:mysql://app:2024;hunter@h:3306/db", "jdbc:mysql://app:***@h:3306/db"),
        ("jdbc:sqlserver://h:1433;user=a@b;password=p", "jdbc:sqlserver://h:1433;user=a@b;password=***"),
        ("mongodb://app:2024;hunter@127.0.0.1:27017/shop", "mongodb://app:***@127.0.0.1:27017/shop"),
        ("mongodb://app:2024/hunter@localhost", "mongodb://app:***@localhost"),
        ("mongodb://h/db?w=1;tlsCertificateKeyFilePassword='p'q;tls=true", "mongodb://h/db?w=1;tlsCertificateKeyFilePassword=***;tls=true"),
        ("mongodb://:p@h/db", "mongodb://:***@h/db"),
        ("mongodb://app@h/db", "mongodb://app@h/db"),
        ("mongodb+srv://u:p@h.example.org/db?appName=a@b", "mongodb+srv://u:***@h.example.org/db?appName=a@b"),
        ("mongodb://h/db?authMechanismProperties=AWS_SESSION_TOKEN:abc", "mongodb://h/db?authMechanismProperties=***"),
    ],
)
def test_every_driver_has_its_own_form(url: str, redacted: str) -> None:
    redact = redact_jdbc_url if url.startswith("jdbc:") else redact_mongodb_url
    assert redact(url) == redacted


@given(secret=secrets, before=plain, after=plain)
def test_texts_lose_the_secrets_of_the_urls_in_them(secret: str, before: str, after: str) -> None:
    for url in (f"mongodb://u:{encoded(secret)}@h:1/db", f"jdbc:postgresql://h/db?password={encoded(secret)}&ssl=true"):
        text = redact_text(f"{before} {url} {after}")
        assert not survives(encoded(secret), text)
        assert text.startswith(f"{before} ")
        assert text.endswith(f" {after}")


@given(secret=st.text(PLAIN + "!#$%+*~|", min_size=1).map(lambda text: f"S3cR{text}3tZ"))
def test_texts_lose_named_passwords(secret: str) -> None:
    for text in (f"host=h password={secret} dbname=d", f'{{"password": "{secret}"}}', f"{{'sslPassword': '{secret}'}}"):
        assert not survives(secret, redact_text(text))


@pytest.mark.parametrize("text", ["password authentication failed", "the password: see the docs", "at 12:30 user=app", "a@b.c"])
def test_texts_about_passwords_stay_as_they_are(text: str) -> None:
    assert redact_text(text) == text


@given(text=st.text())
def test_redaction_is_done_once_for_all(text: str) -> None:
    assert redact_text(redact_text(text)) == redact_text(text)


@given(secret=secrets)
def test_log_events_lose_secrets_however_deep_they_stand(secret: str) -> None:
    url = f"mongodb://u:{encoded(secret)}@h/db"
    event = {"event": f"lost {url}", "password": secret, "n": 1, "deep": {"urls": [url], "token": secret}, "error": ValueError(url)}
    redacted = redact_event(None, "info", event)
    assert not survives(encoded(secret), str(redacted))
    assert not survives(secret, str(redacted))
    assert redacted["n"] == 1


def test_secret_names_are_told_from_others() -> None:
    assert all(is_secret_name(name) for name in ("password", "SSLPassword", "pwd", "pass", "key-store-secret", "apiKey"))
    assert not any(is_secret_name(name) for name in ("user", "sslcert", "passThrough", "compass", "keyspace"))
