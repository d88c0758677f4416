"""Options outrank the environment, which outranks what the home was started with last."""

from pathlib import Path

import pytest

from stack.config import StackConfig, read_config, remember
from stack.errors import StackError
from stack.ports import PortPlan
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
