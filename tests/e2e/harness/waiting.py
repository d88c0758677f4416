"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

LOOK_SECONDS = 0.05

T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str, seconds: float = 60.0, report: Callable[[], str] = lambda: "") -> T:
    """
    The first true value that `condition` returns.

    Raises:
        AssertionError: It returned none within `seconds`; the message says what was waited for, and `report`.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain until {what}\n{report()}")
        time.sleep(LOOK_SECONDS)
    return value
