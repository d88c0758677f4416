"""The written word: links that lead somewhere, and a settings table that names what the code reads."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline.settings import Settings

ROOT = Path(__file__).parents[3]
LINK = re.compile(r"\[[^\]]*\]\((?!https?://|mailto:)([^)#\s]+)")


def pages() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    yield from (ROOT / "docs").rglob("*.md")
    yield from (ROOT / "docker").rglob("*.md")


def broken_links(page: Path) -> list[str]:
    return [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", sorted(pages()), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    assert broken_links(page) == []


def test_a_link_to_nothing_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[there](page.md) [not there](gone.md#part) [elsewhere](https://example.org/gone.md)")
    assert broken_links(page) == ["gone.md"]


def shown_default(name: str) -> str:
    field = Settings.model_fields[name]
    if name == "home":
        return "`~/.rowstream`"
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    return "" if value is None else f"`{value}`"


def settings_table() -> str:
    rows = [
        f"| `ROWSTREAM_{name.upper()}` | {shown_default(name)} | {field.description} |" for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | means |", "|---|---|---|", *rows])


def test_the_operations_page_has_exactly_the_settings_of_the_code() -> None:
    table = settings_table()
    assert table in (ROOT / "docs" / "operations.md").read_text("utf-8"), f"paste into docs/operations.md:\n{table}"


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
