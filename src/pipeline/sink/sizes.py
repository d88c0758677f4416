"""How large the stored documents are that a batch writes anew without carrying them."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pymongo.database import Database
from pymongo.errors import OperationFailure

from pipeline.sink.batch import Slice
from pipeline.sink.write import Move, Set

FRESH_SECONDS = 30.0


class StoredSizes:
    """
    Estimates from MongoDB's own count of each collection, looked up now and then.

    A change that leaves out unchanged values is a small record, but MongoDB writes the whole
    document again: what a batch weighs there is not told by its records.
    """

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._database = database
        self._averages: dict[str, tuple[float, float]] = {}

    def estimate(self, slices: Sequence[Slice]) -> float:
        """The bytes of the stored documents whose values the steps leave out."""
        steps = (step.write for part in slices for step in part.steps)
        partial = Counter(write.collection for write in steps if type(write) is Set or (type(write) is Move and write.unavailable))
        return sum(self._average(collection) * count for collection, count in partial.items() if count > 1)

    def _average(self, collection: str) -> float:
        """The mean size of a document of the collection; 0 where the user may not ask."""
        looked_at, average = self._averages.get(collection, (float("-inf"), 0.0))
        if time.monotonic() - looked_at > FRESH_SECONDS:
            average = self._look(collection)
            self._averages[collection] = time.monotonic(), average
        return average

    def _look(self, collection: str) -> float:
        try:
            parts = [part["storageStats"] for part in self._database[collection].aggregate([{"$collStats": {"storageStats": {}}}])]
        except OperationFailure:
            return 0.0
        count = sum(part["count"] for part in parts)
        return sum(part["size"] for part in parts) / count if count else 0.0
