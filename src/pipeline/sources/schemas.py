"""Names of schemas that a user gives, held against those that the catalogue has."""

import difflib
from collections.abc import Collection, Sequence

from pipeline.errors import ConfigError


def check_schemas(wanted: Sequence[str], existing: Collection[str]) -> None:
    """
    Check that every wanted schema exists, spelt exactly so.

    Raises:
        ConfigError: One does not; the suggestion names those that look like it.
    """
    missing = [name for name in wanted if name not in existing]
    if not missing:
        return
    near = list(dict.fromkeys(candidate for name in missing for candidate in _near(name, existing)))
    hint = f"Did you mean {', '.join(near)}?" if near else f"There are: {', '.join(sorted(existing)) or 'none'}."
    raise ConfigError(
        f"the schema {', '.join(missing)} of currentSchema does not exist in the database",
        suggestion=f"{hint} Names are compared exactly, upper and lower case included.",
        code="SCHEMA_NOT_FOUND",
    )


def _near(name: str, existing: Collection[str]) -> list[str]:
    same = [candidate for candidate in existing if candidate.casefold() == name.casefold()]
    return same or difflib.get_close_matches(name, list(existing), n=3)
