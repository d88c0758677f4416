"""Measuring the time from a commit at the source to the document."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from pymongo.database import Database

from stack.demo.sign import Sign

LOOK_SECONDS = 0.005


class LagMeter:
    """
    Looks for one sign at a time in the target, and keeps how long each took after its commit.

    While one is looked for, others are left out; the figures are a sample, in seconds.
    """

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._database = database
        self._signs: queue.Queue[tuple[Sign, float]] = queue.Queue(maxsize=1)
        self._over = threading.Event()
        self.measured: list[float] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure while the context is open; it closes when the sign under way has been seen, or after ten seconds."""
        thread = threading.Thread(target=self._look, name="lag", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(10)

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
            while not sign.seen(self._database):
                time.sleep(LOOK_SECONDS)
            self.measured.append(time.monotonic() - committed_at)
