"""From a change to the write it asks for: rows become documents of their own, field by field."""

from collections.abc import Mapping
from typing import Any

from pipeline.change.change import Change, Operation
from pipeline.change.decode import decode_key
from pipeline.change.schema import RowSchema
from pipeline.errors import DecodeError, EventError, MappingError, UnsupportedChangeError
from pipeline.jobs.job import TablePlan
from pipeline.mapping.key import Image, key_function
from pipeline.mapping.shape import BAD_VALUE, Shape
from pipeline.mapping.style import Nulls
from pipeline.mapping.types import UnknownTypeError, known_as
from pipeline.sink.document import Document
from pipeline.sink.row_id import UNENCODABLE, digest, row_id
from pipeline.sink.write import Clear, Delete, Insert, Move, Replace, Set, Swap, Write
from pipeline.sources.source import Identity

KNOWN_SHAPES = 64

_READ, _CREATE, _UPDATE = Operation.READ, Operation.CREATE, Operation.UPDATE


class TableMapper:
    """
    Maps the changes of one table. What a schema means is worked out once, when it is first seen.

    `types` says what types the events name only are (see `pipeline.mapping.types.known_as`);
    `snapshots`: each of the table's rows has been read, so that each has a document.
    `may_insert_equals`: one statement may insert rows that have one key, or are equal, all at one
    position of the source's log.
    """

    def __init__(
        self, plan: TablePlan, job: str, generation: int, types: Mapping[str, str] | None = None, *, snapshots: bool = True
    ) -> None:
        self.may_insert_equals = plan.deferrable_key or not plan.key
        self._plan = plan
        self._owner = {"job": job, "generation": generation}
        self._types = types or {}
        self._snapshots = snapshots
        self._deferrable = plan.deferrable_key
        self._sparse = plan.nulls is Nulls.OMIT
        self._row: RowSchema | None = None
        self._shape: Shape
        self._shapes: dict[RowSchema, Shape] = {}

    def write(self, change: Change) -> Write:
        """
        Return the write that the change asks for.

        Raises:
            MappingError: A value has no exact BSON, or a key column is missing.
            DecodeError: The change lacks the row image that its operation must have.
            UnsupportedChangeError: A row without a key was changed, and the change does not tell which.
        """
        row, operation = change.row, change.operation
        if row is None:
            return self._without_row(change)
        if row is not self._row:
            self._shape = self._shape_of(row)
            self._row = row
        if not self._plan.key:
            return self._without_key(change)
        if operation is _READ or operation is _CREATE:
            return self._insert(change)
        if operation is _UPDATE:
            return self._update(change)
        return self._delete(change)

    @property
    def collection(self) -> str:
        """Where the table's documents are."""
        return self._plan.collection

    def identity(self, key: bytes | None) -> Any:
        """The `_id` of the row that a record's key names; None where it names none that can be told."""
        if key is None or not self._plan.key:
            return None
        try:
            row, image = decode_key(key)
            columns = {field.name: known_as(field, self._types) for field in row.fields}
            return key_function([columns[column] for column in self._plan.key], self._plan.qualified_name, self._plan.names)(image)
        except (EventError, UnknownTypeError, *BAD_VALUE):
            return None

    def outside(self, change: Change) -> Delete:
        """
        Return the write of a change after which the row, which has a key, does not satisfy its filter: no document has its `_id`.

        Raises:
            MappingError: A key column is missing, or has no exact BSON.
        """
        shape = self._shape_now(change)
        image = shape.key_image(self._image(change, change.after), change.moved_from or change.before)
        key = shape.key(image)
        moved_from = None if change.moved_from is None else shape.key(change.moved_from)
        return Delete(self._plan.collection, key, change.position, moved_from=moved_from)

    def swap(self, change: Change, *, was_inside: bool, is_inside: bool) -> Swap:
        """Return the write of a change in a table without a key, of which the filter takes the row as it was, as it is, both or neither."""
        self._shape_now(change)
        return self._without_key(change, was_inside=was_inside, is_inside=is_inside)

    def fields(self, change: Change) -> Mapping[str, str]:
        """The names in documents of the columns outside the key."""
        return self._shape_now(change).fields

    def _shape_now(self, change: Change) -> Shape:
        """The shape of the change's row, which is that of the one before nearly always."""
        row = change.row
        if row is None:
            raise DecodeError(f"the change {change.position} of {self._plan.qualified_name} has no row", table=self._plan.qualified_name)
        if row is not self._row:
            self._shape = self._shape_of(row)
            self._row = row
        return self._shape

    def _insert(self, change: Change) -> Write:
        shape, image = self._shape, self._image(change, change.after)
        if change.moved_from is not None:
            return self._move(change, image, change.moved_from)
        key = shape.key(image)
        if self._deferrable and _meets(change):
            return Insert(self._plan.collection, key, shape.document(key, image), change.position, deferrable=True)
        return Insert(self._plan.collection, key, shape.encoded(key, image), change.position)

    def _move(self, change: Change, image: Image, old_key: Image) -> Move:
        shape = self._shape
        key = shape.key(shape.key_image(image, old_key))
        document, unavailable = shape.partial_document(key, image) or (shape.encoded(key, image), ())
        deferrable = self._deferrable and _meets(change)
        return Move(self._plan.collection, key, shape.key(old_key), document, unavailable, change.position, deferrable)

    def _update(self, change: Change) -> Write:
        shape, image = self._shape, self._image(change, change.after)
        key = shape.key(shape.key_image(image, change.before))
        if self._deferrable and _meets(change):
            before = self._image(change, change.before)
            come, gone = shape.document(key, shape.whole_image(image, before)), shape.document(key, before)
            return Replace(self._plan.collection, key, come, change.position, gone, self._snapshots, sparse=self._sparse)
        if (partial := shape.partial_document(key, image)) is not None:
            return Set(self._plan.collection, key, *partial, change.position)
        return Replace(self._plan.collection, key, shape.encoded(key, image), change.position)

    def _delete(self, change: Change) -> Write:
        shape, image = self._shape, self._image(change, change.before)
        new_key = change.moved_to
        moved_to = None if new_key is None else shape.key(shape.key_image(new_key, image))
        key = shape.key(image)
        if self._deferrable and _meets(change):
            return Delete(
                self._plan.collection, key, change.position, moved_to, shape.document(key, image), self._snapshots, sparse=self._sparse
            )
        return Delete(self._plan.collection, key, change.position, moved_to)

    def _without_key(self, change: Change, *, was_inside: bool = True, is_inside: bool = True) -> Swap:
        try:
            return self._swap(change, was_inside=was_inside, is_inside=is_inside)
        except UNENCODABLE as error:
            table = self._plan.qualified_name
            raise MappingError(f"the row of {table} at {change.position} cannot be written as BSON: {error}", table=table) from error

    def _swap(self, change: Change, *, was_inside: bool, is_inside: bool) -> Swap:
        """Such a row is told by all that it holds, and its document named after that and the place of its record."""
        shape, gone, come = self._shape, None, None
        if was_inside and change.operation is not _READ and change.operation is not _CREATE:
            gone = self._before(change)
        if is_inside and change.operation is not Operation.DELETE:
            image = self._image(change, change.after)
            come = shape.document(None, image if change.before is None else shape.whole_image(image, change.before))
            come["_id"] = row_id(come, self._owner, change.position)
        fields = shape.document_fields if self._sparse else None
        return Swap(self._plan.collection, gone, come, change.position, self._snapshots, fields)

    def _before(self, change: Change) -> Document:
        """The row as it was; in a job without a snapshot its document may be another job's, or not there."""
        if self._plan.identity is not Identity.FULL:
            raise UnsupportedChangeError(
                f"a row of {self._plan.qualified_name}, which has no key, was changed or deleted: its document cannot be told",
                suggestion="Give the table a primary key (ALTER TABLE ... ADD PRIMARY KEY), or let its changes carry the whole old row "
                "(ALTER TABLE ... REPLICA IDENTITY FULL), and post the job again.",
                table=self._plan.qualified_name,
            )
        document = self._shape.document(None, self._image(change, change.before))
        document["_id"] = {"row": digest(document), **(self._owner if self._snapshots else {})}
        return document

    def _image(self, change: Change, image: dict[str, Any] | None) -> dict[str, Any]:
        if image is None:
            raise DecodeError(
                f'the change {change.position} of {self._plan.qualified_name} (operation "{change.operation}") lacks its row image',
                suggestion="ALTER TABLE ... REPLICA IDENTITY FULL makes the source send it.",
                table=self._plan.qualified_name,
            )
        return image

    def _without_row(self, change: Change) -> Write:
        if change.operation is Operation.TRUNCATE:
            return Clear(self._plan.collection, change.position)
        table = self._plan.qualified_name
        raise DecodeError(f'the change {change.position} of {table} (operation "{change.operation}") has no row', table=table)

    def _new_shape(self, row: RowSchema) -> Shape:
        plan = self._plan
        return Shape(row, plan.key, plan.qualified_name, self._types, plan.names, plan.nulls)

    def _shape_of(self, row: RowSchema) -> Shape:
        shape = self._shapes.get(row)
        if shape is None:
            if len(self._shapes) >= KNOWN_SHAPES:
                self._shapes.clear()
            shape = self._shapes[row] = self._new_shape(row)
        return shape


def _meets(change: Change) -> bool:
    """Whether the row may meet another that holds its key, which lasts until the end of the transaction."""
    return change.operation is not _READ and change.transaction is not None
