"""A change becomes the write that leaves the document equal to the row."""

from typing import Any

import pytest
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from tests.unit.change.envelopes import Row, Table, column

from pipeline.change.change import Change
from pipeline.change.decode import Decoder
from pipeline.change.record import Record
from pipeline.errors import DecodeError, MappingError, UnsupportedChangeError
from pipeline.jobs.job import TablePlan
from pipeline.mapping.rows import TableMapper
from pipeline.mapping.style import Names, Nulls
from pipeline.mapping.unavailable import PLACEHOLDER
from pipeline.sink.row_id import digest
from pipeline.sink.write import Clear, Delete, Insert, Move, Replace, Set, Swap, Write
from pipeline.sources.source import Identity

UNKNOWN = PLACEHOLDER
JOB = "65f000000000000000000001"
COLUMNS = [column("ID", "int32", optional=False), column("FIRST_NAME"), column("_id"), column("amount", source_type="NUMERIC")]
ROW: Row = {"ID": 1, "FIRST_NAME": "Ada", "_id": "x", "amount": "1.50"}
DOCUMENT = {"_id": 1, "firstName": "Ada", "_id_": "x", "amount": Decimal128("1.50")}


def plan(key: tuple[str, ...] = ("ID",), table: str = "customer", schema: str = "public") -> TablePlan:
    """A table of a job."""
    return TablePlan(schema_name=schema, table=table, topic="t", collection="people", key=key, identity=Identity.KEY)


def table() -> Table:
    """The table whose columns are above."""
    return Table(columns=COLUMNS, key=("ID",))


def change_of(record: Record) -> Change:
    """The change that a record carries."""
    change = Decoder().decode(record)
    assert change is not None
    return change


def written(record: Record, mapper: TableMapper | None = None) -> Write:
    """The write that a record asks for."""
    return (mapper or TableMapper(plan(), JOB, generation=3)).write(change_of(record))


def test_a_row_read_or_created_is_inserted_with_its_key_first_and_not_repeated() -> None:
    for record in (table().read(ROW), table().create(ROW)):
        write = written(record)
        assert write == Insert("people", 1, DOCUMENT, record.position)
        assert isinstance(write, Insert)
        assert next(iter(write.document)) == "_id"


def test_an_update_replaces_the_document() -> None:
    record = table().update(ROW)
    assert written(record) == Replace("people", 1, DOCUMENT, record.position)


def test_null_is_kept_as_null() -> None:
    record = table().update({**ROW, "FIRST_NAME": None, "amount": None})
    assert written(record) == Replace("people", 1, {**DOCUMENT, "firstName": None, "amount": None}, record.position)


def test_an_update_that_leaves_values_out_sets_the_others() -> None:
    record = table().update({**ROW, "FIRST_NAME": UNKNOWN, "amount": UNKNOWN})
    assert written(record) == Set("people", 1, {"_id": 1, "_id_": "x"}, ("firstName", "amount"), record.position)


def test_a_text_of_a_new_row_that_looks_like_a_placeholder_is_the_rows_own() -> None:
    for record in (table().read({**ROW, "FIRST_NAME": UNKNOWN}), table().create({**ROW, "FIRST_NAME": UNKNOWN})):
        write = written(record)
        assert isinstance(write, Insert)
        assert write.document["firstName"] == UNKNOWN


def test_a_delete_names_the_document() -> None:
    record = table().delete({"ID": 1})
    assert written(record) == Delete("people", 1, record.position)


def test_a_key_change_is_a_delete_and_a_move_that_know_of_each_other() -> None:
    changed = table()
    gone = changed.delete({"ID": 1}, new_key={"ID": 2})
    come = changed.create({**ROW, "ID": 2, "FIRST_NAME": UNKNOWN}, old_key={"ID": 1})
    assert written(gone) == Delete("people", 1, gone.position, moved_to=2)
    document = {"_id": 2, "_id_": "x", "amount": Decimal128("1.50")}
    assert written(come) == Move("people", 2, 1, document, ("firstName",), come.position)


def deferrable(*, snapshots: bool = True) -> TableMapper:
    """The mapper of a table whose key is deferrable."""
    return TableMapper(plan().model_copy(update={"deferrable_key": True, "identity": Identity.FULL}), JOB, 1, snapshots=snapshots)


