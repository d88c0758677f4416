"""Commands that are shown act on the home they are shown for."""

from pathlib import Path

import pytest

from stack.typed import typed


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user who names no home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ROWSTREAM_HOME", raising=False)
    return tmp_path


def test_the_usual_home_needs_no_name(user: Path) -> None:
    assert typed("down --wipe", user.resolve() / ".rowstream") == "rowstream down --wipe"
    assert typed("serve", user.resolve() / ".rowstream") == "rowstream serve"


def test_another_home_is_named(user: Path) -> None:
    assert typed("down --wipe", Path("/srv/rows")) == "rowstream down --wipe --home /srv/rows"
    assert typed("up", Path("/srv/it's here"), program="bin/rowstream") == """bin/rowstream up --home '/srv/it'"'"'s here'"""


def test_serve_is_told_its_home_by_the_environment(user: Path) -> None:
    assert typed("serve", Path("/srv/my rows")) == "ROWSTREAM_HOME='/srv/my rows' rowstream serve"


def test_the_usual_home_is_named_where_the_environment_names_another(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROWSTREAM_HOME", "/srv/rows")
    home = user.resolve() / ".rowstream"
    assert typed("down --wipe", home) == f"rowstream down --wipe --home {home}"
