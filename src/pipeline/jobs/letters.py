"""Dead letters in the control database: those of jobs that have ended."""

from collections.abc import Sequence
from typing import Any

from pymongo import ReadPreference, ReplaceOne, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase

from pipeline.sink.document import LOSSLESS
from pipeline.sink.letter import Letter
from pipeline.sink.letter_search import Found, LetterQuery, search


class EndedLetters:
    """
    The deadLetters collection, which takes over what a job's target held of them.

    Methods let pymongo's errors through: the control database is away, try again later.
    """

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._letters = database.get_collection(
            "deadLetters", codec_options=LOSSLESS, read_preference=ReadPreference.PRIMARY, write_concern=WriteConcern("majority")
        )

    async def ensure_indexes(self) -> None:
        """Make the index by which a job's letters are found."""
        await self._letters.create_index([("job", 1), ("_id", 1)], name="letters of a job")

    async def keep(self, letters: Sequence[Letter]) -> None:
        """Keep these letters; some may be kept already."""
        await self._letters.bulk_write([ReplaceOne({"_id": each.id}, each.stored(), upsert=True) for each in letters], ordered=False)

    async def search(self, job: str, query: LetterQuery) -> Found:
        """A page of the job's letters."""
        return await search(self._letters, job, query)
