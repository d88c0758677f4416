"""Options outrank the environment, which outranks what the home was started with last."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.config import CONNECT, CONTROL, KAFKA, StackConfig, read_config, remember, remembered
from stack.errors import StackError
from stack.layout import Layout
from stack.ports import PortPlan, free_ports
from stack.stack import Stack


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONTROL_URL", "KAFKA_BOOTSTRAP_SERVERS", "CONNECT_URL", "CONNECT_SECRETS_DIR", "KAFKA_PORT", "CONNECT_PORT"):
        monkeypatch.delenv(f"ROWSTREAM_{name}", raising=False)


def test_ports_come_from_options_then_environment_then_the_last_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(StackConfig(tmp_path, tmp_path, PortPlan(kafka=2001, connect=2002, mongodb=2003)), own=())
    monkeypatch.setenv("ROWSTREAM_KAFKA_PORT", "3001")
    monkeypatch.setenv("ROWSTREAM_CONNECT_PORT", "3002")
    ports = read_config(tmp_path, {"kafka": 4001, "connect": None}).ports
    assert (ports.kafka, ports.connect, ports.mongodb) == (4001, 3002, 2003)
    assert ports.postgresql == PortPlan().postgresql


@pytest.mark.parametrize("port", ["many", "0", "65536"])
def test_what_is_no_port_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("ROWSTREAM_CONNECT_PORT", port)
    with pytest.raises(StackError, match="connect"):
        read_config(tmp_path)


def test_servers_of_the_user_are_known_by_the_settings_that_name_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROWSTREAM_KAFKA_BOOTSTRAP_SERVERS", "kafka.example:9092")
    stack = Stack(read_config(tmp_path))
    assert stack.own == {"ROWSTREAM_KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9092"}
    assert stack.connect.bootstrap_servers == "kafka.example:9092"


def test_settings_that_name_the_embedded_servers_themselves_do_not_keep_them_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Stack(StackConfig(tmp_path, tmp_path))
    monkeypatch.setenv("ROWSTREAM_KAFKA_BOOTSTRAP_SERVERS", settings.kafka.bootstrap_servers)
    monkeypatch.setenv("ROWSTREAM_CONTROL_URL", settings.mongodb.url)
    monkeypatch.setenv("ROWSTREAM_CONNECT_URL", settings.connect.url)
    monkeypatch.setenv("ROWSTREAM_CONNECT_SECRETS_DIR", str(settings.connect.secrets))
    assert not {"ROWSTREAM_KAFKA_BOOTSTRAP_SERVERS", "ROWSTREAM_CONTROL_URL", "ROWSTREAM_CONNECT_URL"} & set(
        Stack(read_config(tmp_path)).own
    )


def test_a_setting_that_cannot_be_read_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROWSTREAM_HOME", raising=False)
    monkeypatch.setenv("ROWSTREAM_PORT", "s3cret")
    with pytest.raises(StackError, match="ROWSTREAM_PORT: ") as raised:
        read_config()
    assert "s3cret" not in raised.value.message
    assert raised.value.suggestion == "correct or unset ROWSTREAM_PORT"


@pytest.mark.parametrize("content", [b"", b"{", b'{"ports": {"kafka": "many"}}', b"\xff"])
def test_a_damaged_record_of_the_last_start_is_named(tmp_path: Path, content: bytes) -> None:
    Layout(tmp_path).remembered.write_bytes(content)
    with pytest.raises(StackError, match=r"stack\.json.* is damaged") as raised:
        read_config(tmp_path)
    assert "remove it" in str(raised.value.suggestion)


def test_a_file_is_no_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.touch()
    with pytest.raises(StackError, match=r"home/stack\.json cannot be used: Not a directory") as raised:
        read_config(home)
    assert "--home" in str(raised.value.suggestion)


@pytest.fixture
def foreign_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that this process may read and not write; root becomes somebody else meanwhile."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    folder.chmod(0o555)
    root = os.geteuid() == 0
    for above in (tmp_path, *list(tmp_path.parents)[:3]):
        above.chmod(above.stat().st_mode | 0o011)
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)


@pytest.mark.parametrize("home", [".", "home"])
def test_a_home_that_the_user_may_not_write_is_named(foreign_folder: Path, home: str) -> None:
    stack = Stack(StackConfig(foreign_folder / home, foreign_folder / "cache"))
    with pytest.raises(StackError, match=r"foreign.*cannot be used: Permission denied"):
        stack.up()


def test_what_a_user_may_not_stop_is_named(foreign_folder: Path) -> None:
    with pytest.raises(StackError, match=r"foreign/stack\.lock cannot be used: Permission denied"):
        Stack(StackConfig(foreign_folder, foreign_folder)).down()


def test_a_port_that_cannot_be_had_is_not_remembered(tmp_path: Path) -> None:
    own = dict.fromkeys((CONTROL, KAFKA, CONNECT), "named:1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_ports(1)[0]))
        taken.listen()
        port = taken.getsockname()[1]
        config = StackConfig(tmp_path, tmp_path / "cache", PortPlan.free().model_copy(update={"postgresql": port}), own)
        with pytest.raises(StackError, match=f"port {port} for postgresql is taken"):
            Stack(config).up()
    assert remembered(config.layout).ports is None
    assert read_config(tmp_path).ports == PortPlan()


def test_extra_servers_are_those_asked_for_and_later_those_of_the_last_start(tmp_path: Path) -> None:
    assert read_config(tmp_path).extras == ()
    asked = read_config(tmp_path, extras=["mariadb", "mysql"])
    assert asked.extras == ("mysql", "mariadb")
    assert [server.name for server in Stack(asked).extras] == ["mysql", "mariadb"]
    remember(asked, own=())
    assert read_config(tmp_path).extras == ("mysql", "mariadb")
    assert read_config(tmp_path, extras=[]).extras == ()


def test_a_server_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="there is no server oracle"):
        read_config(tmp_path, extras=["mysql", "oracle"])
