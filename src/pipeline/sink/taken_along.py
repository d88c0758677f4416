"""Writes of dead letters whose rows have got another `_id` since: they are about the document that the row has now."""

from pipeline.sink.batch import Step
from pipeline.sink.document import opened
from pipeline.sink.letter import Letter
from pipeline.sink.write import Insert, Move, Replace, Set, Write


def taken_along(step: Step, letter: Letter) -> Step:
    """
    Return the letter's step for the document that its row has now; what had another `_id` before is another row's by now.

    The first letter of a row has the document that was left when the key changed (`Letter.left`), if there was one;
    what the others leave out is in the document that those before them have made.
    """
    write, identity = step.write, letter.document_id
    if identity is None or not isinstance(write, Insert | Replace | Set | Move):
        return step
    if isinstance(write, Move) and write.unavailable is None:
        return step
    if isinstance(write, Set) and write.id == identity and letter.left is None:
        return step
    return step._replace(write=_written(write, letter))


def _written(write: Insert | Replace | Set | Move, letter: Letter) -> Write:
    collection, identity, position = write.collection, letter.document_id, write.position
    document = {**opened(write.document), "_id": identity}
    if isinstance(write, Insert | Replace) or not write.unavailable:
        return Replace(collection, identity, document, position)
    if letter.left is not None:
        return Move(collection, identity, identity, document, write.unavailable, position, stays=write.stays)
    return Set(collection, identity, document, write.unavailable, position, write.stays)
