"""The whole stack: what it offers the service, and that it can be started and found again at any moment."""

import http.client
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from pipeline.settings import read_settings
from stack import sample
from stack.config import StackConfig
from stack.errors import StackError
from stack.kafka import RECORD_BYTES
from stack.layout import Layout
from stack.passwords import password
from stack.ports import PortPlan, free_ports
from stack.postgresql import PostgreSQL
from stack.process import wait
from stack.stack import Stack

POSTGRES = "io.debezium.connector.postgresql.PostgresConnector"
ALWAYS = {"connect", "kafka", "mongodb", "postgresql"}
"""The servers that `rowstream up` always starts; other tests may have had more started."""
GIBIBYTE = 2**30


def rest(stack: Stack, method: str, path: str, body: object = None) -> Any:
    """Ask Connect; a rebalance or a start is waited for."""
    answers: list[Any] = []

    def answered() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", stack.connect.port, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        except OSError:
            return False
        finally:
            connection.close()
        if answer.status in (404, 409, 500, 503):
            return False
        answers.append(json.loads(content or b"null"))
        return True

    assert wait(answered, 60), f"{method} {path} is not answered"
    return answers[0]


def make_topics(stack: Stack, *names: str) -> None:
    admin = AdminClient({"bootstrap.servers": stack.kafka.bootstrap_servers})
    for made in admin.create_topics([NewTopic(name, 1, 1) for name in names]).values():
        made.result()


def values(stack: Stack, topic: str, *, after: int = 0) -> Iterator[bytes]:
    """The committed records of a topic from an offset on, as they come."""
    consumer = Consumer(
        {
            "bootstrap.servers": stack.kafka.bootstrap_servers,
            "group.id": "test",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "fetch.max.bytes": RECORD_BYTES,
            "message.max.bytes": RECORD_BYTES,
            "receive.message.max.bytes": RECORD_BYTES + 1024,
            "max.partition.fetch.bytes": RECORD_BYTES,
        }
    )
    try:
        consumer.assign([TopicPartition(topic, 0, after)])
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                yield message.value() or b""
    finally:
        consumer.close()


def first(stack: Stack, topic: str, text: str) -> bytes:
    """The first record of the topic that contains the text."""
    return next((value for value in values(stack, topic) if text.encode() in value), b"")


@pytest.fixture
def connector(stack: Stack) -> Iterator[str]:
    """A connector that follows the sample's customers, its password left in the secrets folder."""
    name = f"stack_test_{secrets.token_hex(4)}"
    stack.connect.secrets.joinpath(name).write_text(stack.connections.sample_password)
    with psycopg.connect(stack.connections.sample_dsn, autocommit=True) as shop:
        shop.execute(f"CREATE PUBLICATION {name} FOR TABLE customers")
    make_topics(stack, f"{name}.public.customers")
    config = {
        "connector.class": POSTGRES,
        "database.hostname": "127.0.0.1",
        "database.port": str(stack.postgresql.port),
        "database.user": sample.ROLE,
        "database.password": f"${{secrets:{stack.connect.secrets}:{name}}}",
        "database.dbname": sample.DATABASE,
        "topic.prefix": name,
        "plugin.name": "pgoutput",
        "slot.name": name,
        "publication.name": name,
        "publication.autocreate.mode": "disabled",
        "table.include.list": "public.customers",
        "exactly.once.support": "required",
    }
    rest(stack, "PUT", f"/connectors/{name}/config", config)
    yield name
    rest(stack, "DELETE", f"/connectors/{name}")
    with psycopg.connect(stack.connections.sample_dsn, autocommit=True) as shop:
        assert wait(lambda: _slot_dropped(shop, name), 30)
        shop.execute(f"DROP PUBLICATION {name}")


def _slot_dropped(shop: psycopg.Connection, name: str) -> bool:
    try:
        shop.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", (name,))
    except psycopg.errors.ObjectInUse:
        return False
    return True


def task_runs(stack: Stack, name: str) -> bool:
    status = rest(stack, "GET", f"/connectors/{name}/status")
    return [task["state"] for task in status["tasks"]] == ["RUNNING"]


