"""Looking for documents."""

import time
from collections.abc import Callable
from typing import Any

from pymongo import MongoClient

from bench.contestants.contestant import Naming
from bench.topics import FilledTopic, FilledTopics
from stack.errors import StackError

CHECK_SECONDS = 1.0
START_SECONDS = 180.0
STALLED_SECONDS = 300.0
SHARE = 20
"""A look is followed by a pause this many times as long, so that looking costs the machine little."""


class Watch:
    """
    Looks for any document, and for those of the topics' last records.

    A topic has one partition, so the last record's document is there when all others are.
    """

    def __init__(self, client: MongoClient[dict[str, Any]], database: str, naming: Naming, topics: FilledTopics) -> None:
        self._database = client[database]
        self._naming = naming
        self._topics = topics
        self._open = list(topics)

    def documents(self) -> int:
        """About how many documents are there."""
        return sum(self._database[self._naming.collection(topic)].estimated_document_count() for topic in self._topics)

    def wait_for_first(self, check: Callable[[], None]) -> None:
        """
        Return once any document is there; `check` raises when that can no longer be.

        Raises:
            StackError: None came.
        """
        began = checked = time.monotonic()
        while not self.documents():
            now = time.monotonic()
            if now - checked > CHECK_SECONDS:
                check()
                checked = now
            if now - began > START_SECONDS:
                raise StackError(f"no document came within {START_SECONDS:.0f} s")
            time.sleep(0.005)

    def wait_for_last(self, check: Callable[[], None], tell: Callable[[int], None]) -> None:
        """
        Return once the last document of every topic is there; `tell` hears of the number of documents.

        Raises:
            StackError: Nothing moved for minutes.
        """
        told = moved = time.monotonic()
        before = -1
        while not self._has_ended():
            now = time.monotonic()
            if now - told > CHECK_SECONDS:
                told, documents = now, self.documents()
                tell(documents)
                check()
                moved = now if documents != before else moved
                before = documents
            if now - moved > STALLED_SECONDS:
                raise StackError(f"no document came for {STALLED_SECONDS:.0f} s")
            time.sleep(max(0.01, SHARE * (time.monotonic() - now)))

    def follow(self, seconds: float) -> None:
        """Return after so long, or earlier when the last document of every topic is there."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and not self._has_ended():
            time.sleep(CHECK_SECONDS / 10)

    def _has_ended(self) -> bool:
        while self._open and self._has(self._open[-1], self._open[-1].last):
            self._open.pop()
        return not self._open

    def _has(self, topic: FilledTopic, key: int) -> bool:
        collection = self._database[self._naming.collection(topic)]
        return collection.find_one({"_id": self._naming.identity(key)}, {"_id": 1}) is not None
