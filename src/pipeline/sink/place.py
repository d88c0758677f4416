"""Where a document is, in a form that compares as MongoDB compares."""

import math
from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from bson import Decimal128

PLAIN = frozenset({int, str})
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
    if isinstance(identity, datetime):
        return ("date", identity.timestamp())
    return identity  # type: ignore[no-any-return]
