"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

from stack.errors import StackError

LOOK_SECONDS = 0.05

T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str, seconds: float, pause: float = LOOK_SECONDS) -> T:
    """
    The first true value that `condition` returns.

    Raises:
        StackError: It returned none within `seconds`; the message says what was waited for.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise StackError(f"waited {seconds:.0f} s in vain until {what}")
        time.sleep(pause)
    return value
