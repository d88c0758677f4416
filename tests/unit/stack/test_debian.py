"""Servers that were unpacked from Debian's archive run with what lies beside them."""

from pathlib import Path

from stack.debian import start_command
from stack.programs import Program


def test_an_unpacked_program_is_run_by_the_loader_and_with_the_libraries_of_its_own_folder(tmp_path: Path) -> None:
    libraries = tmp_path / "usr/lib/x86_64-linux-gnu"
    program = tmp_path / "usr/sbin/mysqld"
    for file in (libraries / "ld-linux-x86-64.so.2", libraries / "libc.so.6", libraries / "private/libx.so.1", program):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    command = start_command(Program(program, (tmp_path,)))

    assert command[0] == libraries / "ld-linux-x86-64.so.2"
    assert command[-1] == program
    assert command[command.index("--argv0") + 1] == program
    assert str(libraries) in str(command[command.index("--library-path") + 1]).split(":")


def test_a_program_of_the_machine_is_run_as_it_is() -> None:
    assert start_command(Program(Path("/usr/sbin/mysqld"))) == [Path("/usr/sbin/mysqld")]
