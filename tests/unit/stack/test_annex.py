"""Whether a server that runs as another user reaches a file."""

from pathlib import Path

import pytest

from stack.account import Account
from stack.annex import Annex, reachable
from stack.errors import StackError
from stack.programs import Program


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o001:
            folder.chmod(0o711)  # pytest closes its own temporary folders
    return tmp_path


def test_what_lies_below_a_closed_folder_is_out_of_reach(open_folder: Path) -> None:
    inside = open_folder / "closed" / "inside"
    inside.mkdir(parents=True)
    assert reachable(inside)
    inside.parent.chmod(0o700)
    assert not reachable(inside)


def test_a_link_does_not_open_a_closed_folder(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    (open_folder / "link").symlink_to(closed)
    assert not reachable(open_folder / "link")


def test_without_another_user_everything_stays_in_the_home(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert Annex(tmp_path).data(tmp_path / "data", None) == tmp_path / "data"


def test_a_program_of_the_user_in_a_closed_folder_is_refused_with_advice(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.touch(mode=0o755)
    tmp_path.chmod(0o700)
    with pytest.raises(StackError, match="cannot be reached"):
        Annex(tmp_path).program(Program(program), Account(65534, 65534))
