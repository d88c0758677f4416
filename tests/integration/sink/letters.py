"""Records that cannot be applied, their letters, and replays of these."""

from typing import Any

from tests.fakes.rows import COLLECTION, PARTITION, position, step
from tests.integration.sink.shared_target import Target, Worker

from pipeline.change.record import Record
from pipeline.errors import MappingError
from pipeline.sink.batch import Slice, Step
from pipeline.sink.letter import COLLECTION as LETTERS
from pipeline.sink.letter import Letter, LetterStatus
from pipeline.sink.write import Fail, Replace, Write
from pipeline.worker.writer import Parts

OPEN, REPLAYED, SUPERSEDED = LetterStatus.OPEN, LetterStatus.REPLAYED, LetterStatus.SUPERSEDED


def failing(key: Any, offset: int, *, old_id: Any = None, code: str = "MAPPING", value: bytes | None = b"{}") -> Step:
    record = Record(position(offset), b'{"schema": {}, "payload": {"id": %d}}' % (key or 0), value, [("h", b"1"), ("none", None)])
    error = MappingError("no BSON", table="public.rows", column="price", code=code, suggestion="Mend it.")
    return step(Fail(COLLECTION, key, position(offset), error, record, "u", old_id))


def replaced(key: Any, offset: int, **fields: Any) -> Step:
    return step(Replace(COLLECTION, key, {"_id": key, **fields}, position(offset)), "u")


def letters(target: Target) -> list[Letter]:
    return [Letter.from_stored(each) for each in target.database[LETTERS].find().sort([("offset", 1), ("_id", 1)])]


def statuses(target: Target) -> dict[int, LetterStatus]:
    return {letter.position.offset: letter.status for letter in letters(target)}


def ask(target: Target, *offsets: int) -> None:
    wanted = {"offset": {"$in": list(offsets)}} if offsets else {}
    target.database[LETTERS].update_many({"status": "OPEN", **wanted}, {"$set": {"asked": True}})


def replay(worker: Worker, **writes: Write) -> None:
    """Apply what is asked, each letter as the write named by its offset (`at5`), or as one that fails again."""
    while found := {letter.position.offset: letter for letter in worker.sink.asked_letters(worker.held)}:
        steps = [
            step(writes[f"at{offset}"], "")._replace(transaction=None) if f"at{offset}" in writes else failing(7, offset, code="STILL")
            for offset in found
        ]
        apply = lambda slices, held: [worker.sink.replay(slices[0], found, held[PARTITION])]  # noqa: E731
        worker.held = Parts(apply, 100).write([Slice(PARTITION, steps, worker.held.position)], {PARTITION: worker.held})[PARTITION]
