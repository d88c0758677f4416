"""The settings file tells the service how to reach the stack."""

import base64
import stat
from pathlib import Path

import pytest

from pipeline.settings import read_settings
from stack.envfile import read_env_file, write_env_file
from stack.layout import Layout

KAFKA = "ROWSTREAM_KAFKA_BOOTSTRAP_SERVERS"


def test_the_secret_key_is_made_once_and_kept(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write_env_file(layout, {KAFKA: "one:1"})
    first = read_env_file(layout)
    write_env_file(layout, {KAFKA: "two:2"})
    second = read_env_file(layout)
    assert first["ROWSTREAM_SECRET_KEY"] == second["ROWSTREAM_SECRET_KEY"]
    assert second[KAFKA] == "two:2"
    assert len(base64.urlsafe_b64decode(second["ROWSTREAM_SECRET_KEY"])) == 32


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    write_env_file(Layout(tmp_path), {})
    assert stat.S_IMODE(Layout(tmp_path).env_file.stat().st_mode) == 0o600


def test_the_service_reads_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROWSTREAM_HOME", str(tmp_path))
    monkeypatch.delenv("ROWSTREAM_CONTROL_URL", raising=False)
    url = "mongodb://me:p%40ss$word#1@127.0.0.1/?replicaSet=rowstream"
    write_env_file(Layout(tmp_path), {"ROWSTREAM_CONTROL_URL": url})
    assert read_settings().control_url.get_secret_value() == url
