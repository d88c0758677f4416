"""SQL Server's catalogue becomes tables with their keys."""

from typing import Any

import pytest
from tests.fakes.database import RecordedDatabase

from pipeline.errors import ConfigError
from pipeline.sources.queries import Row
from pipeline.sources.source import Column, Identity, Table
from pipeline.sources.sqlserver import catalogue


def column(name: str, base: str, **more: Any) -> Row:
    plain = {"is_nullable": False, "is_computed": False, "max_length": 4, "precision": 0, "scale": 0, "is_user_defined": False}
    return {
        "object_id": 1,
        "column_name": name,
        "base_type": base,
        "type_name": base,
        "encryption_type": None,
        "collation_name": None,
        **plain,
        **more,
    }


def key(index: int, name: str, *, primary: bool = False, nullable: bool = False) -> Row:
    return {"object_id": 1, "index_id": index, "is_primary_key": primary, "column_name": name, "is_nullable": nullable}


async def only_table(columns: list[Row], keys: list[Row]) -> Table:
    tables = [{"object_id": 1, "schema_name": "dbo", "table_name": "t", "row_count": 7}]
    (found,) = await catalogue.read_tables(RecordedDatabase({catalogue.TABLES: tables, catalogue.COLUMNS: columns, catalogue.KEYS: keys}))
    return found


async def test_types_are_written_as_they_are_declared() -> None:
    found = await only_table(
        [
            column("a", "nvarchar", max_length=80, collation_name="Latin1_General_BIN2"),
            column("b", "varchar", max_length=-1),
            column("c", "decimal", precision=12, scale=2),
            column("d", "datetime2", scale=7),
            column("e", "int", type_name="age", is_user_defined=True),
            column("f", "int", is_computed=True),
            column("g", "varchar", encryption_type=1),
        ],
        [key(1, "a", primary=True)],
    )
    assert [each.type for each in found.columns] == [
        "nvarchar(40)",
        "varchar(max)",
        "decimal(12,2)",
        "datetime2(7)",
        "age",
        "int",
        "varchar(4)",
    ]
    assert found.columns[4] == Column("e", "age", nullable=False, domain_base="int")
    assert found.columns[0].collation == "Latin1_General_BIN2"
    assert not found.columns[5].published
    assert found.columns[6].unreadable
    assert found.estimated_rows == 7


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([key(1, "b", primary=True), key(1, "a", primary=True)], ("b", "a")),
        ([key(3, "a", nullable=True), key(4, "b"), key(4, "a"), key(5, "a")], ("b", "a")),
        ([key(3, "b"), key(3, "a", nullable=True)], ()),
        ([], ()),
    ],
)
async def test_the_key_is_the_primary_key_or_an_index_without_nulls(keys: list[Row], expected: tuple[str, ...]) -> None:
    found = await only_table([column("a", "int"), column("b", "int")], keys)
    assert found.key == expected
    assert found.identity is (Identity.KEY if expected else Identity.FULL)


async def test_large_values_leave_a_row_without_a_key_without_an_identity() -> None:
    assert (await only_table([column("a", "nvarchar", max_length=-1)], [])).identity is Identity.NOTHING


async def test_a_database_without_tables_is_told() -> None:
    with pytest.raises(ConfigError, match="has no table that the user sees"):
        await catalogue.read_tables(RecordedDatabase({catalogue.TABLES: []}))