def test_everything_answers_and_fits_in_two_gibibytes(stack: Stack) -> None:
    servers = [server for server in stack.status() if server.name in ALWAYS]
    assert {server.name for server in servers if server.ready} == ALWAYS
    assert 0 < sum(server.resident_bytes or 0 for server in servers) < 2 * GIBIBYTE


def test_a_second_up_starts_nothing_anew(stack: Stack) -> None:
    before = [server.pid for server in stack.servers]
    stack.up()
    assert [server.pid for server in stack.servers] == before


def test_two_ups_at_once_take_turns(stack: Stack) -> None:
    stack.connect.stop()
    others = [threading.Thread(target=Stack(stack.config).up) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert wait(lambda: all(server.ready for server in stack.status()), 60)


def test_ports_cannot_change_while_servers_run(stack: Stack) -> None:
    elsewhere = Stack(StackConfig(stack.config.home, stack.config.cache, PortPlan.free()))
    with pytest.raises(StackError, match="ports cannot change while servers run"):
        elsewhere.up()


def test_the_settings_file_names_what_was_started(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ROWSTREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ROWSTREAM_HOME", str(stack.config.home))
    settings = read_settings()
    assert settings.kafka_bootstrap_servers == stack.kafka.bootstrap_servers
    assert settings.connect_url == stack.connect.url
    assert settings.connect_secrets_dir == stack.connect.secrets
    assert settings.control_url.get_secret_value() == stack.mongodb.url


def test_every_debezium_connector_is_there(stack: Stack) -> None:
    found = {plugin["class"].split(".")[3] for plugin in rest(stack, "GET", "/connector-plugins")}
    assert found == {"db2", "mariadb", "mysql", "oracle", "postgresql", "sqlserver"}


def test_kafka_makes_no_topic_by_itself(stack: Stack) -> None:
    problems: list[KafkaError | None] = []
    producer = Producer({"bootstrap.servers": stack.kafka.bootstrap_servers, "message.timeout.ms": 3_000})
    producer.produce("nobody.made.this", b"", on_delivery=lambda error, _: problems.append(error))
    producer.flush(10)
    assert problems[0] is not None
    assert "nobody.made.this" not in AdminClient({"bootstrap.servers": stack.kafka.bootstrap_servers}).list_topics(timeout=10).topics


def test_a_worker_may_choose_a_short_session(stack: Stack) -> None:
    make_topics(stack, "session")
    consumer = Consumer(
        {"bootstrap.servers": stack.kafka.bootstrap_servers, "group.id": "short", "session.timeout.ms": 1_000, "heartbeat.interval.ms": 300}
    )
    try:
        consumer.subscribe(["session"])
        assert wait(lambda: consumer.poll(0.1) is None and bool(consumer.assignment()), 20)
    finally:
        consumer.close()


def test_records_of_64_megabytes_pass_from_several_producers_at_once(stack: Stack) -> None:
    make_topics(stack, "large")
    content = os.urandom(64 * 2**20)
    problems: list[KafkaError | None] = []
    producers = [Producer({"bootstrap.servers": stack.kafka.bootstrap_servers, "message.max.bytes": RECORD_BYTES}) for _ in range(4)]
    for producer in producers:
        producer.produce("large", content, on_delivery=lambda error, _: problems.append(error))
    for producer in producers:
        producer.flush(90)
    assert problems == [None] * len(producers)
    assert next(values(stack, "large")) == content
    admin = AdminClient({"bootstrap.servers": stack.kafka.bootstrap_servers})
    admin.delete_topics(["large"])["large"].result()


def test_a_row_of_fifty_megabytes_passes_connect(stack: Stack, connector: str) -> None:
    with psycopg.connect(stack.connections.sample_dsn, autocommit=True) as shop:
        shop.execute("UPDATE customers SET full_name = repeat('large row ', 5000000) WHERE customer_id = 7")
        try:
            assert len(first(stack, f"{connector}.public.customers", "large row large row")) > 50_000_000
        finally:
            shop.execute("UPDATE customers SET full_name = 'Small' WHERE customer_id = 7")


def test_a_connector_goes_on_after_connect_and_kafka_are_killed(stack: Stack, connector: str) -> None:
    with psycopg.connect(stack.connections.sample_dsn, autocommit=True) as shop:
        for crash, servers in enumerate(([stack.connect], [stack.connect, stack.kafka])):
            for server in servers:
                server.kill()
            shop.execute("UPDATE customers SET full_name = %s WHERE customer_id = 8", (f"crash {crash}",))
            for server in reversed(servers):
                server.start()
            assert first(stack, f"{connector}.public.customers", f"crash {crash}")
    assert wait(lambda: task_runs(stack, connector), 30)


def test_connect_shows_no_password(stack: Stack, connector: str) -> None:
    shown = json.dumps(rest(stack, "GET", f"/connectors/{connector}"))
    assert stack.connections.sample_password not in shown
    assert "${secrets:" in shown


def test_connect_reads_no_file_outside_the_secrets_folder(stack: Stack) -> None:
    config = {"name": "x", "connector.class": POSTGRES, "database.hostname": f"${{secrets:{stack.config.home / 'passwords'}:sample}}"}
    answer = json.dumps(rest(stack, "PUT", f"/connector-plugins/{POSTGRES}/config/validate", config))
    assert password(stack.layout.password("sample")) not in answer


def test_the_sample_is_the_same_for_everyone_and_loaded_once(layout: Layout) -> None:
    server = PostgreSQL(free_ports(1)[0], layout)
    server.start()
    try:
        for _ in range(2):
            sample.load(server.dsn(), server.dsn(sample.DATABASE), "secret")
        with psycopg.connect(server.dsn(sample.DATABASE)) as shop:
            tables = ("customers", "products", "orders", "order_lines")
            counts = [shop.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables]
            total = shop.execute("SELECT sum(total) FROM orders").fetchone()
            lines = shop.execute("SELECT sum(quantity * unit_price) FROM order_lines").fetchone()
    finally:
        server.stop()
    assert counts == [(200,), (60,), (300,), (750,)]
    assert total == lines


def test_the_sample_s_role_owns_its_tables_and_may_replicate(stack: Stack) -> None:
    known = stack.connections
    with psycopg.connect(known.sample_dsn, user=known.sample_user, password=known.sample_password) as shop:
        owners = shop.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
        replicates = shop.execute("SELECT rolreplication FROM pg_roles WHERE rolname = current_user").fetchone()
    assert owners == [(known.sample_user,)]
    assert replicates == (True,)


@pytest.mark.parametrize("user", ["postgres", "rowstream"])
def test_nobody_enters_postgresql_without_a_password(stack: Stack, user: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(host="127.0.0.1", port=stack.postgresql.port, dbname="shop", user=user)


def test_secrets_are_open_to_their_owner_alone(stack: Stack) -> None:
    home = stack.config.home
    for path in (home / "connect-secrets", home / "passwords", stack.layout.env_file, *(home / "passwords").iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path


def test_servers_listen_on_loopback_only(stack: Stack) -> None:
    tables = [path for path in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")) if path.exists()]
    if not tables:
        pytest.skip("NOT TESTED: this system does not list its sockets in /proc")
    ours = {f"{port:04X}" for port in stack.config.ports.model_dump().values()}
    listening = re.findall(r"^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A", "\n".join(table.read_text() for table in tables), re.MULTILINE)
    addresses = {address for address, port in listening if port in ours}
    assert addresses <= {"0100007F", "0000000000000000FFFF00000100007F"}
    assert addresses


def test_a_home_whose_servers_are_the_user_s_own_starts_none_of_them(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    known = stack.connections
    own = {
        "ROWSTREAM_KAFKA_BOOTSTRAP_SERVERS": known.kafka_bootstrap_servers,
        "ROWSTREAM_CONTROL_URL": known.control_url,
        "ROWSTREAM_CONNECT_URL": known.connect_url,
    }
    folder = tmp_path_factory.mktemp("own")
    other = Stack(StackConfig(folder / "home", folder / "cache", PortPlan.free(), own))
    try:
        other.up()
        assert [server.name for server in other.status()] == ["postgresql"]
        assert [server.pid is None for server in (other.connect, other.kafka, other.mongodb)] == [True] * 3
        assert other.connections.settings == own
        assert not other.config.cache.exists(), "nothing runs that would need the downloads"
    finally:
        other.down(wipe=True)
    assert not other.config.home.exists()
    assert wait(lambda: all(server.ready for server in stack.status()), 60)
