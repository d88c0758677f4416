"""What is wrong with a request, and where."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_NAME = 100


class Fault(NamedTuple):
    """One thing wrong with a request: where, as a JSON path, and what."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def json_path(parts: Iterable[str | int]) -> str:
    """Print a place in a JSON document: `$.options.mode`, `$.list[0]`, `$['odd name']`."""
    return "$" + "".join(_step(part) for part in parts)


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if _PLAIN_NAME.fullmatch(part):
        return f".{part[:_LONGEST_NAME]}"
    quoted = json.dumps(part[:_LONGEST_NAME])[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"['{quoted}']"


def schema_faults(errors: Sequence[Any]) -> list[Fault]:
    """The faults that pydantic found, in the words of the API."""
    return [Fault(json_path(error["loc"]), _message(error)) for error in errors]


def _message(error: Any) -> str:
    known = {"missing": "is required", "extra_forbidden": "is not a known property"}
    text: str = known.get(error["type"]) or error["msg"]
    return text.removeprefix("Input ").removeprefix("String ").replace("a valid boolean", "true or false")
