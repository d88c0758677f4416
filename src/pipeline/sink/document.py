"""Documents: as dictionaries, or as the BSON that they come to."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from bson import decode, encode
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument

Document: TypeAlias = dict[str, Any]
"""A BSON document as pymongo takes it; `_id` is its first field."""

LOSSLESS: CodecOptions[Document] = CodecOptions(tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO)
"""Documents that are read and written again come back as they were: dates out of Python's range and UUIDs included."""


class Encoded(RawBSONDocument):
    """
    A document as BSON (`raw`), which pymongo sends as it is; equal to a mapping that comes to the same bytes.

    To read in it means to decode it: nothing does so but what happens seldom. `dollars`:
    some field's name has a `$`.
    """

    dollars = False

    def __getitem__(self, name: str) -> Any:
        return opened(self)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(opened(self))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Encoded):
            return self.raw == other.raw
        return isinstance(other, Mapping) and self.raw == encode(other)

    __hash__ = None  # as a dictionary


class EncodedWithDollars(Encoded):
    """The same of a table that has a field with a `$` in its name."""

    dollars = True


def opened(document: Document | Encoded) -> Document:
    """The document as a dictionary; another than the one that was given only if it was encoded."""
    return decode(document.raw, LOSSLESS) if isinstance(document, Encoded) else document


def has_dollars(document: Document | Encoded) -> bool:
    """Whether a field's name has a `$`."""
    return document.dollars if isinstance(document, Encoded) else "$" in "".join(document)
