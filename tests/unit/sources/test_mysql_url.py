"""JDBC URLs of MySQL and MariaDB, as their drivers read them."""

import pytest

from pipeline.errors import ConfigError
from pipeline.sources.mysql.authority import Host
from pipeline.sources.mysql.flavour import Flavour
from pipeline.sources.mysql.tls import TlsMode
from pipeline.sources.mysql.url import MySqlUrl, parse


def parsed(rest: str) -> MySqlUrl:
    return parse(f"jdbc:mysql://{rest}", "app", "pw")


@pytest.mark.parametrize(
    ("server", "hosts"),
    [
        ("", (Host("localhost", 3306),)),
        ("db", (Host("db", 3306),)),
        ("db:3307", (Host("db", 3307),)),
        (":3307", (Host("localhost", 3307),)),
        ("[2001:db8::1]:3307", (Host("2001:db8::1", 3307),)),
        ("[::1]", (Host("::1", 3306),)),
        ("one:1,two", (Host("one", 1), Host("two", 3306))),
        ("(host=one,port=1),two:2", (Host("one", 1), Host("two", 2))),
        ("address=(host=one)(port=1)", (Host("one", 1),)),
        ("address=(protocol=tcp)(host=[::1])(port=1)(priority=2)", (Host("::1", 1),)),
        ("[one:1,two:2]", (Host("one", 1), Host("two", 2))),
        ("address=(host=one)(type=master),address=(host=two)(type=replica)", (Host("one", 3306),)),
    ],
)
def test_every_way_to_write_hosts_is_read(server: str, hosts: tuple[Host, ...]) -> None:
    assert parsed(f"{server}/shop").hosts == hosts


@pytest.mark.parametrize(
    ("server", "user", "password"),
    [
        ("sally:secret@db", "sally", "secret"),
        ("sally:se%40cret@db:3307", "sally", "se@cret"),
        ("sally@db", "sally", None),
        ("sally:secret@[one:1,two:2]", "sally", "secret"),
        ("(host=db,user=sally,password=secret)", "sally", "secret"),
        ("address=(host=db)(user=sally)(password=secret)", "sally", "secret"),
        ("db/shop?user=sally&password=secret", "sally", "secret"),
    ],
)
def test_credentials_may_stand_in_the_url(server: str, user: str, password: str | None) -> None:
    url = parse(f"jdbc:mysql://{server}" if "/" in server else f"jdbc:mysql://{server}/shop")
    assert (url.user, url.password) == (user, password)


def test_credentials_given_beside_the_url_outrank_its_own() -> None:
    url = parse("jdbc:mysql://sally:secret@db/shop?user=bob", "app", "pw")
    assert (url.user, url.password) == ("app", "pw")


def test_no_secret_is_shown() -> None:
    shown = repr(parse("jdbc:mysql://sally:hunter2@db/shop?trustCertificateKeyStorePassword=hunter2"))
    assert "hunter2" not in shown


@pytest.mark.parametrize(("path", "database"), [("/shop", "shop"), ("/my%20shop%2F1", "my shop/1"), ("/", None), ("", None)])
def test_without_a_database_every_one_is_taken(path: str, database: str | None) -> None:
    assert parsed(f"db{path}").database == database


@pytest.mark.parametrize("scheme", ["jdbc:mariadb:", "jdbc:mariadb:sequential:", "jdbc:mariadb:replication:", "JDBC:MariaDB:"])
def test_a_url_of_mariadb_says_so(scheme: str) -> None:
    assert parse(f"{scheme}//db/shop", "app").flavour is Flavour.MARIADB


@pytest.mark.parametrize("scheme", ["jdbc:mysql:", "jdbc:mysql:loadbalance:", "jdbc:mysql:replication:"])
def test_a_url_of_mysql_leaves_open_which_of_the_two_it_is(scheme: str) -> None:
    assert parse(f"{scheme}//db/shop", "app").flavour is None


