"""A password reaches Connect by a folder that only its owner can read."""

import stat
from pathlib import Path

import pytest

from pipeline.connect.secrets import ConnectSecretStore
from pipeline.errors import ConfigError
from pipeline.settings import ConnectSecrets


def test_a_password_is_kept_for_its_owner_alone_and_named_by_reference(tmp_path: Path) -> None:
    store = ConnectSecretStore(ConnectSecrets.PROVIDER, tmp_path)
    reference = store.write("c1", "hunter2 \n${x}")
    assert reference == f"${{secrets:{tmp_path}/c1:password}}"
    assert (tmp_path / "c1" / "password").read_text() == "hunter2 \n${x}"
    assert stat.S_IMODE((tmp_path / "c1").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "c1" / "password").stat().st_mode) == 0o600


def test_writing_again_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    store = ConnectSecretStore(ConnectSecrets.PROVIDER, tmp_path)
    store.write("c1", "old")
    store.write("c1", "new")
    assert [(file.name, file.read_text()) for file in (tmp_path / "c1").iterdir()] == [("password", "new")]


def test_removing_may_be_repeated_and_touches_no_other(tmp_path: Path) -> None:
    store = ConnectSecretStore(ConnectSecrets.PROVIDER, tmp_path)
    store.write("c1", "a")
    store.write("c2", "b")
    store.remove("c1")
    store.remove("c1")
    assert [folder.name for folder in tmp_path.iterdir()] == ["c2"]


def test_inline_passwords_stand_in_the_configuration_and_on_no_disk(tmp_path: Path) -> None:
    store = ConnectSecretStore(ConnectSecrets.INLINE, tmp_path)
    assert store.write("c1", "hunter2") == "hunter2"
    store.remove("c1")
    assert not list(tmp_path.iterdir())


def test_an_inline_password_that_connect_would_replace_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        ConnectSecretStore(ConnectSecrets.INLINE, None).write("c1", "${secrets:/x:y}")
    assert "secrets:/x" not in caught.value.message


def test_no_password_needs_no_folder() -> None:
    assert ConnectSecretStore(ConnectSecrets.PROVIDER, None).write("c1", None) is None


def test_a_missing_folder_is_told_with_the_setting() -> None:
    with pytest.raises(ConfigError) as caught:
        ConnectSecretStore(ConnectSecrets.PROVIDER, None).write("c1", "hunter2")
    assert "ROWSTREAM_CONNECT_SECRETS_DIR" in (caught.value.suggestion or "")
