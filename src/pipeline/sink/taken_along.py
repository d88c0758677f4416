"""Writes of dead letters whose rows have got another `_id` since: they are about the document that the row has now."""

from msgspec import structs

from pipeline.sink.batch import Step
from pipeline.sink.document import opened
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
    document = {**opened(write.document), "_id": identity}
    if isinstance(write, Insert | Replace):
        return Replace(collection, identity, document, position)
    if isinstance(write, Move) and (letter.left is not None or not write.unavailable):
        return structs.replace(write, id=identity, document=document)
    unavailable = write.unavailable or ()
    if isinstance(write, Set) and letter.left is not None:
        return Move(collection, identity, write.id, document, unavailable, position, stays=write.stays)
    return Set(collection, identity, document, unavailable, position, write.stays)
