"""Writes of dead letters whose rows have got another `_id` since: they are about the document that the row has now."""

from typing import Any

from pipeline.sink.batch import Step
from pipeline.sink.document import Document, Encoded, opened
from pipeline.sink.letter import Letter
from pipeline.sink.write import Delete, Insert, Move, Replace, Set, Write


def taken_along(step: Step, letter: Letter) -> Step:
    """
    Return the letter's step for the document that its row has now.

    The first letter of a row has the document that was left when the key changed (`Letter.left`), if there was one;
    what the others leave out is in the document that those before them have made.
    """
    write = step.write
    if letter.document_id is None or not isinstance(write, Insert | Replace | Set | Move | Delete):
        return step
    if isinstance(write, Delete) or (write.id == letter.document_id and not isinstance(write, Move)):
        return step
    return step._replace(write=_written(write, letter))


def _written(write: Insert | Replace | Set | Move, letter: Letter) -> Write:
    collection, identity, position = write.collection, letter.document_id, write.position
    match write:
        case Set(unavailable=unavailable) if letter.left is not None:
            return Move(collection, identity, write.id, _named(write.document, identity), unavailable, position, stays=write.stays)
        case Move(unavailable=(_, *_) as unavailable) if letter.left is None:
            return Set(collection, identity, _named(write.document, identity), unavailable, position, write.stays)
        case Set(unavailable=unavailable):
            return Set(collection, identity, _named(write.document, identity), unavailable, position, write.stays)
        case Move(unavailable=unavailable):
            return Move(
                collection, identity, write.old_id, _named(write.document, identity), unavailable, position, write.deferrable, write.stays
            )
    return Replace(collection, identity, _named(write.document, identity), position)


def _named(document: Document | Encoded, identity: Any) -> Document:
    """The document under this `_id`."""
    return {**opened(document), "_id": identity}
