"""What a slot of YugabyteDB tells, from the bytes of pgoutput's messages as PostgreSQL documents them."""

import struct
from collections.abc import Sequence

import pytest

from pipeline.errors import ConfigError, SourceError
from pipeline.sources.following import Changed, NoMoreToldError, Resolved
from pipeline.sources.yugabyte.feed import Told
from pipeline.sources.yugabyte.moments import CLOCKS_APART, COUNTER_BITS, moment_of
from pipeline.sources.yugabyte.pgoutput import EPOCH_MICROS, Begin, Commit, Relation, RowChange, Truncate, decode

ORDERS, LINES, MARKER, OTHER = 16_384, 16_385, 16_386, 16_387
COMMITTED = 1_764_000_000_000_000
"""In microseconds since 1970."""


def text(value: str) -> bytes:
    return value.encode() + b"\0"


def relation(number: int, schema: str, name: str, *columns: str) -> bytes:
    """Int8 'R', the number, namespace and name, the replica identity, and of each column: whether of the key, name, type, modifier."""
    described = b"".join(struct.pack("!B", place == 0) + text(column) + struct.pack("!ii", 23, -1) for place, column in enumerate(columns))
    return b"R" + struct.pack("!I", number) + text(schema) + text(name) + b"d" + struct.pack("!H", len(columns)) + described


def values(*row: str | None) -> bytes:
    """A TupleData: how many columns, and of each its kind and, for a text, its length and bytes; "u" stands for an unchanged one."""
    parts = [
        b"n" if each is None else b"u" if each == "u" else b"t" + struct.pack("!i", len(each.encode())) + each.encode() for each in row
    ]
    return struct.pack("!H", len(row)) + b"".join(parts)


def begin(committed_at: int = COMMITTED) -> bytes:
    return b"B" + struct.pack("!QQI", 0x1000, committed_at - EPOCH_MICROS, 731)


def commit(end: int) -> bytes:
    return b"C" + struct.pack("!BQQQ", 0, end - 1, end, COMMITTED - EPOCH_MICROS)


def insert(number: int, *row: str | None) -> bytes:
    return b"I" + struct.pack("!I", number) + b"N" + values(*row)


def update(number: int, row: Sequence[str | None], old: Sequence[str | None] = (), kind: bytes = b"K") -> bytes:
    before = kind + values(*old) if old else b""
    return b"U" + struct.pack("!I", number) + before + b"N" + values(*row)


def delete(number: int, *old: str | None, kind: bytes = b"K") -> bytes:
    return b"D" + struct.pack("!I", number) + kind + values(*old)


def truncate(*numbers: int) -> bytes:
    return b"T" + struct.pack("!IB", len(numbers), 0) + b"".join(struct.pack("!I", number) for number in numbers)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (begin(), Begin(COMMITTED)),
        (commit(0x2A), Commit(0x2A)),
        (relation(ORDERS, "S p", "örders", "id", "note"), Relation(ORDERS, ("S p", "örders"), ("id", "note"))),
        (insert(ORDERS, "1", None, "ä"), RowChange(ORDERS, (("1", None, "ä"),))),
        (update(ORDERS, ["1", "u"]), RowChange(ORDERS, (("1", None),))),
        (update(ORDERS, ["2", "x"], ["1", None]), RowChange(ORDERS, (("2", "x"), ("1", None)))),
        (update(ORDERS, ["2", "x"], ["1", "y"], b"O"), RowChange(ORDERS, (("2", "x"), ("1", "y")))),
        (delete(ORDERS, "1", None), RowChange(ORDERS, (("1", None),))),
        (delete(ORDERS, "1", "y", kind=b"O"), RowChange(ORDERS, (("1", "y"),))),
        (truncate(ORDERS, LINES), Truncate((ORDERS, LINES))),
        (b"O" + struct.pack("!Q", 1) + text("origin"), None),
        (b"Y" + struct.pack("!I", 9) + text("public") + text("mood"), None),
        (b"M" + struct.pack("!BQ", 0, 1) + text("prefix") + struct.pack("!I", 1) + b"x", None),
    ],
)
def test_messages_are_decoded(data: bytes, message: object) -> None:
    assert decode(data) == message


@pytest.mark.parametrize(
    "data", [b"", b"S", b"B\0", insert(ORDERS, "12")[:-1], relation(ORDERS, "a", "b", "c")[:12], b"I\0\0\0\1N\0\1b\0\0\0\0"]
)
def test_what_is_no_message_is_told(data: bytes) -> None:
    with pytest.raises(SourceError, match="pgoutput told"):
        decode(data)


