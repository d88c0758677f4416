"""Records of a real Debezium on PostgreSQL become the documents that the rows are."""

from collections.abc import Mapping
from typing import Any

import bson
import pytest
from bson.binary import Binary
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.decimal128 import Decimal128
from tests.unit.change.envelopes import captured

from pipeline.change.decode import Decoder
from pipeline.errors import UnsupportedChangeError
from pipeline.jobs.job import TablePlan
from pipeline.mapping.rows import TableMapper
from pipeline.sink.write import Clear, Delete, Insert, Move, Replace, Set, Write
from pipeline.sources.source import Identity

AS_MILLIS: CodecOptions[dict[str, Any]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)
NOON = DatetimeMS(1_709_210_096_123)
TOKEN = Binary(bytes.fromhex("c0ffee00111142228333444455556666"), 4)
LEAP_DAY = DatetimeMS(1_709_164_800_000)

EVERYDAY: Mapping[str, Any] = {
    "_id": 1,
    "small": -32768,
    "whole": 2**31 - 1,
    "big": 2**63 - 1,
    "flag": True,
    "oneBit": True,
    "bits": b"\x01\x02",
    "exact": Decimal128("12345.6789"),
    "scaled": Decimal128("12.50"),
    "cash": Decimal128("1234.56"),
    "single": 1.1,
    "doublePrecision": 0.1,
    "body": 'héllo },"payload":{ "',
    "name": "vc",
    "code": "ch   ",
    "born": LEAP_DAY,
    "at": NOON,
    "atMillis": NOON,
    "atZone": DatetimeMS(1_709_202_896_123),
    "clock": "12:34:56.123456",
    "clockMillis": "12:34:56.123",
    "clockZone": "10:34:56.5Z",
    "lasting": "P1Y2M3DT4H5M6.789S",
    "token": TOKEN,
    "doc": {"a": 2, "b": [1, None]},
    "docb": {"z": Decimal128("1.50"), "$x": {"a.b": None}, "big": Decimal128("12345678901234567890123")},
    "mood": "happy",
    "ip": "10.0.0.1/24",
    "span": "[1,5)",
    "words": "'a' 'cat' 'fat'",
    "data": b"\x00\xff\x10",
    "place": {"type": "Point", "coordinates": [1.5, -2.5]},
    "price": "9.99",
    "pairBox": b"(1.0,1.0),(0.0,0.0)",
    "vec": [1.0, 2.5, 3.0],
    "numbers": [1, None, 3],
    "bigs": [2**63 - 1],
    "texts": ["a", None, "b,c"],
    "exacts": [Decimal128("1.5"), None],
    "days": [LEAP_DAY],
    "tokens": [TOKEN],
    "docs": [{"a": 1}, None],
    "moods": ["ok", "happy"],
    "doubles": [1.5, float("inf")],
    "datas": [b"\x00\xff"],
    "_id_": "not the key",
}


def writes(table: str, *key: str) -> list[Write | None]:
    """What the captured records of the table ask for, None where they cannot be applied."""
    plan = TablePlan(schema_name="sample", table=table, topic="t", collection=table, key=key, identity=Identity.KEY)
    decoder, mapper = Decoder(), TableMapper(plan, "job", 1)
    found: list[Write | None] = []
    for record in captured(table):
        change = decoder.decode(record)
        assert change is not None
        try:
            found.append(mapper.write(change))
        except UnsupportedChangeError:
            found.append(None)
    return found


def stored(write: Write | None) -> dict[str, Any]:
    """The document as MongoDB gives it back."""
    assert write is not None
    assert not isinstance(write, Delete)
    return bson.decode(bson.encode(write.document), codec_options=AS_MILLIS)


@pytest.fixture(scope="module")
def everyday() -> list[Write | None]:
    return writes("everyday", "id")


