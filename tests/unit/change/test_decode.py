"""A record becomes the change that it carries."""

import pytest
from tests.unit.change.envelopes import Table, captured, dumps

from pipeline.change.change import Operation
from pipeline.change.decode import Decoder
from pipeline.change.record import Position, Record
from pipeline.errors import DecodeError

ADA = {"id": 1, "name": "Ada"}


def test_a_change_says_what_happened_to_which_row_of_which_table_and_when() -> None:
    record = Table().update({"id": 1, "name": "Ada L."}, before=ADA)
    change = Decoder().decode(record)
    assert change is not None
    assert change.operation is Operation.UPDATE
    assert (change.schema, change.table) == ("public", "customer")
    assert (change.before, change.after) == (ADA, {"id": 1, "name": "Ada L."})
    assert (change.committed_at_ms, change.transaction, change.log_position) == (1_700_000_000_000, "700", 65_876_560)
    assert change.position == record.position
    assert change.size == len(record.value or b"")
    assert (change.moved_from, change.moved_to) == (None, None)


def test_the_table_is_the_one_that_the_source_names_whatever_the_topic() -> None:
    record = Table(schema="Odd schema", name="a b", topic="shop.Odd_schema.a_b").read(ADA)
    change = Decoder().decode(record)
    assert change is not None
    assert (change.schema, change.table) == ("Odd schema", "a b")


def test_two_tables_that_share_a_topic_keep_their_own_schemas() -> None:
    decoder, one, other = Decoder(), Table(name="a b"), Table(name="a_b", columns=Table().columns[:1])
    fields = []
    for record in (one.read(ADA), other.read({"id": 1}), one.read(ADA), other.read({"id": 2})):
        change = decoder.decode(record)
        assert change is not None
        assert change.row is not None
        fields.append(len(change.row.fields))
    assert fields == [2, 1, 2, 1]


def test_a_key_change_says_where_the_row_went_and_where_it_came_from() -> None:
    table, decoder = Table(), Decoder()
    gone = decoder.decode(table.delete({"id": 1}, new_key={"id": 2}))
    come = decoder.decode(table.create({"id": 2, "name": "Ada"}, old_key={"id": 1}))
    assert gone is not None
    assert come is not None
    assert (gone.moved_from, gone.moved_to) == (None, {"id": 2})
    assert (come.moved_from, come.moved_to) == ({"id": 1}, None)


def test_a_tombstone_is_no_change() -> None:
    assert Decoder().decode(Record(Position("t", 0, 1), b"{}", None)) is None


def test_a_truncate_has_no_row() -> None:
    change = Decoder().decode(Table().truncate())
    assert change is not None
    assert (change.operation, change.row) == (Operation.TRUNCATE, None)


def test_a_logical_message_has_no_row_and_no_table() -> None:
    value = dumps(
        {
            "schema": {"type": "struct", "fields": [{"type": "string", "optional": True, "field": "op"}]},
            "payload": {
                "op": "m",
                "ts_ms": 1,
                "source": {"schema": "", "table": "", "ts_ms": 5, "txId": None},
                "message": {"prefix": "rowstream", "content": "dG9rZW4="},
            },
        }
    )
    change = Decoder().decode(Record(Position("t", 0, 1), None, value.encode()))
    assert change is not None
    assert (change.operation, change.row, change.table, change.transaction) == (Operation.MESSAGE, None, "", None)


@pytest.mark.parametrize("payload", [{"ts_ms": 1}, {"op": "x", "source": {}}, {"op": "c"}, {"op": "c", "source": {}, "after": [1]}])
def test_a_heartbeat_or_anything_else_that_is_no_change_is_refused(payload: dict[str, object]) -> None:
    value = dumps({"schema": {"type": "struct", "fields": []}, "payload": payload}).encode()
    with pytest.raises(DecodeError, match="heartbeat"):
        Decoder().decode(Record(Position("heartbeat", 0, 1), None, value))


@pytest.mark.parametrize("header", [b'{"id":1}', b"Struct{id=1}", b'{"k":"a\nb"}', b""])
def test_a_key_change_header_without_its_schema_is_refused_with_the_setting_that_mends_it(header: bytes) -> None:
    record = Table().create(ADA)._replace(headers=[("__debezium.oldkey", header)])
    with pytest.raises(DecodeError) as refused:
        Decoder().decode(record)
    assert "header.converter" in (refused.value.suggestion or "")


def test_headers_of_others_are_left_alone() -> None:
    change = Decoder().decode(Table().create(ADA)._replace(headers=[("trace", b"\xff"), ("empty", None)]))
    assert change is not None
    assert change.moved_from is None


def test_records_of_a_real_connector_decode_to_their_changes() -> None:
    decoder = Decoder()
    operations = {}
    for table in ("everyday", "toast", "composite"):
        changes = [change for record in captured(table) if (change := decoder.decode(record)) is not None]
        assert {(change.schema, change.table) for change in changes} == {("sample", table)}
        operations[table] = "".join(change.operation for change in changes)
    assert operations == {"everyday": "rrrrcccccudcd", "toast": "udcd", "composite": "rudcdcdt"}
