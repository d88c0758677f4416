"""What one schema of a table means for its rows, worked out once."""

from collections.abc import Callable, Sequence
from typing import Any

from pipeline.change.schema import RowSchema
from pipeline.errors import ConfigError, DecodeError, EventError, MappingError
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
        converters = self._compiled(lambda: [converter(field) for field in body])
        self._steps = tuple(
            (names[field.name], field.name, convert, placeholders(field)) for field, convert in zip(body, converters, strict=True)
        )
        self._columns = columns
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
        document: Document = {"_id": key}
        column = ""
        try:
            for name, column, convert, _ in self._steps:
                value = image[column]
                document[name] = value if convert is None or value is None else convert(value)
        except _BAD_VALUE as error:
            raise self._bad_value(column, image, error) from error
        return document

    def partial_document(self, key: Any, image: Image) -> tuple[Document, tuple[str, ...]]:
        """Return the document of an image after an update, and the fields whose values are unavailable, which it leaves out."""
        document: Document = {"_id": key}
        unavailable = []
        column = ""
        try:
            for name, column, convert, marks in self._steps:
                value = image[column]
                if value in marks:
                    unavailable.append(name)
                else:
                    document[name] = value if convert is None or value is None else convert(value)
        except _BAD_VALUE as error:
            raise self._bad_value(column, image, error) from error
        return document, tuple(unavailable)

    def _bad_value(self, column: str, image: Image, error: Exception) -> EventError:
        if column not in image:
            return DecodeError(f'a row image of {self._table} lacks the column "{column}"', table=self._table, column=column)
        field = self._columns[column]
        type_name = field.source_type or field.logical or field.type
        return MappingError(
            f'a value of the column "{column}" of {self._table} ({type_name}) cannot be mapped: {error}', table=self._table, column=column
        )

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
