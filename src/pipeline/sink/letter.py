"""A dead letter: the record of a change that could not be applied, as it is kept."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bson import ObjectId

from pipeline.change.record import Position, Record, key_text
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.document import Document
from pipeline.sink.write import Fail

COLLECTION = "_rowstream.deadLetters"

LARGEST_VALUE_BYTES = 8 * 1024 * 1024
"""The compressed value of a record at most, so that the letter is a document that MongoDB takes."""


class LetterStatus(StrEnum):
    """
    What became of a dead letter.

    OPEN: it waits. REPLAYED: its change was applied after all. SUPERSEDED: a later change of its
    row was applied, so that its own must not be any more.
    """

    OPEN = "OPEN"
    REPLAYED = "REPLAYED"
    SUPERSEDED = "SUPERSEDED"


@dataclass(frozen=True, slots=True)
class Letter:
    """
    What is kept of one failure.

    `checkpoint` names the partition's checkpoint; `document_id` the row's document, and None where it
    is not known. `left` is the document that the row had before its key changed, and that has gone
    with the first half of the change. `record` is None where it is too large to be kept: then
    it is to be had from Kafka only, as long as that keeps it.
    """

    id: ObjectId
    job: str
    generation: int
    checkpoint: str
    position: Position
    table: str
    collection: str
    document_id: Any
    operation: str
    code: str
    reason: str
    failed_at: datetime
    status: LetterStatus = LetterStatus.OPEN
    suggestion: str | None = None
    column: str | None = None
    key: dict[str, str] | None = None
    size: int = 0
    record: Record | None = None
    left: Document | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    attempts: int = 0

    def stored(self) -> Document:
        """The BSON document of it."""
        topic, partition, offset = self.position
        return {
            "_id": self.id,
            "job": self.job,
            "generation": self.generation,
            "checkpoint": self.checkpoint,
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "table": self.table,
            "collection": self.collection,
            "documentId": self.document_id,
            "operation": self.operation,
            "code": self.code,
            "reason": self.reason,
            "failedAt": self.failed_at,
            "status": self.status.value,
            "suggestion": self.suggestion,
            "column": self.column,
            "key": self.key,
            "size": self.size,
            "record": None if self.record is None else _stored_record(self.record),
            "left": self.left,
            "closedAt": self.closed_at,
            "closedBy": self.closed_by,
            "attempts": self.attempts,
        }

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "Letter":
        """What `stored` made a document of."""
        position = Position(document["topic"], document["partition"], document["offset"])
        return cls(
            id=document["_id"],
            job=document["job"],
            generation=document["generation"],
            checkpoint=document["checkpoint"],
            position=position,
            table=document["table"],
            collection=document["collection"],
            document_id=document["documentId"],
            operation=document["operation"],
            code=document["code"],
            reason=document["reason"],
            failed_at=document["failedAt"],
            status=LetterStatus(document["status"]),
            suggestion=document["suggestion"],
            column=document["column"],
            key=document["key"],
            size=document["size"],
            record=_record(position, kept) if (kept := document["record"]) else None,
            left=document["left"],
            closed_at=document["closedAt"],
            closed_by=document["closedBy"],
            attempts=document["attempts"],
        )


def make_letter(checkpoint: Checkpoint, table: str, failure: Fail, left: Document | None, now: datetime) -> Letter:
    """The letter of a failure in the checkpoint's partition."""
    error, record = failure.error, failure.record
    return Letter(
        id=ObjectId(),
        job=checkpoint.job,
        generation=checkpoint.generation,
        checkpoint=checkpoint.id,
        position=failure.position,
        table=table,
        collection=failure.collection,
        document_id=failure.id,
        operation=failure.operation,
        code=error.code,
        reason=error.message,
        failed_at=now,
        suggestion=error.suggestion,
        column=error.column,
        key=key_text(record.key) if record else None,
        size=len(record.value or b"") if record else 0,
        record=record if record is not None and _fits(record) else None,
        left=left,
    )


def _fits(record: Record) -> bool:
    value = record.value or b""
    return len(value) <= LARGEST_VALUE_BYTES or len(zlib.compress(value)) <= LARGEST_VALUE_BYTES


def _stored_record(record: Record) -> dict[str, Any]:
    headers: Sequence[tuple[str, bytes | None]] = record.headers
    value = None if record.value is None else zlib.compress(record.value)
    return {"key": record.key, "value": value, "headers": [list(header) for header in headers]}


def _record(position: Position, stored: Mapping[str, Any]) -> Record:
    value = stored["value"]
    headers = [(name, header) for name, header in stored["headers"]]
    return Record(position, stored["key"], None if value is None else zlib.decompress(value), headers)