def test_a_row_that_comes_says_whether_its_key_is_deferrable() -> None:
    moved, created = table().create({**ROW, "ID": 2}, old_key={"ID": 1}), table().create(ROW)
    for record in (moved, created):
        for mapper, expected in ((TableMapper(plan(), JOB, 1), False), (deferrable(), True)):
            write = written(record, mapper)
            assert isinstance(write, Insert | Move)
            assert write.deferrable is expected


def test_a_row_that_is_read_meets_no_other() -> None:
    record = table().read(ROW)
    assert written(record, deferrable()) == Insert("people", 1, DOCUMENT, record.position)


@pytest.mark.parametrize("snapshots", [True, False])
def test_where_the_key_is_deferrable_a_change_tells_the_row_as_it_was(snapshots: bool) -> None:
    changes, mapper = table(), deferrable(snapshots=snapshots)
    update = changes.update({**ROW, "_id": UNKNOWN, "FIRST_NAME": "Bob"}, before=ROW)
    assert written(update, mapper) == Replace("people", 1, {**DOCUMENT, "firstName": "Bob"}, update.position, DOCUMENT, snapshots)
    delete, gone = changes.delete(ROW), changes.delete(ROW, new_key={"ID": 2})
    assert written(delete, mapper) == Delete("people", 1, delete.position, None, DOCUMENT, snapshots)
    assert written(gone, mapper) == Delete("people", 1, gone.position, 2, DOCUMENT, snapshots)
    with pytest.raises(DecodeError, match="lacks its row image") as refused:
        written(changes.update(ROW), mapper)
    assert "REPLICA IDENTITY FULL" in (refused.value.suggestion or "")


def test_a_key_column_that_an_update_leaves_out_is_taken_from_the_row_before() -> None:
    columns, mapper = [column("k", optional=False), column("v")], TableMapper(plan(("k",)), JOB, 1)
    long = Table(columns=columns, key=("k",))
    update = long.update({"k": UNKNOWN, "v": "new"}, before={"k": "long", "v": None})
    assert written(update, mapper) == Replace("people", "long", {"_id": "long", "v": "new"}, update.position)
    with pytest.raises(MappingError, match="does not carry") as refused:
        written(long.update({"k": UNKNOWN, "v": "new"}), mapper)
    assert "REPLICA IDENTITY FULL" in (refused.value.suggestion or "")


OWNER = {"job": JOB, "generation": 3}
KEYLESS = {"id": 1, **{name: value for name, value in DOCUMENT.items() if name != "_id"}}


def keyless(identity: Identity = Identity.FULL, *, snapshots: bool = True) -> TableMapper:
    return TableMapper(plan(key=()).model_copy(update={"identity": identity}), JOB, generation=3, snapshots=snapshots)


def swapped(record: Record, mapper: TableMapper) -> Swap:
    write = written(record, mapper)
    assert isinstance(write, Swap)
    return write


@pytest.mark.parametrize("identity", Identity)
def test_a_row_without_a_key_is_named_by_what_it_holds_and_the_place_of_its_record(identity: Identity) -> None:
    for record in (Table(columns=COLUMNS, key=(), offset=41).read(ROW), Table(columns=COLUMNS, key=(), offset=41).create(ROW)):
        write = swapped(record, keyless(identity))
        assert (write.gone, write.come) == (None, {"_id": write.come["_id"], **KEYLESS} if write.come else None)
        assert write.come is not None
        assert list(write.come["_id"].items()) == [("row", digest(KEYLESS)), *OWNER.items(), ("partition", 0), ("offset", 41)]


def test_rows_without_a_key_of_two_jobs_never_meet() -> None:
    record = Table(columns=COLUMNS, key=(), offset=41).read(ROW)
    one, other = (swapped(record, TableMapper(plan(key=()), job, 1)).come for job in (JOB, "65f000000000000000000002"))
    assert one is not None
    assert other is not None
    assert one["_id"] != other["_id"]


def test_a_changed_row_without_a_key_is_told_by_all_it_held() -> None:
    rows = Table(columns=COLUMNS, key=(), offset=41)
    after = {**ROW, "FIRST_NAME": "Grace"}
    update, delete = swapped(rows.update(after, before=ROW), keyless()), swapped(rows.delete(ROW), keyless())
    gone = {"_id": {"row": digest(KEYLESS), **OWNER}, **KEYLESS}
    come = {**KEYLESS, "firstName": "Grace"}
    identity = {"row": digest(come), **OWNER, "partition": 0, "offset": 41}
    assert update == Swap("people", gone, {"_id": identity, **come}, update.position)
    assert delete == Swap("people", gone, None, delete.position)
    assert update.required


