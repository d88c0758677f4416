"""URLs of databases that SQLAlchemy reads: JDBC's forms and its own are read, every other is refused by its place."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.jobs.redact import redact_jdbc_url
from pipeline.sources.dialects.sybase import odbc_string
from pipeline.sources.dialects.url import FILES, parse

Place = tuple[str | None, int | None, str | None, str | None, str | None]

PLACES: list[tuple[str, str, Place]] = [
    ("sqlite", "jdbc:sqlite:/data/shop.db", (None, None, "/data/shop.db", None, None)),
    ("sqlite", "sqlite:////data/shop.db", (None, None, "/data/shop.db", None, None)),
    ("duckdb", "jdbc:duckdb:/data/shop.duckdb", (None, None, "/data/shop.duckdb", None, None)),
    ("postgresql+psycopg", "jdbc:postgresql://h:5433/a%20b?user=app&password=pw", ("h", 5433, "a b", "app", "pw")),
    ("postgresql+psycopg", "postgresql+psycopg://app:p%40w@[::1]:5433/shop", ("::1", 5433, "shop", "app", "p@w")),
    ("postgresql+psycopg", "postgresql://h/shop", ("h", None, "shop", None, None)),
    ("mariadb", "jdbc:mariadb://h:3307/shop", ("h", 3307, "shop", None, None)),
    ("mysql+pymysql", "jdbc:mysql://[2001:db8::7]/shop", ("2001:db8::7", None, "shop", None, None)),
    ("SYBASE", "jdbc:sybase:Tds:h:5000/shop", ("h", 5000, "shop", None, None)),
    ("SYBASE", "jdbc:sybase:Tds:h", ("h", 5000, None, None, None)),
    ("SYBASE", "jdbc:sybase:Tds:[::1]:4100/shop?USER=sa&PASSWORD=p%26w", ("::1", 4100, "shop", "sa", "p&w")),
    ("SYBASE", "jdbc:sybase:Tds:h:5000?ServiceName=shop", ("h", 5000, "shop", None, None)),
    ("SYBASE", "sybase+pyodbc://sa:pw@h:5000/shop", ("h", 5000, "shop", "sa", "pw")),
    ("SYBASEIQ", "jdbc:sybase:Tds:h:2639?ServiceName=iq", ("h", 2639, "iq", None, None)),
    ("SYBASEIQ", "jdbc:sybase:Tds:h:2640/iq?USER=dba", ("h", 2640, "iq", "dba", None)),
    ("SYBASEIQ", "jdbc:sybase:Tds:h/iq", ("h", 2638, "iq", None, None)),
    ("SQLANYWHERE", "jdbc:sqlanywhere:Host=h:2639;DBN=demo;UID=dba;PWD=sql", ("h", 2639, "demo", "dba", "sql")),
    ("SQLANYWHERE", 'jdbc:sqlanywhere:host=h; databasename=demo; password="a=b"', ("h", 2638, "demo", None, "a=b")),
    ("SQLANYWHERE", "jdbc:ianywhere:Server=demo;Links=tcpip(host=h)", (None, None, None, None, None)),
]


@pytest.mark.parametrize(("source_type", "url", "place"), PLACES)
def test_the_place_and_the_credentials_are_read(source_type: str, url: str, place: Place) -> None:
    read = parse(source_type, url)
    assert (read.host, read.port, read.database, read.username, read.password) == place


@pytest.mark.parametrize(("source_type", "url", "place"), PLACES)
def test_credentials_beside_the_url_outrank_those_in_it_and_files_have_none(source_type: str, url: str, place: Place) -> None:
    read = parse(source_type, url, "other", "secret")
    expected = (None, None) if source_type in FILES else ("other", "secret")
    assert (read.username, read.password) == expected


@pytest.mark.parametrize(
    ("source_type", "url", "says"),
    [
        ("sqlite", "sqlite://", "names no file"),
        ("sqlite", "jdbc:sqlite::memory:", "names no file"),
        ("sqlite", "jdbc:sqlite:shop.db", "whole path"),
        ("sqlite", "sqlite:///file:/data/a.db?mode=memory&uri=true", "whole path"),
        ("sqlite", "jdbc:sqlite:", "must be written as"),
        ("sqlite", "jdbc:duckdb:/data/a.db", "of a duckdb database, but the type is sqlite"),
        ("sqlite", "/data/a.db", "neither a JDBC URL nor one of SQLAlchemy's"),
        ("postgresql+psycopg", "postgresql+asyncpg://h/d", "names the driver postgresql\\+asyncpg"),
        ("postgresql+psycopg", "jdbc:postgresql://h:0/d", "port '0' is not a number between 1 and 65535"),
        ("postgresql+psycopg", "jdbc:postgresql://u:p@h/d", "credentials before the host"),
        ("postgresql+psycopg", "postgresql:///d", "names no host"),
        ("postgresql+psycopg", "jdbc:postgresql://h/d?a", "properties cannot be read"),
        ("SYBASE", "jdbc:sybase:h:5000/shop", "must begin with jdbc:sybase:Tds:"),
        ("SYBASE", "jdbc:sybase:Tds:h:x/shop", "port 'x'"),
        ("SYBASE", "jdbc:sybase:Tds:h:5000/shop?ENABLE_SSL=true", "ENABLE_SSL cannot be passed on"),
        ("SYBASEIQ", "jdbc:postgresql://h/d", "must begin with jdbc:sqlanywhere: or jdbc:sybase:Tds:"),
        ("SQLANYWHERE", "jdbc:sqlanywhere:DBN=demo", "names no host"),
        ("SQLANYWHERE", "jdbc:sqlanywhere:Host=h;DBF=/data/demo.db", "DBF starts a server of its own"),
        ("SQLANYWHERE", "jdbc:sqlanywhere:Host=h;Colour=red", "Colour cannot be passed on"),
        ("SQLANYWHERE", "jdbc:sqlanywhere:Host=h;PWD='a;DBF=/x'", "the password holds a semicolon"),
        ("SQLANYWHERE", "sqlalchemy_sqlany://dba:a%3BSTART%3Dx@h/demo", "the password holds a semicolon"),
        ("SQLANYWHERE", "sqlalchemy_sqlany://dba@h/demo?Idle=1%3BSTART%3Dx", "the Idle holds a semicolon"),
        ("SQLANYWHERE", "sqlalchemy_sqlany://dba@h/demo?START=dbeng17", "START starts a server of its own"),
        ("SYBASEIQ", "jdbc:sybase:Tds:[::1]:2640/iq", "does not take an IPv6 address"),
        ("SQLANYWHERE", "jdbc:sqlanywhere:Host", "parameters cannot be read"),
        ("SQLANYWHERE", 'jdbc:sqlanywhere:Host=h;PWD="a', "lacks its closing"),
    ],
)
def test_any_other_url_is_refused_by_its_place(source_type: str, url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse(source_type, url)


SECRETS = st.text(st.characters(codec="utf-8", exclude_characters='\0"', exclude_categories=["Cs"]), min_size=8, max_size=20)


@given(SECRETS)
def test_any_password_reaches_odbc_as_it_is(password: str) -> None:
    text = odbc_string(parse("SYBASE", "jdbc:sybase:Tds:h:5000/shop", "sa", password))
    said = text.partition(";PWD=")[2]
    assert password == (said[1:-1].replace("}}", "}") if said.startswith("{") and said.endswith("}") else said)


@given(SECRETS.filter(lambda secret: secret.strip() == secret))
def test_no_message_holds_a_password(password: str) -> None:
    url = f'jdbc:sqlanywhere:Host=h;PWD="{password}";Colour=red'
    with pytest.raises(ConfigError) as refused:
        parse("SQLANYWHERE", 'jdbc:sqlanywhere:Host=h;PWD="";Colour=red')
    assume(password not in refused.value.message)  # words of the message, as "jdbc"
    with pytest.raises(ConfigError) as refused:
        parse("SQLANYWHERE", url)
    assert password not in refused.value.message
    assume(password not in redact_jdbc_url('jdbc:sqlanywhere:Host=h;PWD="";Colour=red'))
    assert password not in redact_jdbc_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://app:hunter2@h:5433/shop",
        "jdbc:mariadb://h/shop?user=app&password=hunter2",
        "jdbc:sybase:Tds:h:5000/shop?USER=sa&PASSWORD=hunter2",
        "jdbc:sqlanywhere:Host=h;UID=dba;PWD=hunter2;DBN=demo",
        "jdbc:sqlanywhere:PWD='hunter2';Host=h",
        "sqlalchemy_sqlany://dba:hunter2@h/demo",
    ],
)
def test_the_password_of_a_url_is_shown_nowhere(url: str) -> None:
    assert "hunter2" not in redact_jdbc_url(url)


def test_the_odbc_driver_of_ase_cannot_be_chosen_by_a_url() -> None:
    text = odbc_string(parse("SYBASE", "sybase+pyodbc://sa:pw@h:5000/shop?driver=/tmp/evil.so&odbc_connect=x&APP=me"))
    assert text == "APP=me;DRIVER=FreeTDS;TDS_Version=5.0;ClientCharset=UTF-8;SERVER=h;PORT=5000;DATABASE=shop;UID=sa;PWD=pw"
