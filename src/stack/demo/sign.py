"""Signs in the target that a transaction has arrived. Once there, they stay whatever is changed later."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from pymongo.database import Database


@dataclass(frozen=True, slots=True)
class Present:
    """The document exists."""

    collection: str
    id: Any

    def seen(self, database: Database[dict[str, Any]]) -> bool:
        """Whether it is so."""
        return database[self.collection].find_one({"_id": self.id}, {"_id": 1}) is not None


@dataclass(frozen=True, slots=True)
class Gone:
    """The document is gone."""

    collection: str
    id: Any

    def seen(self, database: Database[dict[str, Any]]) -> bool:
        """Whether it is so."""
        return database[self.collection].find_one({"_id": self.id}, {"_id": 1}) is None


@dataclass(frozen=True, slots=True)
class Reached:
    """The document's time, which only grows, is this one or later."""

    collection: str
    id: Any
    field: str
    time: datetime

    def seen(self, database: Database[dict[str, Any]]) -> bool:
        """Whether it is so; BSON's times end at the millisecond."""
        time = self.time.replace(microsecond=self.time.microsecond // 1_000 * 1_000)
        return database[self.collection].find_one({"_id": self.id, self.field: {"$gte": time}}, {"_id": 1}) is not None


Sign: TypeAlias = Present | Gone | Reached