def test_a_changed_row_without_a_key_may_have_no_document_where_none_was_read() -> None:
    write = swapped(Table(columns=COLUMNS, key=()).delete(ROW), keyless(snapshots=False))
    assert write.gone == {"_id": {"row": digest(KEYLESS)}, **KEYLESS}
    assert not write.required


def test_values_that_an_update_of_a_row_without_a_key_leaves_out_are_those_before() -> None:
    record = Table(columns=COLUMNS, key=()).update({**ROW, "FIRST_NAME": UNKNOWN, "amount": UNKNOWN}, before=ROW)
    write = swapped(record, keyless())
    assert write.come == {"_id": write.come["_id"] if write.come else None, **KEYLESS}
    assert write.come is not None
    assert write.come["_id"]["row"] == digest(KEYLESS)


def test_a_row_without_a_key_that_has_no_bson_is_not_applied() -> None:
    columns = [column("document", logical="io.debezium.data.Json")]
    record = Table(columns=columns, key=()).create({"document": '{"nul\\u0000": 1}'})
    with pytest.raises(MappingError) as refused:
        written(record, keyless())
    assert refused.value.table == "public.customer"


@pytest.mark.parametrize("record", [table().update(ROW), table().delete(ROW)])
@pytest.mark.parametrize("identity", [Identity.KEY, Identity.NOTHING])
def test_a_change_that_does_not_tell_the_row_without_a_key_is_not_applied_and_says_what_to_do(record: Record, identity: Identity) -> None:
    with pytest.raises(UnsupportedChangeError) as refused:
        written(record, keyless(identity))
    assert "ADD PRIMARY KEY" in (refused.value.suggestion or "")
    assert "REPLICA IDENTITY FULL" in (refused.value.suggestion or "")
    assert refused.value.table == "public.customer"


@pytest.mark.parametrize("key", [("ID",), ()])
def test_a_truncate_clears_the_collection(key: tuple[str, ...]) -> None:
    record = table().truncate()
    assert written(record, TableMapper(plan(key), JOB, 1)) == Clear("people", record.position)


def test_a_new_schema_takes_effect_with_its_first_record_and_an_older_one_comes_back() -> None:
    mapper = TableMapper(plan(), JOB, 1)
    wider = Table(columns=[*COLUMNS, column("added", "int64")], key=("ID",))
    documents: list[Any] = []
    decoder = Decoder()
    for record in (table().read(ROW), wider.read({**ROW, "added": 5}), table().read(ROW)):
        change = decoder.decode(record)
        assert change is not None
        write = mapper.write(change)
        assert isinstance(write, Insert)
        documents.append(write.document)
    assert documents == [DOCUMENT, {**DOCUMENT, "added": Int64(5)}, DOCUMENT]


def test_a_value_that_cannot_be_mapped_names_table_column_and_type() -> None:
    with pytest.raises(MappingError, match=r'"amount" of public\.customer \(NUMERIC\).*34') as refused:
        written(table().read({**ROW, "amount": "1" * 35}))
    assert (refused.value.table, refused.value.column) == ("public.customer", "amount")


def test_a_type_that_cannot_be_mapped_names_table_column_and_type() -> None:
    odd = Table(columns=[*COLUMNS, column("odd", "struct", "com.example.Odd")], key=("ID",))
    with pytest.raises(MappingError, match=r'"odd" of public\.customer .*com\.example\.Odd') as refused:
        written(odd.read({**ROW, "odd": {}}))
    assert refused.value.column == "odd"


def test_columns_that_collide_after_a_change_of_the_table_are_named() -> None:
    twice = Table(columns=[*COLUMNS, column("firstName")], key=("ID",))
    with pytest.raises(MappingError, match='"FIRST_NAME" and "firstName"'):
        written(twice.read({**ROW, "firstName": "x"}))


def test_a_key_column_that_is_gone_is_named() -> None:
    with pytest.raises(MappingError, match='no column "tenant"') as refused:
        written(table().read(ROW), TableMapper(plan(("tenant", "ID")), JOB, 1))
    assert refused.value.column == "tenant"


def test_a_row_image_that_is_not_there_or_lacks_a_column_is_refused() -> None:
    change = change_of(table().update(ROW))
    change.after, change.before = None, {"ID": 1}
    with pytest.raises(DecodeError, match="lacks its row image"):
        TableMapper(plan(), JOB, 1).write(change)
    with pytest.raises(DecodeError, match='lacks the column "amount"'):
        written(table().read({name: value for name, value in ROW.items() if name != "amount"}))


