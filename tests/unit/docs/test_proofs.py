"""The table of sources says what the tests have noted, and what they note is what happened."""

from pathlib import Path

import pytest
from tests.proofs.kinds import Kind, Verdict
from tests.proofs.noting import note, verdict
from tests.proofs.table import PAGES, proven, put, table

from pipeline.sources.registry import KNOWN_TYPES

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_have_the_table_of_what_is_noted(page: Path) -> None:
    text = page.read_text("utf-8")
    assert put(text, table(proven())) == text, "run: python -m tests.proofs.table"


def test_every_type_of_the_contract_has_a_line_and_so_has_any_other_that_was_tried() -> None:
    lines = table({"MARIADB": {Kind.RUN.name: Verdict.PASSED}}).splitlines()
    assert [line.split()[1] for line in lines[2:]] == sorted([*KNOWN_TYPES, "MARIADB"])
    assert "| MARIADB | yes, as MYSQL |  | yes |  |  |" in lines


@pytest.mark.parametrize(
    ("outcomes", "reached"),
    [
        (["passed", "passed"], Verdict.PASSED),
        (["passed", "skipped"], Verdict.PASSED),
        (["passed", "failed"], Verdict.FAILED),
        (["skipped"], Verdict.NOT_RUN),
    ],
)
def test_one_failure_outweighs_what_passed_and_what_was_skipped_is_not_run(outcomes: list[str], reached: Verdict) -> None:
    assert verdict(outcomes) is reached


def test_what_was_not_tried_keeps_its_verdict(tmp_path: Path) -> None:
    file = tmp_path / "proofs.json"
    note(file, {("DB2", "VALIDATED"): Verdict.PASSED, ("DB2", "CONTAINER"): Verdict.NOT_RUN})
    note(file, {("DB2", "CONTAINER"): Verdict.FAILED})
    assert file.read_text("utf-8").split() == ["{", '"DB2":', "{", '"CONTAINER":', '"failed",', '"VALIDATED":', '"yes"', "}", "}"]


def test_a_page_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="proofs"):
        put("no place", "")