@pytest.mark.parametrize(
    ("query", "mode"),
    [
        ("", TlsMode.PREFERRED),
        ("sslMode=REQUIRED", TlsMode.REQUIRED),
        ("sslmode=verify_identity", TlsMode.VERIFY_IDENTITY),
        ("sslMode=verify-full", TlsMode.VERIFY_IDENTITY),
        ("sslMode=trust", TlsMode.REQUIRED),
        ("useSSL=false", TlsMode.DISABLED),
        ("useSSL=true&requireSSL=true", TlsMode.REQUIRED),
        ("useSSL=true&requireSSL=true&verifyServerCertificate=true", TlsMode.VERIFY_CA),
        ("useSsl=true&trustServerCertificate=true", TlsMode.REQUIRED),
        ("sslMode=DISABLED&requireSSL=true", TlsMode.DISABLED),
    ],
)
def test_what_is_asked_of_tls_is_read_in_new_and_old_words(query: str, mode: TlsMode) -> None:
    assert parsed(f"db/shop?{query}").tls.mode is mode


def test_the_trust_store_is_a_file() -> None:
    tls = parsed("db/shop?sslMode=VERIFY_CA&trustCertificateKeyStoreUrl=file:/etc/my%20trust.p12&trustCertificateKeyStorePassword=x").tls
    assert (tls.trust_store, tls.trust_store_password) == ("/etc/my trust.p12", "x")


def test_other_properties_are_kept_for_the_driver() -> None:
    url = parsed("db/shop?connectTimeout=2500&socketTimeout=60000&connectionTimeZone=Europe/Vienna&x=a%26b+c")
    assert url.connect_timeout_seconds == 2.5
    assert dict(url.options) == {"socketTimeout": "60000", "connectionTimeZone": "Europe/Vienna", "x": "a&b c"}


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("jdbc:postgresql://db/shop", "must begin with jdbc:mysql://"),
        ("jdbc:mysql:db/shop", "must begin with jdbc:mysql://"),
        ("jdbc:mysql+srv://db/shop", "looked up in the DNS"),
        ("mysqlx://db/shop", "X protocol"),
        ("jdbc:mysql://db:port/shop", "'port'.* is not a number"),
        ("jdbc:mysql://db:70000/shop", "is not a number between 1 and 65535"),
        ("jdbc:mysql://::1/shop", "several colons"),
        ("jdbc:mysql://[::1/shop", "bracket"),
        ("jdbc:mysql://(host=db/shop", "parenthesis"),
        ("jdbc:mysql://(host)/shop", "without a value"),
        ("jdbc:mysql://address=(host=db)(protocol=pipe)/shop", "protocol=pipe"),
        ("jdbc:mysql://address=(host=db)(type=replica)/shop", "replicas only"),
        ("jdbc:mysql://a:1@one,b:2@two/shop", "different credentials"),
        ("jdbc:mysql://db/shop/more", "too many slashes"),
        ("jdbc:mysql://db/shop?x=%zz", "hexadecimal"),
        ("jdbc:mysql://db/shop?x=%ff", "not UTF-8"),
        ("jdbc:mysql://db/shop?sslMode=maybe", "sslMode 'maybe' is not one of"),
        ("jdbc:mysql://db/shop?useSSL=maybe", "useSSL 'maybe'"),
        ("jdbc:mysql://db/shop?connectTimeout=soon", "connectTimeout 'soon'"),
        ("jdbc:mysql://db/shop?trustCertificateKeyStoreUrl=http://ca/x", "is not a file"),
        ("jdbc:mysql://db/shop?trustCertificateKeyStoreUrl=file:/x&trustCertificateKeyStoreType=JKS", "type JKS"),
        ("jdbc:mysql://db/shop?socketFactory=com.x.Y", "socketFactory is not passed on: it names a Java class"),
        ("jdbc:mysql://db/shop?allowloadlocalinfile=true", "allowLoadLocalInfile is not passed on"),
        ("jdbc:mysql://db/shop?zeroDateTimeBehavior=ROUND", "the connector sets it"),
        ("jdbc:mysql://db/shop?clientCertificateKeyStorePassword=x", "only the password of the user"),
    ],
)
def test_what_cannot_be_used_is_told(url: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse(url, "app", "pw")


def test_a_url_without_a_user_is_refused() -> None:
    with pytest.raises(ConfigError, match="names no user"):
        parse("jdbc:mysql://db/shop")
