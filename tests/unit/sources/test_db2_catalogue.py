"""Db2's catalogue becomes tables with their keys."""

from typing import Any

import pytest
from tests.fakes.database import RecordedDatabase

from pipeline.errors import ConfigError
from pipeline.sources.db2 import catalogue
from pipeline.sources.queries import Row
from pipeline.sources.source import Column, Identity, Table

OF_TABLE = {"schema_name": "SALES", "table_name": "T"}


def column(name: str, base: str, **more: Any) -> Row:
    plain = {"typename": base, "metatype": None, "length": 4, "scale": 0, "codepage": 0, "nulls": "N", "collationname": None}
    return {**OF_TABLE, "colname": name, "base_type": base, **plain, **more}


def key(constraint: str, name: str, kind: str = "P") -> Row:
    return {**OF_TABLE, "constname": constraint, "type": kind, "colname": name, "nulls": "N"}


def recorded(columns: list[Row], keys: list[Row], card: int = 7, compatible: str = "OFF") -> RecordedDatabase:
    return RecordedDatabase(
        {
            catalogue.SCHEMAS: [{"name": "SALES"}, {"name": "Odd"}],
            catalogue.TABLES: [
                {**OF_TABLE, "card": card},
                {**OF_TABLE, "schema_name": "SYSTOOLS", "card": 1},
            ],
            catalogue.COLUMNS: columns,
            catalogue.KEYS: keys,
            catalogue.COMPATIBILITY: [{"value": compatible}],
        }
    )


async def only_table(columns: list[Row], keys: list[Row], card: int = 7) -> Table:
    (found,) = await catalogue.read_tables(recorded(columns, keys, card), None)
    return found


async def test_types_are_written_as_they_are_declared() -> None:
    found = await only_table(
        [
            column("A", "VARCHAR", length=40, codepage=1208, collationname="IDENTITY"),
            column("B", "CHARACTER", length=16, codepage=0),
            column("C", "DECIMAL", length=12, scale=2),
            column("D", "TIMESTAMP", length=10, scale=6),
            column("E", "INTEGER", typename="AGE", metatype="T", nulls="Y"),
            column("F", "ADDRESS", metatype="R"),
        ],
        [key("PK", "A")],
    )
    types = [each.type for each in found.columns]
    assert types == ["VARCHAR(40)", "CHARACTER(16) FOR BIT DATA", "DECIMAL(12,2)", "TIMESTAMP(6)", "AGE", "ADDRESS"]
    assert found.columns[4] == Column("E", "AGE", nullable=True, domain_base="INTEGER")
    assert found.columns[0].collation == "IDENTITY"
    assert found.columns[5].unreadable
    assert found.estimated_rows == 7


async def test_a_database_that_compares_as_oracle_does_has_another_rule_for_its_texts() -> None:
    text = column("A", "VARCHAR", length=40, codepage=1208, collationname="IDENTITY")
    (found,) = await catalogue.read_tables(recorded([text, column("B", "INTEGER")], [], compatible="ON"), None)
    assert [each.collation for each in found.columns] == ["IDENTITY with varchar2_compat", None]


@pytest.mark.parametrize(
    ("keys", "columns"),
    [
        ([key("PK", "B"), key("PK", "A"), key("U", "A", "U")], ("B", "A")),
        ([key("U1", "A", "U"), key("U2", "B", "U")], ("A",)),
        ([], ()),
    ],
)
async def test_the_key_is_the_first_constraint(keys: list[Row], columns: tuple[str, ...]) -> None:
    found = await only_table([column("A", "INTEGER"), column("B", "INTEGER")], keys, card=-1)
    assert (found.key, found.estimated_rows) == (columns, None)
    assert found.identity is (Identity.KEY if columns else Identity.FULL)


@pytest.mark.parametrize(("schema", "found"), [("SALES", 1), ("sales", 1), (None, 1)])
async def test_a_schema_is_found_as_db2_folds_names(schema: str | None, found: int) -> None:
    assert len(await catalogue.read_tables(recorded([], []), schema)) == found


async def test_a_schema_that_does_not_exist_is_told_with_those_like_it() -> None:
    with pytest.raises(ConfigError, match="schema odd of currentSchema does not exist") as caught:
        await catalogue.read_tables(recorded([], []), "odd")
    assert caught.value.suggestion is not None
    assert "Odd" in caught.value.suggestion


async def test_a_schema_without_tables_is_told() -> None:
    with pytest.raises(ConfigError, match="schema Odd has no table"):
        await catalogue.read_tables(recorded([], []), "Odd")
