"""The Connect schema that travels with the events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

SOURCE_TYPE = "__debezium.source.column.type"
"""The parameter that holds the source's own name of the type."""


@dataclass(frozen=True, slots=True)
class FieldSchema:
    """
    The type of one column, or of an array's elements.

    `type` is Connect's (int16, string, bytes, array, struct, ...), `logical` the schema's name
    (`io.debezium.time.Date`, ...) or None, `source_type` the source's own type name where the
    connector propagates it (`NUMERIC`), upper case.
    """

    name: str
    type: str
    logical: str | None
    optional: bool
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    element: "FieldSchema | None" = None
    fields: tuple["FieldSchema", ...] = ()

    @property
    def source_type(self) -> str | None:
        """The source's own name of the type, upper case, or None when it was not propagated."""
        name = self.parameters.get(SOURCE_TYPE)
        return name.upper() if name else None

    def with_source_type(self, name: str) -> "FieldSchema":
        """The same field with another name of its type."""
        return replace(self, parameters={**self.parameters, SOURCE_TYPE: name})


@dataclass(frozen=True, slots=True, eq=False)
class RowSchema:
    """The columns of a row image, in order. Compared and hashed by identity: the decoder makes one per distinct schema."""

    fields: tuple[FieldSchema, ...]
