"""Where a server's program comes from."""

from pathlib import Path

import pytest

from stack import programs
from stack.errors import StackError


def test_a_named_program_outranks_the_packaged_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "mongod"
    named.touch()
    monkeypatch.setenv("ROWSTREAM_MONGOD", str(named))
    assert programs.mongod().path == named.resolve()


def test_a_folder_may_be_named_for_postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "postgres").touch()
    monkeypatch.setenv("ROWSTREAM_POSTGRES_BIN", str(tmp_path))
    assert programs.postgres().path == (tmp_path / "postgres").resolve()


def test_a_named_program_that_does_not_exist_is_no_reason_to_take_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROWSTREAM_MONGOD", str(tmp_path / "nothing"))
    with pytest.raises(StackError, match="ROWSTREAM_MONGOD names"):
        programs.mongod()


def test_without_a_package_the_installed_program_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "mongod"
    installed.touch(mode=0o755)
    monkeypatch.delenv("ROWSTREAM_MONGOD", raising=False)
    monkeypatch.setattr(programs, "package_folder", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert programs.mongod().path == installed.resolve()


def test_a_program_that_is_nowhere_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROWSTREAM_POSTGRES_BIN", raising=False)
    monkeypatch.setattr(programs, "package_folder", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError) as raised:
        programs.postgres()
    assert raised.value.suggestion is not None
    assert "ROWSTREAM_POSTGRES_BIN" in raised.value.suggestion
    assert "pip install -e '.[embedded]'" in raised.value.suggestion
