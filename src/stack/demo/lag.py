"""Measuring the time from a commit at the source to the document."""

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from pymongo.database import Database
from pymongo.errors import PyMongoError

from stack.demo.sign import Sign

LOOK_SECONDS = 0.005
LAST_SECONDS = 10.0


class LagMeter:
    """
    Looks for one sign at a time in the target, and keeps how long each took after its commit.

    While one is looked for, others are left out; the figures are a sample, in seconds.
    """

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._database = database
        self._signs: queue.Queue[tuple[Sign, float]] = queue.Queue(maxsize=1)
        self._over = threading.Event()
        self._gone = threading.Event()
        self.measured: list[float] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure while the context is open; the sign under way at its end is looked for ten seconds more."""
        thread = threading.Thread(target=self._look, name="lag", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(LAST_SECONDS)
            self._gone.set()
            thread.join()

    def offer(self, sign: Sign | None, committed_at: float) -> None:
        """Look for the sign of a transaction committed at this moment of the monotonic clock, unless another is looked for."""
        if sign is not None and not self._signs.full():
            self._signs.put_nowait((sign, committed_at))

    @property
    def median(self) -> float | None:
        """The median, None before the first measurement."""
        return median(self.measured) if self.measured else None

    def _look(self) -> None:
        while not self._over.is_set():
            try:
                sign, committed_at = self._signs.get(timeout=0.1)
            except queue.Empty:
                continue
            if self._arrives(sign):
                self.measured.append(time.monotonic() - committed_at)

    def _arrives(self, sign: Sign) -> bool:
        while not self._gone.wait(LOOK_SECONDS):
            with contextlib.suppress(PyMongoError):  # the target is away: whatever is seen after that was late
                if sign.seen(self._database):
                    return True
        return False
