"""Oracle's data dictionary becomes tables with their keys."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.fakes.database import RecordedDatabase

from pipeline.errors import ConfigError
from pipeline.jobs.names import ownership
from pipeline.sources.oracle import catalogue, flush
from pipeline.sources.queries import Row
from pipeline.sources.source import Identity, Table

OWNED = ownership("0123456789abcdef01234567", 2)
OF_TABLE = {"owner": "SALES", "table_name": "T"}


def column(name: str, kind: str, **more: Any) -> Row:
    plain = {"data_type_owner": None, "data_length": 22, "data_precision": None, "data_scale": None, "char_length": 0}
    return {**OF_TABLE, "column_name": name, "data_type": kind, "nullable": "Y", "virtual_column": "NO", **plain, **more}


def key(constraint: str, name: str, *, kind: str = "P", nullable: str = "N", deferrable: str = "NOT DEFERRABLE") -> Row:
    named = {"constraint_name": constraint, "constraint_type": kind, "deferrable": deferrable}
    return {**OF_TABLE, **named, "column_name": name, "nullable": nullable}


OF_12_1 = {catalogue.COMPARISON: [{"value": "BINARY"}], catalogue.COLLATIONS_KNOWN: []}


async def only_table(columns: list[Row], keys: list[Row], comparing: Mapping[str, list[Row]] = OF_12_1) -> Table:
    recorded = {catalogue.TABLES: [{**OF_TABLE, "num_rows": 7}], catalogue.COLUMNS: columns, catalogue.KEYS: keys, **comparing}
    (found,) = await catalogue.read_tables(RecordedDatabase(recorded))
    return found


async def test_types_are_written_as_they_are_declared() -> None:
    found = await only_table(
        [
            column("A", "NUMBER"),
            column("B", "NUMBER", data_precision=12, data_scale=2),
            column("C", "VARCHAR2", char_length=40),
            column("D", "RAW", data_length=16),
            column("E", "TIMESTAMP(9)"),
            column("F", "XMLTYPE", data_type_owner="PUBLIC"),
            column("G", "ADDRESS", data_type_owner="SALES"),
            column("H", "NUMBER", virtual_column="YES"),
        ],
        [key("PK", "A")],
    )
    types = [each.type for each in found.columns]
    assert types == ["NUMBER", "NUMBER(12,2)", "VARCHAR2(40)", "RAW(16)", "TIMESTAMP(9)", "XMLTYPE", "ADDRESS", "NUMBER"]
    assert [each.name for each in found.columns if each.unreadable] == ["G"]
    assert [each.name for each in found.columns if not each.published] == ["H"]


async def test_texts_compare_as_the_session_does_where_a_column_does_not_say_how() -> None:
    columns = [column("A", "VARCHAR2", char_length=40), column("B", "NCHAR", char_length=4), column("C", "NUMBER")]
    own = [{**OF_TABLE, "column_name": "B", "collation": "BINARY_CI"}]
    of_12_2 = {catalogue.COMPARISON: [{"value": "LINGUISTIC"}], catalogue.COLLATIONS_KNOWN: [{"known": 1}], catalogue.COLLATIONS: own}
    assert [each.collation for each in (await only_table(columns, [])).columns] == ["BINARY", "BINARY", None]
    assert [each.collation for each in (await only_table(columns, [], of_12_2)).columns] == ["LINGUISTIC", "BINARY_CI", None]


@pytest.mark.parametrize(
    ("keys", "columns", "identity"),
    [
        ([key("PK", "B"), key("PK", "A")], ("B", "A"), Identity.KEY),
        ([key("U1", "A", kind="U", nullable="Y"), key("U2", "B", kind="U")], ("B",), Identity.KEY),
        ([key("PK", "A", deferrable="DEFERRABLE")], ("A",), Identity.FULL),
        ([], (), Identity.FULL),
    ],
)
async def test_the_key_is_the_first_constraint_without_nulls(keys: list[Row], columns: tuple[str, ...], identity: Identity) -> None:
    found = await only_table([column("A", "NUMBER"), column("B", "NUMBER")], keys)
    assert (found.key, found.identity) == (columns, identity)
    assert found.deferrable_key is any(each["deferrable"] == "DEFERRABLE" for each in keys)


async def test_large_values_leave_a_row_without_a_key_without_an_identity() -> None:
    assert (await only_table([column("A", "CLOB")], [])).identity is Identity.NOTHING


async def test_a_database_without_tables_is_told() -> None:
    with pytest.raises(ConfigError, match="has no table that the user sees"):
        await catalogue.read_tables(RecordedDatabase({catalogue.TABLES: []}))


async def test_the_table_for_flushing_is_dropped_if_there_is_one() -> None:
    there, gone = (RecordedDatabase({flush.EXISTS: rows, flush.drop_statement(OWNED): []}) for rows in ([{"table_name": "x"}], []))
    await flush.drop_flush_table(there, OWNED)
    await flush.drop_flush_table(gone, OWNED)
    assert there.asked[-1] == "DROP TABLE RS_0123456789ABCDEF01234567_2 PURGE"
    assert gone.asked == [flush.EXISTS]
