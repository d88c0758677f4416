"""Writes the table of sources into the pages that have it: python -m tests.proofs.table."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from tests.proofs.kinds import Kind

from pipeline.errors import ConfigError
from pipeline.sources.registry import KNOWN_TYPES, check_mode
from pipeline.sources.source import Mode

ROOT = Path(__file__).parents[2]
PROOFS = ROOT / "docs" / "sources" / "proofs.json"
PAGES = (ROOT / "README.md", ROOT / "docs" / "sources" / "README.md")

_BETWEEN = re.compile(r"(?<=<!-- proofs -->\n).*?(?=<!-- /proofs -->)", re.DOTALL)


def proven() -> dict[str, dict[str, str]]:
    """What the tests have noted, by type and kind."""
    noted: dict[str, dict[str, str]] = json.loads(PROOFS.read_text("utf-8"))
    return noted


def table(noted: Mapping[str, Mapping[str, str]]) -> str:
    """The table in Markdown: a type a line, those of the contract and any other that something is noted of."""
    names = sorted({*KNOWN_TYPES, *noted})
    rows = [[name, _taken(name), *(noted.get(name, {}).get(kind.name, "") for kind in Kind)] for name in names]
    head = ["type", "taken by jobs", *(kind.value for kind in Kind)]
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, ["---"] * len(head), *rows])


def _taken(name: str) -> str:
    if name == "MARIADB":
        return "yes, as MYSQL"
    try:
        check_mode(name, Mode.CDC)
    except ConfigError:
        return "SNAPSHOT"
    return "yes"


def put(page: str, text: str) -> str:
    """
    The page with the table in its place.

    Raises:
        ValueError: The page has no place for it.
    """
    replaced, places = _BETWEEN.subn(lambda _: text, page)
    if places != 1:
        raise ValueError("the page needs one pair of <!-- proofs --> and <!-- /proofs -->")
    return replaced


def main() -> None:
    """Write it into each page."""
    for page in PAGES:
        page.write_text(put(page.read_text("utf-8"), table(proven())), "utf-8")


if __name__ == "__main__":
    main()