def told(since: int = 0) -> Told:
    keys = {("public", "orders"): ("id",), ("public", "lines"): ("line", "order")}
    made = Told(keys, {ORDERS: ("public", "orders"), LINES: ("public", "lines")}, ("public", "marker"), since)
    hear(
        made,
        relation(ORDERS, "public", "orders", "id", "note"),
        relation(LINES, "public", "lines", "order", "note", "line"),
        relation(MARKER, "public", "marker", "writer", "moment"),
        relation(OTHER, "public", "other", "id"),
    )
    return made


def hear(feed: Told, *messages: bytes) -> list[Changed | Resolved]:
    return [each for message in messages for each in feed.heard(decode(message))]


def mark(feed: Told, moment: int, end: int) -> list[Changed | Resolved]:
    """Write a marker, and have it arrive."""
    feed.awaited = moment
    return hear(feed, begin(), update(MARKER, ["1", str(moment)]), commit(end))


def keys(heard: list[Changed | Resolved]) -> list[tuple[str, str]]:
    return [(each.place[1], each.key) for each in heard if isinstance(each, Changed)]


def test_rows_are_told_by_their_keys_texts_in_the_keys_order() -> None:
    heard = hear(
        told(), begin(), insert(ORDERS, "1", 'a "quoted" text'), insert(LINES, "7", None, 'x"y'), delete(ORDERS, "2", None), commit(5)
    )
    assert keys(heard) == [("orders", '["1"]'), ("lines", '["x\\"y","7"]'), ("orders", '["2"]')]


def test_a_key_that_changes_is_told_as_it_was_too() -> None:
    assert keys(hear(told(), update(ORDERS, ["2", "u"], ["1", None]))) == [("orders", '["2"]'), ("orders", '["1"]')]


def test_an_old_image_without_a_key_tells_nothing() -> None:
    assert keys(hear(told(), update(ORDERS, ["2", "x"], [None, None]))) == [("orders", '["2"]')]
    with pytest.raises(SourceError, match=r"public\.orders without the row's key"):
        hear(told(), delete(ORDERS, None, None))


def test_tables_that_are_not_followed_are_passed_over() -> None:
    assert hear(told(), begin(), insert(OTHER, "1"), truncate(OTHER), commit(5)) == []
    with pytest.raises(SourceError, match="has not described: 99"):
        hear(told(), insert(99, "1"))


def test_a_table_that_lacks_a_column_of_its_key_has_another() -> None:
    with pytest.raises(ConfigError, match=r"public\.orders has another primary key"):
        hear(told(), relation(ORDERS, "public", "orders", "number"))


def test_a_marker_resolves_its_moment_once_its_transaction_is_told() -> None:
    feed = told()
    feed.awaited = 100
    assert hear(feed, begin(), insert(MARKER, "1", "100")) == []
    assert hear(feed, commit(10)) == [Resolved(moment_of(100), moment_of(0))]
    assert feed.awaited is None
    assert mark(feed, 200, 20) == [Resolved(moment_of(200), moment_of(100))]


def test_markers_of_another_reader_resolve_nothing() -> None:
    feed = told()
    feed.awaited = 100
    assert hear(feed, begin(), update(MARKER, ["1", "99"]), commit(10), begin(), delete(MARKER, "1", None), commit(11)) == []
    assert mark(feed, 100, 12) == [Resolved(moment_of(100), moment_of(0))]
    assert hear(feed, begin(), update(MARKER, ["1", "100"]), commit(13)) == []


def test_a_row_is_looked_at_up_to_the_marker_after_the_next() -> None:
    """It may have been committed after the moment of the marker that follows it, never after that of the one behind."""
    feed = told()
    mark(feed, 100, 10)
    (changed,) = hear(feed, begin(), insert(ORDERS, "1", "x"), commit(15))
    assert isinstance(changed, Changed)
    (first,), (second,) = mark(feed, 200, 20), mark(feed, 300, 30)
    assert isinstance(first, Resolved)
    assert isinstance(second, Resolved)
    assert first.settled < changed.moment <= second.settled


def test_the_slot_may_forget_up_to_the_marker_before_the_one_that_is_settled() -> None:
    feed = told()
    for number in range(1, 6):
        mark(feed, 100 * number, 10 * number)
    assert feed.settled(99) is None
    assert feed.settled(199) is None
    assert feed.settled(200) == 10
    assert feed.settled(350) == 20
    assert feed.settled(350) is None
    assert feed.settled(9_999) == 40


def test_tables_that_are_emptied_are_told() -> None:
    with pytest.raises(NoMoreToldError) as emptied:
        hear(told(since=COMMITTED << COUNTER_BITS), begin(), truncate(OTHER, LINES))
    assert emptied.value.places == {("public", "lines")}


def test_one_that_was_emptied_before_the_moment_is_as_it_was() -> None:
    since = (COMMITTED << COUNTER_BITS) + CLOCKS_APART
    assert hear(told(since), begin(), truncate(LINES), commit(5)) == []
