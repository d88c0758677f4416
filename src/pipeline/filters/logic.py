"""SQL's three-valued logic: true, false, or None, which is neither."""

from collections.abc import Sequence
from typing import Any

from pipeline.filters.images import UnavailableError
from pipeline.filters.kinds import Evaluate, Image


def conjunction(parts: Sequence[Evaluate]) -> Evaluate:
    """AND; a part that cannot be known does not matter where another is false."""
    return _until(parts, deciding=False)


def disjunction(parts: Sequence[Evaluate]) -> Evaluate:
    """OR; the same where another is true."""
    return _until(parts, deciding=True)


def _until(parts: Sequence[Evaluate], *, deciding: bool) -> Evaluate:
    otherwise = not deciding

    def evaluate(image: Image) -> Any:
        result: Any = otherwise
        unavailable = None
        for part in parts:
            try:
                value = part(image)
            except UnavailableError as error:
                unavailable = error
                continue
            if value is deciding:
                return deciding
            if value is None:
                result = None
        if unavailable is not None:
            raise unavailable
        return result

    return evaluate


def negation(part: Evaluate) -> Evaluate:
    """NOT."""
    return lambda image: None if (value := part(image)) is None else not value


def is_value(part: Evaluate, wanted: bool | None) -> Evaluate:
    """IS TRUE, IS FALSE or IS UNKNOWN."""
    return lambda image: part(image) is wanted


def is_null(part: Evaluate) -> Evaluate:
    """IS NULL of any value."""
    return lambda image: part(image) is None
