"""Where a document is, in a form that compares as MongoDB compares."""

import math
from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from bson import Binary, Decimal128, Int64
from bson.binary import BINARY_SUBTYPE
from bson.datetime_ms import DatetimeMS

PLAIN = frozenset({int, Int64, str})
NOT_A_NUMBER = ("NaN",)


class Place(NamedTuple):
    """A document's place: its collection and the canonical form of its `_id`."""

    collection: str
    key: Hashable


def canonical(identity: Any) -> Hashable:
    """
    Make an `_id` hashable such that two are equal exactly when MongoDB holds them equal.

    Numbers compare across types, NaN equals itself; documents compare field by field, in
    order (MongoDB's manual, "Comparison/Sort Order").
    """
    kind = type(identity)
    if kind in PLAIN:
        return identity  # type: ignore[no-any-return]
    if kind is bool:
        return ("bool", identity)
    if kind is Decimal128:
        number = identity.to_decimal()
        return NOT_A_NUMBER if number.is_nan() else number
    if kind is float and math.isnan(identity):
        return NOT_A_NUMBER
    if isinstance(identity, Mapping):
        return tuple((name, canonical(value)) for name, value in identity.items())
    if isinstance(identity, list):
        return ("array", *(canonical(value) for value in identity))
    if isinstance(identity, datetime | DatetimeMS):
        return ("date", int(DatetimeMS(identity) if isinstance(identity, datetime) else identity))
    if kind is Binary and identity.subtype == BINARY_SUBTYPE:
        return bytes(identity)
    return identity  # type: ignore[no-any-return]
