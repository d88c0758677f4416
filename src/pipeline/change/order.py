"""The place of a change in the order in which the source committed, for connectors that may tell a change twice."""

from typing import TypeAlias

import msgspec
from msgspec import Struct

Order: TypeAlias = tuple[int, int]
"""Compares as the changes were committed. Those that one change of a key makes are equal, as are rows of one COPY."""


class _Source(Struct):
    sequence: str | None = None


class _Payload(Struct):
    source: _Source


class _Value(Struct):
    payload: _Payload


_decode_value = msgspec.json.Decoder(_Value).decode
_decode_sequence = msgspec.json.Decoder(tuple[int | None, int | None], strict=False).decode


def order_of(value: bytes | None) -> Order | None:
    """
    Return the order of an envelope's change, or None where the connector does not tell it.

    PostgreSQL's `source.sequence` holds the positions in the log of the last commit before
    the change and of the change itself. Commits are told in the log's order, and changes of a
    transaction in theirs, so the pair never goes back but when changes are told again.
    """
    if value is None:
        return None
    try:
        sequence = _decode_value(value).payload.source.sequence
        commit, position = _decode_sequence(sequence or "[null,null]")
    except msgspec.MsgspecError:
        return None
    return None if position is None else (commit or 0, position)
