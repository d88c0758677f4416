"""Notes what the tests prove of which database type, in the file that ROWSTREAM_PROOFS names. These are hooks of pytest."""

import json
import os
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import pytest
from tests.proofs.kinds import Verdict

MARKER = "proves"
FILE = "ROWSTREAM_PROOFS"

_outcomes: dict[tuple[str, str], set[str]] = defaultdict(set)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember how a test ended that proves something: its set-up and its end count when they go wrong."""
    report = yield
    if report.when == "call" or not report.passed:
        for proof in _proofs(item):
            _outcomes[proof].add(report.outcome)
    return report


def pytest_sessionfinish() -> None:
    """Write down what was tried; what was not keeps its verdict."""
    name = os.environ.get(FILE)
    if name and _outcomes:
        note(Path(name), {proof: verdict(outcomes) for proof, outcomes in _outcomes.items()})


def verdict(outcomes: Iterable[str]) -> Verdict:
    """One that failed outweighs all others; where nothing passed, nothing was run."""
    ended = set(outcomes)
    if "failed" in ended:
        return Verdict.FAILED
    return Verdict.PASSED if "passed" in ended else Verdict.NOT_RUN


def note(file: Path, verdicts: dict[tuple[str, str], Verdict]) -> None:
    """Put the verdicts, by type and kind, into the file."""
    noted: dict[str, dict[str, str]] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    for (source_type, kind), reached in verdicts.items():
        noted.setdefault(source_type, {})[kind] = reached.value
    file.write_text(json.dumps(noted, indent=2, sort_keys=True) + "\n", "utf-8")


def _proofs(item: pytest.Item) -> Iterator[tuple[str, str]]:
    for mark in item.iter_markers(MARKER):
        kind, source_type = mark.args
        yield source_type, kind.name
