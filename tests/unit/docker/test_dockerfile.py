"""The Dockerfile and what goes into the image, as far as they can be known without an engine."""

import json
import re
import tomllib
from fnmatch import fnmatch
from importlib.metadata import version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from tests.unit.docker.files import ROOT, SECRETS, arguments, instructions, services

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
BASE = re.compile(r"python:(?P<version>\d+\.\d+\.\d+)-slim-bookworm( AS build)?")
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)", re.MULTILINE)
DRIVERS = ("db2", "duckdb", "oracle", "sqlanywhere", "sqlserver", "sybase")


def copied() -> list[str]:
    """What the Dockerfile takes from the project."""
    return [source for rest in arguments("COPY") if not rest.startswith("--from") for source in rest.split()[:-1]]


def pins(lock: str) -> dict[str, str]:
    return {found["name"]: found["version"] for found in PIN.finditer((ROOT / lock).read_text("utf-8"))}


def test_both_stages_stand_on_one_python_that_the_project_takes() -> None:
    bases = [BASE.fullmatch(rest) for rest in arguments("FROM")]
    versions = {base["version"] for base in bases if base}
    assert len(bases) == 2
    assert all(bases)
    assert len(versions) == 1
    assert SpecifierSet(PROJECT["requires-python"]).contains(versions.pop())


def test_whatever_is_copied_is_there_and_is_sent_to_the_engine() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == set(copied())


def test_no_file_of_secrets_or_history_is_sent_to_the_engine() -> None:
    sent = copied()
    assert [path for path in (".git", ".venv", "docker/.env", ".env") if any(fnmatch(path, source) for source in sent)] == []


def test_the_service_does_not_run_as_root() -> None:
    (user,) = arguments("USER")
    uid, gid = user.split(":")
    assert int(uid) > 0
    (made,) = (rest for rest in arguments("RUN") if "useradd" in rest)
    assert f"--uid {uid} --gid {gid}" in made
    assert f"--owner {uid} --group {gid} --mode 0700 {SECRETS}" in made
    assert [name for name, _ in instructions()].index("USER") < [name for name, _ in instructions()].index("ENTRYPOINT")


def test_the_image_starts_the_service_and_gets_its_signals() -> None:
    assert [json.loads(rest) for rest in arguments("ENTRYPOINT")] == [["rowstream"]]
    assert [json.loads(rest) for rest in arguments("CMD")] == [["serve"]]
    assert PROJECT["scripts"].keys() == {"rowstream"}


def test_the_image_and_compose_ask_the_same_health_check() -> None:
    (check,) = arguments("HEALTHCHECK")
    command = json.loads(check.partition("CMD ")[2])
    assert ["CMD", *command] == services()["rowstream"]["healthcheck"]["test"]
    assert f"COPY docker/healthcheck.py {command[-1]}" in [f"{name} {rest}" for name, rest in instructions()]


def test_the_image_is_of_the_projects_version() -> None:
    assert services()["rowstream"]["image"] == f"rowstream:{version('rowstream')}" == f"rowstream:{PROJECT['version']}"


def test_packages_are_installed_by_hash_and_none_beside_the_lock() -> None:
    installs = [rest for rest in arguments("RUN") if "pip install" in rest]
    assert ["--require-hashes" in rest or "--no-deps" in rest for rest in installs] == [True, True]


def test_the_lock_has_every_driver_and_nothing_of_the_developers() -> None:
    extras = PROJECT["optional-dependencies"]
    wanted = [Requirement(text).name for text in [*PROJECT["dependencies"], *(text for extra in DRIVERS for text in extras[extra])]]
    unwanted = [Requirement(text).name for extra in ("dev", "bench", "embedded") for text in extras[extra]]
    locked = pins("docker/requirements.lock")
    assert [name for name in wanted if name not in locked] == []
    assert {name for name in unwanted if name in locked} <= {"python-dotenv", "requests"}  # what the drivers and settings need, too


def test_the_image_has_the_versions_that_are_tested() -> None:
    image, tested = pins("docker/requirements.lock"), pins("requirements.lock")
    shared = image.keys() & tested.keys()
    assert len(shared) > 30
    assert {name: image[name] for name in shared} == {name: tested[name] for name in shared}
