"""The files in docker/, read for the tests."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
DOCKER = ROOT / "docker"
SECRETS = "/var/lib/rowstream/connect-secrets"


@cache
def compose() -> dict[str, Any]:
    """What compose.yaml says, before variables are put in."""
    read: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
    return read


def services() -> dict[str, Any]:
    """The services of compose.yaml by name."""
    found: dict[str, Any] = compose()["services"]
    return found


def environment(service: str) -> dict[str, str]:
    """The environment of one service."""
    found: dict[str, str] = services()[service]["environment"]
    return found


@cache
def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, each with what follows it, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (DOCKER / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def arguments(instruction: str) -> list[str]:
    """What follows the instruction, for each time it is there."""
    return [rest for name, rest in instructions() if name == instruction]
