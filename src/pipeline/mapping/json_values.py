"""JSON columns into BSON values."""

import json
import re
from typing import Any

import msgspec
from bson.decimal128 import Decimal128

from pipeline.mapping.decimals import decimal128

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1

_UNUSUAL = re.compile(r"[0-9]{19}|\\u0000")
"""What a text holds at the least if a number in it is too large for BSON or a name holds a null character."""


def bson_from_json(text: str) -> Any:
    """
    Return the document, array or scalar that the JSON text holds.

    Integers become int32 or int64 by their size; larger ones and fractions become
    Decimal128 where that is exact, else their text. JSON's null becomes null, as SQL's NULL
    does. Of equal names in an object the last counts, as for PostgreSQL's jsonb.

    Raises:
        ValueError: It is not JSON, or holds a name that BSON cannot (one with a null character).
    """
    value = _decode(text)
    return _bounded(value) if _UNUSUAL.search(text) else value


def canonical_json(text: str) -> str:
    """Return the one text for a JSON value whatever its spaces; names and digits stay as they were."""
    try:
        return msgspec.json.format(text, indent=-1)
    except msgspec.MsgspecError as error:
        raise ValueError("it is not JSON") from error


def _number(text: str) -> Decimal128 | str:
    try:
        return decimal128(text)
    except ValueError:
        return text


def _integer(text: str) -> int | Decimal128 | str:
    return int(text) if len(text) <= len(str(_SMALLEST)) else _number(text)


_parse = msgspec.json.Decoder(float_hook=_number).decode

parse_usual = msgspec.json.Decoder(float_hook=decimal128).decode
"""The same as `bson_from_json` of a text in which nothing is unusual; of others it raises, or encoding what it returns does."""


def _decode(text: str) -> Any:
    try:
        return _parse(text)
    except msgspec.ValidationError:  # an integer of more than 4,300 digits
        return json.loads(text, parse_int=_integer, parse_float=_number)
    except msgspec.MsgspecError as error:
        raise ValueError(f"it is not JSON that BSON can hold: {error}") from error


def _bounded(value: Any) -> Any:
    """The value with its integers in range and its names fit for BSON; containers are changed in place."""
    if type(value) is dict:
        for name, inner in value.items():
            if "\0" in name:
                raise ValueError("a name in it has a null character")
            if type(inner) is not str:
                value[name] = _bounded(inner)
    elif type(value) is list:
        value[:] = map(_bounded, value)
    elif type(value) is int and not _SMALLEST <= value <= _LARGEST:
        return _number(str(value))
    return value
