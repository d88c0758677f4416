"""What one schema of a table means for its rows, worked out once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.change.schema import RowSchema
from pipeline.errors import ConfigError, DecodeError, EventError, MappingError
from pipeline.mapping.compiled import Column, encoding_function, unavailable_test
from pipeline.mapping.elements import element
from pipeline.mapping.json_values import bson_from_json
from pipeline.mapping.key import Image, key_function
from pipeline.mapping.names import field_names
from pipeline.mapping.style import Names, Nulls
from pipeline.mapping.types import UnknownTypeError, converter, known_as
from pipeline.mapping.unavailable import placeholders
from pipeline.sink.document import Document, Encoded, EncodedWithDollars

BAD_VALUE = (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError)


class Shape:
    """
    Makes keys and documents of a table's row images.

    `document_fields` are those that a document may have, in order.

    Raises:
        MappingError: A column's type has no BSON, two columns would become one field, or a
            key column is not there (from the methods: a value cannot be mapped).
    """

    def __init__(
        self,
        row: RowSchema,
        key: Sequence[str],
        table: str,
        types: Mapping[str, str],
        names_style: Names = Names.CAMEL_CASE,
        nulls: Nulls = Nulls.KEEP,
    ) -> None:
        self._table = table
        self._nulls = nulls
        columns = self._compiled(lambda: {field.name: known_as(field, types) for field in row.fields})
        missing = [column for column in key if column not in columns]
        if missing:
            raise MappingError(
                f'the change of {table} has no column "{missing[0]}", which is part of its key',
                suggestion="The key has changed at the source: post the job again.",
                table=table,
                column=missing[0],
            )
        body = [field for name, field in columns.items() if name not in key]
        names = self._compiled(lambda: field_names([field.name for field in body], table, names_style))
        converters = self._compiled(lambda: [converter(field) for field in body])
        self._body = [
            Column(names[field.name], field.name, convert, placeholders(field), element(field, convert))
            for field, convert in zip(body, converters, strict=True)
        ]
        self.fields = {column.name: column.field for column in self._body}
        self.document_fields = ("_id", *self.fields.values())
        self._encode = encoding_function(self._body, nulls)
        self._encoded = EncodedWithDollars if any("$" in name for name in names.values()) else Encoded
        self._lacks_values = unavailable_test(self._body)
        self._columns = columns
        self._key_placeholders = tuple((column, marks) for column in key if (marks := placeholders(columns[column])))
        self.key = self._compiled(lambda: key_function([columns[column] for column in key], table, names_style))

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

    def whole_image(self, image: Image, before: Image) -> Image:
        """Return the image of an update with its unavailable values, which have not changed, taken from the row before."""
        try:
            if not self._lacks_values(image):
                return image
        except KeyError:
            return image
        unavailable = [column.name for column in self._body if image.get(column.name) in column.placeholders]
        return {**image, **{name: before.get(name) for name in unavailable}}

    def document(self, key: Any, image: Image) -> Document:
        """Return the document of a whole row image."""
        return self._mapped(key, image, self._body)

    def encoded(self, key: Any, image: Image) -> Document | Encoded:
        """Return the same as BSON, unless something about it is unusual."""
        try:
            return self._encoded(self._encode(key, image))
        except Exception:  # noqa: BLE001 - whatever was unusual, the other way knows what to do or to say
            return self._mapped(key, image, self._body)

    def partial_document(self, key: Any, image: Image) -> tuple[Document, tuple[str, ...]] | None:
        """Return the document of an image that leaves out values, and the fields that it lacks; None where it has all."""
        try:
            if not self._lacks_values(image):
                return None
        except KeyError:
            return None
        unavailable = [column for column in self._body if image[column.name] in column.placeholders]
        known = [column for column in self._body if column not in unavailable]
        return self._mapped(key, image, known), tuple(column.field for column in unavailable)

    def _mapped(self, key: Any, image: Image, columns: Sequence[Column]) -> Document:
        """The document of these columns, one by one, so that an error names its column."""
        document: Document = {"_id": key}
        for field, name, convert, *_ in columns:
            try:
                raw = image[name]
                value = raw if convert is None or raw is None else convert(raw)
            except BAD_VALUE as error:
                raise self._bad_value(name, image, error) from error
            if value is not None or self._nulls is Nulls.KEEP or (raw is not None and convert is bson_from_json):
                document[field] = value  # the null of a JSON text is a value, and not the column's NULL
        return document

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
                f'the column "{error.column}" of {self._table} has the type {error}, {error.reason}',
                suggestion=error.suggestion,
                table=self._table,
                column=error.column,
            ) from error
        except ConfigError as error:
            raise MappingError(error.message, suggestion=error.suggestion, table=self._table) from error
