"""A decoded envelope."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from pipeline.change.record import Position
from pipeline.change.schema import RowSchema


class Operation(StrEnum):
    """What happened to the row; the letters are Debezium's."""

    READ = "r"
    CREATE = "c"
    UPDATE = "u"
    DELETE = "d"
    TRUNCATE = "t"
    MESSAGE = "m"


class Change(Struct, gc=False):
    """
    A decoded envelope with its position.

    `before` and `after` are the row images as JSON has them, still to be read by `row`, the
    schema that travelled with them. `moved_from` and `moved_to` hold the other key's columns
    when the change is one half of a key change (Debezium's headers `__debezium.oldkey` on the
    create and `__debezium.newkey` on the delete). `committed_at_ms` is the commit time at the
    source, milliseconds since the epoch. `transaction` names the source transaction, and
    `log_position` is where the change stands in the source's log (several that one record of
    the log holds share it); None where the connector does not say. `size` is the length of the
    record's value in bytes.
    """

    position: Position
    operation: Operation
    schema: str
    table: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    row: RowSchema | None
    size: int
    committed_at_ms: int | None = None
    transaction: str | None = None
    log_position: int | None = None
    moved_from: dict[str, Any] | None = None
    moved_to: dict[str, Any] | None = None
