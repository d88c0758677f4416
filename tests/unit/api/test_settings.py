"""Settings mean what their text says, whoever sets them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.settings import read_settings


@pytest.fixture
def user_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The home of the user, in which the settings name `stack`, as a service manager passes it: no shell has expanded the tilde."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ROWSTREAM_HOME", "~/stack")
    return tmp_path


def test_a_tilde_in_the_home_is_the_users_home(user_home: Path) -> None:
    (user_home / "stack").mkdir()
    (user_home / "stack" / "rowstream.env").write_text("ROWSTREAM_CONTROL_DATABASE=mine\nROWSTREAM_CONNECT_SECRETS_DIR=~/secrets\n")
    settings = read_settings()
    assert settings.home == user_home / "stack"
    assert settings.control_database == "mine"
    assert settings.connect_secrets_dir == user_home / "secrets"


@pytest.mark.usefixtures("user_home")
def test_a_user_that_there_is_not_is_named_by_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROWSTREAM_HOME", "~nobody-of-this-name/stack")
    with pytest.raises(ValidationError, match="the home of a user that there is not") as refused:
        read_settings()
    assert [fault["loc"] for fault in refused.value.errors()] == [("home",)]


def test_an_empty_setting_is_one_that_is_not_set(user_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROWSTREAM_HOME", "")
    monkeypatch.setenv("ROWSTREAM_PORT", "")
    assert (read_settings().home, read_settings().port) == (user_home / ".rowstream", 8278)