def test_a_row_of_everyday_types_is_its_document_in_the_snapshot_and_in_a_change(everyday: list[Write | None]) -> None:
    assert stored(everyday[0]) == EVERYDAY
    assert list(stored(everyday[0])) == list(EVERYDAY)
    assert stored(everyday[4]) == {**EVERYDAY, "_id": 101}
    assert stored(everyday[9]) == {**EVERYDAY, "small": 5, "clock": "24:00:00"}
    assert [type(everyday[place]) for place in (0, 4, 9)] == [Insert, Insert, Replace]


def test_a_row_of_nulls_is_a_document_of_nulls(everyday: list[Write | None]) -> None:
    assert stored(everyday[1]) == {**dict.fromkeys(EVERYDAY), "_id": 2}


def test_nan_and_the_infinities_arrive(everyday: list[Write | None]) -> None:
    nan, infinite = stored(everyday[2]), stored(everyday[3])
    assert [str(nan[name]).lower() for name in ("exact", "single", "doublePrecision")] == ["nan"] * 3
    assert str(infinite["exact"]) == "Infinity"
    assert infinite["single"] == infinite["doublePrecision"] == float("-inf")


def test_infinite_dates_are_the_same_instants_in_the_snapshot_and_in_changes(everyday: list[Write | None]) -> None:
    later, earlier = (
        [stored(everyday[place])[name] for place in places for name in ("born", "at", "atZone")] for places in ((2, 5), (3, 6))
    )
    assert later == [DatetimeMS(8_640_000_000_000_000)] * 6
    assert earlier == [DatetimeMS(-8_640_000_000_000_000)] * 6


def test_dates_before_christ_and_after_9999_are_exact_in_changes(everyday: list[Write | None]) -> None:
    ides, far = stored(everyday[7]), stored(everyday[8])
    day = -735_160 * 86_400_000
    assert [ides[name] for name in ("born", "at", "atZone")] == [
        DatetimeMS(day),
        DatetimeMS(day + 43_200_000),
        DatetimeMS(day + 43_200_000),
    ]
    assert {far[name] for name in ("born", "at", "atZone")} == {DatetimeMS(317_273_587_200_000)}


def test_a_changed_key_is_a_delete_and_a_move_and_a_delete_is_a_delete(everyday: list[Write | None]) -> None:
    gone, come, deleted = everyday[10:]
    assert isinstance(gone, Delete)
    assert (gone.id, gone.moved_to) == (2, 50)
    assert isinstance(come, Move)
    assert (come.id, come.old_id, come.unavailable) == (50, 2, ())
    assert isinstance(deleted, Delete)
    assert (deleted.id, deleted.moved_to) == (50, None)


def test_unchanged_values_that_are_out_of_line_are_left_out_for_every_type_that_debezium_can_send() -> None:
    update, gone, come, deleted = writes("toast", "id")
    unavailable = ("body", "data", "docb", "exact", "words", "texts", "numbers", "bigs", "tokens", "days", "docs", "datas")
    assert isinstance(update, Set)
    assert (update.document, update.unavailable) == ({"_id": 1, "counter": 2}, unavailable)
    assert isinstance(gone, Delete)
    assert gone.moved_to == 5
    assert isinstance(come, Move)
    assert (come.document, come.old_id, come.unavailable) == ({"_id": 5, "counter": 3}, 1, unavailable)
    assert isinstance(deleted, Delete)


def test_a_key_of_several_columns_is_one_id_through_reads_changes_moves_and_deletes() -> None:
    read, update, *moves, deleted, truncated = writes("composite", "tenant", "Order_Id", "at", "amount", "a.b")
    first = {"tenant": "a", "orderId": 1, "at": "2024-01-01T00:00:00.120000Z", "amount": Decimal128("1.5"), "a.b": 7}
    second = {**first, "orderId": 2}
    assert stored(read) == {"_id": first, "v": "x"}
    assert stored(update) == {"_id": first, "v": "y"}
    ids = [bson.encode({"": write.id}) for write in (*moves, deleted) if isinstance(write, Delete | Move)]
    one, other = bson.encode({"": first}), bson.encode({"": second})
    assert ids == [one, one, one, other, other], "1.50 and 1.5 are one key"
    assert isinstance(truncated, Clear)
