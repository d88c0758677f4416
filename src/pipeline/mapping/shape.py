"""What one schema of a table means for its rows, worked out once."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from pipeline.change.schema import FieldSchema, RowSchema
from pipeline.errors import ConfigError, DecodeError, MappingError
from pipeline.mapping.key import Image, key_function
from pipeline.mapping.names import field_names
from pipeline.mapping.types import UnknownTypeError, converter
from pipeline.mapping.unavailable import placeholders
from pipeline.sink.write import Document

_BAD_VALUE = (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError)


class Shape:
    """
    Makes keys and documents of a table's row images.

    Raises:
        MappingError: A column's type has no BSON, two columns would become one field, or a
            key column is not there (from the methods: a value cannot be mapped).
    """

    def __init__(self, row: RowSchema, key: Sequence[str], table: str) -> None:
        self._table = table
        columns = {field.name: field for field in row.fields}
        missing = [column for column in key if column not in columns]
        if missing:
            raise MappingError(
                f'the change of {table} has no column "{missing[0]}", which is part of its key',
                suggestion="The key has changed at the source: post the job again.",
                table=table,
                column=missing[0],
            )
        body = [field for field in row.fields if field.name not in key]
        names = self._compiled(lambda: field_names([field.name for field in body], table))
        self._columns = {names[field.name]: field for field in body}
        self._fields = tuple(self._columns)
        self._values = _values_of([field.name for field in body])
        converters = self._compiled(lambda: [(name, converter(field)) for name, field in self._columns.items()])
        self._conversions = tuple((name, convert) for name, convert in converters if convert is not None)
        self._placeholders = tuple((name, marks) for name, field in self._columns.items() if (marks := placeholders(field)))
        self._key_placeholders = tuple((column, marks) for column in key if (marks := placeholders(columns[column])))
        self.key = self._compiled(lambda: key_function([columns[column] for column in key], table))

    def key_image(self, image: Image, other: Image | None) -> Image:
        """
        Return the image with its unavailable key columns taken from the other image of the row.

        A long text in a key can be out of line, too, and an update that leaves it alone does
        not carry it.
        """
        for column, marks in self._key_placeholders:
            if image.get(column) in marks:
                known = other.get(column) if other is not None else None
                if known is None or known in marks:
                    raise MappingError(
                        f'the change of {self._table} does not carry the value of its key column "{column}"',
                        suggestion=f"ALTER TABLE {self._table} REPLICA IDENTITY FULL makes the source send it.",
                        table=self._table,
                        column=column,
                    )
                image = {**image, column: known}
        return image

    def document(self, key: Any, image: Image) -> Document:
        """Return the document of a whole row image."""
        return self._converted(self._raw_document(key, image))

    def partial_document(self, key: Any, image: Image) -> tuple[Document, tuple[str, ...]]:
        """Return the document of an image after an update, and the fields whose values are unavailable, which it leaves out."""
        document = self._raw_document(key, image)
        unavailable = tuple([name for name, marks in self._placeholders if document[name] in marks])
        for name in unavailable:
            del document[name]
        return self._converted(document), unavailable

    def _raw_document(self, key: Any, image: Image) -> Document:
        document: Document = {"_id": key}
        try:
            document.update(zip(self._fields, self._values(image), strict=True))
        except KeyError as error:
            column = error.args[0]
            raise DecodeError(f'a row image of {self._table} lacks the column "{column}"', table=self._table, column=column) from error
        return document

    def _converted(self, document: Document) -> Document:
        name = ""
        try:
            for name, convert in self._conversions:
                value = document.get(name)
                if value is not None:
                    document[name] = convert(value)
        except _BAD_VALUE as error:
            field = self._columns[name]
            raise MappingError(
                f'a value of the column "{field.name}" of {self._table} ({_type_name(field)}) cannot be mapped: {error}',
                table=self._table,
                column=field.name,
            ) from error
        return document

    def _compiled(self, compile_: Callable[[], Any]) -> Any:
        """What `compile_` returns; its complaints become the event's."""
        try:
            return compile_()
        except UnknownTypeError as error:
            raise MappingError(
                f'the column "{error.column}" of {self._table} has the type {error}, which cannot be mapped',
                table=self._table,
                column=error.column,
            ) from error
        except ConfigError as error:
            raise MappingError(error.message, suggestion=error.suggestion, table=self._table) from error


def _values_of(columns: Sequence[str]) -> Callable[[Image], Sequence[Any]]:
    """`itemgetter` for any number of columns: it returns no tuple for one, and takes no zero."""
    if len(columns) > 1:
        return itemgetter(*columns)
    return lambda image: [image[column] for column in columns]


def _type_name(field: FieldSchema) -> str:
    return field.source_type or field.logical or field.type
