"""
Values that an update did not carry: PostgreSQL's unchanged TOAST values, for which Debezium writes placeholders.

A row's own value that is equal to a placeholder cannot be told from it in an update; in
snapshots and inserts, which never hold placeholders, it is taken as it is.
"""

from base64 import b64encode
from hashlib import md5
from typing import Any
from uuid import UUID

from pipeline.change.schema import FieldSchema

PLACEHOLDER = "__debezium_unavailable_value"
"""Debezium's default of unavailable.value.placeholder."""

_BYTES = PLACEHOLDER.encode()
_BASE64 = b64encode(_BYTES).decode()
_UUID = str(UUID(bytes=md5(_BYTES, usedforsecurity=False).digest(), version=3))
_HSTORE_JSON = f'{{"{PLACEHOLDER}":"{PLACEHOLDER}"}}'

_NEVER_OUT_OF_LINE = frozenset(
    {
        "io.debezium.data.Enum",
        "io.debezium.data.Uuid",
        "io.debezium.time.Interval",
        "io.debezium.time.ZonedTime",
        "io.debezium.time.ZonedTimestamp",
    }
)


def placeholders(field: FieldSchema) -> tuple[Any, ...]:
    """
    Return the JSON values that stand for an unavailable value of the field, none where it is always there.

    They are those of Debezium's UnchangedToastedPlaceholder: the text itself, its bytes in
    base64, and for arrays one of these, the bytes as numbers, or a UUID made of them.
    """
    if field.logical in _NEVER_OUT_OF_LINE:
        return ()
    if field.type == "string":
        return (PLACEHOLDER, _HSTORE_JSON) if field.logical == "io.debezium.data.Json" else (PLACEHOLDER,)
    if field.type == "bytes":
        return (_BASE64,)
    if field.type == "map":
        return ({PLACEHOLDER: PLACEHOLDER},)
    if field.type == "array" and field.element is not None:
        return _array_placeholders(field.element)
    return ()


def _array_placeholders(element: FieldSchema) -> tuple[Any, ...]:
    if element.logical == "io.debezium.data.Uuid":
        return ([_UUID],)
    if element.type == "string":
        return ([PLACEHOLDER],)
    if element.type == "bytes":
        return ([_BASE64],)
    if element.type in ("int32", "int64"):
        return (list(_BYTES),)
    return ()
