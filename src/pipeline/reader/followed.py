"""How far a reader has told the changes that it follows, as it stands in Kafka beside the records."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import msgspec
from msgspec import Struct

from pipeline.sources.following import Place


@dataclass(frozen=True, slots=True)
class Followed:
    """
    How far changes are told.

    Of the `tables` every change up to the `moment` is in its topic; each is known by the number that the database has given it, once that
    has been seen. `until` is the end of the next stretch of time while the changes in it are being told, and `after` the last row
    (schema, table, key) that is. `emptied` are tables whose rows are gone without having been told, and are to be read
    anew. `streams`: the first reading is behind.
    """

    moment: str
    tables: Mapping[Place, str | None]
    until: str | None = None
    after: tuple[str, str, str] | None = None
    emptied: tuple[Place, ...] = ()
    streams: bool = False

    def without(self, gone: Collection[Place]) -> "Followed":
        """The same once the rows of these tables are gone."""
        tables = {place: number for place, number in self.tables.items() if place not in gone}
        return replace(self, tables=tables, emptied=tuple(sorted({*self.emptied, *gone})))

    def records(self, kept: "Followed | None") -> list[tuple[bytes, bytes]]:
        """The records, key and value, that keep it where `kept` is kept already; the tables may be many, and change rarely."""
        records = [(TOLD_KEY, _encode(_Told(self.moment, self.until, self.after)))]
        if kept is None or (self.tables, self.emptied, self.streams) != (kept.tables, kept.emptied, kept.streams):
            tables = tuple((*place, number) for place, number in self.tables.items())
            records.append((MEMBERS_KEY, _encode(_Members(tables, self.emptied, self.streams))))
        return records


class _Told(Struct, frozen=True):
    moment: str
    until: str | None = None
    after: tuple[str, str, str] | None = None


class _Members(Struct, frozen=True):
    tables: tuple[tuple[str, str, str | None], ...]
    emptied: tuple[Place, ...] = ()
    streams: bool = False


TOLD_KEY, MEMBERS_KEY = b"[]", b'["tables"]'
"""The keys of the records that keep it; those of tables' positions have two parts."""

_encode = msgspec.json.Encoder().encode
_decode_told = msgspec.json.Decoder(_Told).decode
_decode_members = msgspec.json.Decoder(_Members).decode


def decode_followed(told: bytes, members: bytes) -> Followed:
    """What the values of the two records keep."""
    first, second = _decode_told(told), _decode_members(members)
    tables = {(schema, name): number for schema, name, number in second.tables}
    return Followed(first.moment, tables, first.until, first.after, second.emptied, second.streams)


def is_followed_to(moment: Decimal) -> Callable[[bytes], bool]:
    """Make what says of the value of a kept position whether changes are told up to the moment, or later."""

    def reached(value: bytes) -> bool:
        try:
            return Decimal(_decode_told(value).moment) >= moment
        except msgspec.ValidationError:  # that of a table, or of all of them
            return False

    return reached
