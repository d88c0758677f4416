"""Java reads the values that were written."""

import re
from pathlib import Path

import pytest

from stack.jvm import write_properties


def read_as_java_does(path: Path) -> dict[str, str]:
    """`java.util.Properties.load`: ISO-8859-1, UTF-16 code units as \\uXXXX, a backslash before anything else is dropped."""
    pairs = (line.split("=", 1) for line in path.read_text("iso-8859-1").splitlines())
    return {name: re.sub(r"\\u([0-9a-f]{4})|\\(.)", unescaped, value) for name, value in pairs}


def unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else found[2]


@pytest.mark.parametrize("value", ["/home/ada", "/home/åsa/データ", "C:\\Users\\Åsa", 'say "so"'])
def test_java_reads_what_was_written(tmp_path: Path, value: str) -> None:
    path = write_properties(tmp_path / "kafka.properties", {"log.dirs": value, "port": 1})
    assert read_as_java_does(path) == {"log.dirs": value, "port": "1"}


def test_letters_beyond_16_bits_are_two_code_units(tmp_path: Path) -> None:
    path = write_properties(tmp_path / "kafka.properties", {"log.dirs": "/home/🐘"})
    assert path.read_text("ascii") == "log.dirs=/home/\\ud83d\\udc18\n"