def test_a_table_of_one_column_and_one_of_a_key_alone_are_mapped() -> None:
    alone = Table(columns=COLUMNS[:1], key=("ID",))
    assert written(alone.read({"ID": 7})).id == 7
    pair = Table(columns=COLUMNS[:2], key=("ID",))
    write = written(pair.read({"ID": 7, "FIRST_NAME": "x"}))
    assert isinstance(write, Insert)
    assert write.document == {"_id": 7, "firstName": "x"}


def test_a_domain_is_read_as_what_it_stands_for_and_one_made_since_is_named() -> None:
    columns = [column("id", "int32", optional=False), column("price", source_type="AMOUNT")]
    mapper = TableMapper(plan(("id",)), JOB, 1, {"AMOUNT": "NUMERIC"})
    record = Table(columns=columns, key=("id",)).create({"id": 1, "price": "1.50"})
    assert written(record, mapper) == Insert("people", 1, {"_id": 1, "price": Decimal128("1.50")}, record.position)
    with pytest.raises(MappingError, match=r'column "price" of public\.customer has the type AMOUNT') as refused:
        written(record, TableMapper(plan(("id",)), JOB, 1, {"OTHER": "NUMERIC"}))
    assert (refused.value.column, refused.value.suggestion) == ("price", "Post the job again.")


STYLED = [
    column("ID", "int32", optional=False),
    column("First_Name"),
    column("doc", logical="io.debezium.data.Json"),
    column("amount", source_type="NUMERIC"),
]
NULLS: Row = {"ID": 1, "First_Name": None, "doc": "null", "amount": None}


def styled(*key: str) -> TableMapper:
    """The mapper of a table whose documents have the source's names and no nulls."""
    written_so = {"names": Names.SOURCE, "nulls": Nulls.OMIT, "identity": Identity.FULL}
    return TableMapper(plan(key).model_copy(update=written_so), JOB, generation=3)


def test_nulls_are_left_out_where_a_project_wants_it_but_not_those_inside_json() -> None:
    rows = Table(columns=STYLED, key=("ID",))
    for record in (rows.read(NULLS), rows.create(NULLS)):
        assert written(record, styled("ID")) == Insert("people", 1, {"_id": 1, "doc": None}, record.position)
    update = rows.update({**NULLS, "amount": "1.50"})
    assert written(update, styled("ID")) == Replace("people", 1, {"_id": 1, "doc": None, "amount": Decimal128("1.50")}, update.position)


def test_an_update_that_leaves_out_a_value_and_makes_another_null_says_so_by_leaving_it_out() -> None:
    rows = Table(columns=STYLED, key=("ID",))
    update = rows.update({**NULLS, "First_Name": UNKNOWN})
    assert written(update, styled("ID")) == Set("people", 1, {"_id": 1, "doc": None}, ("First_Name",), update.position)
    moved = rows.create({**NULLS, "ID": 2, "First_Name": UNKNOWN}, old_key={"ID": 1})
    assert written(moved, styled("ID")) == Move("people", 2, 1, {"_id": 2, "doc": None}, ("First_Name",), moved.position)


def test_an_unusual_value_beside_a_null_takes_the_long_way_to_the_same_document() -> None:
    columns = [column("ID", "int32", optional=False), column("v"), column("n", source_type="NUMERIC")]
    record = Table(columns=columns, key=("ID",)).read({"ID": 1, "v": None, "n": "1" * 35})
    with pytest.raises(MappingError, match='column "n"'):
        written(record, styled("ID"))
    infinite = Table(columns=columns, key=("ID",)).read({"ID": 1, "v": None, "n": "POSITIVE_INFINITY"})
    assert written(infinite, styled("ID")) == Insert("people", 1, {"_id": 1, "n": Decimal128("Infinity")}, infinite.position)


def test_a_row_without_a_key_whose_nulls_are_left_out_knows_all_its_fields() -> None:
    rows = Table(columns=STYLED, key=(), offset=41)
    write = swapped(rows.update({**NULLS, "First_Name": "Ada"}, before=NULLS), styled())
    assert write.shape == ("_id", "ID", "First_Name", "doc", "amount")
    assert write.gone == {"_id": {"row": digest({"ID": 1, "doc": None}), **OWNER}, "ID": 1, "doc": None}
    assert write.come is not None
    assert list(write.come) == ["_id", "ID", "First_Name", "doc"]
