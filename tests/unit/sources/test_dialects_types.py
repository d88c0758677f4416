"""What travels for each of SQLAlchemy's types."""

from typing import Any

import pytest
from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

from pipeline.sources.dialects import duckdb, sqlanywhere_catalogue, sqlite, sybase_catalogue
from pipeline.sources.dialects.types import CAST, wire_type


@pytest.mark.parametrize(
    ("column_type", "dialect", "connect", "logical"),
    [
        (types.SMALLINT(), "postgresql", "int16", None),
        (types.INTEGER(), "postgresql", "int32", None),
        (sqlite.column_type("INTEGER"), "sqlite", "int64", None),
        (types.BIGINT(), "mysql", "int64", None),
        (mysql.INTEGER(unsigned=True), "mysql", "int64", None),
        (mysql.SMALLINT(unsigned=True), "mysql", "int32", None),
        (mysql.YEAR(), "mysql", "int32", None),
        (mysql.BIT(1), "mysql", "boolean", None),
        (mysql.BIT(9), "mysql", "bytes", None),
        (mysql.LONGBLOB(), "mysql", "bytes", None),
        (mysql.SET("a", "b"), "mysql", "string", "io.debezium.data.EnumSet"),
        (mysql.TIMESTAMP(), "mysql", "string", "io.debezium.time.ZonedTimestamp"),
        (mysql.DATETIME(), "mysql", "int64", "io.debezium.time.MicroTimestamp"),
        (postgresql.TIMESTAMP(timezone=True), "postgresql", "string", "io.debezium.time.ZonedTimestamp"),
        (postgresql.TIME(timezone=True), "postgresql", "string", "io.debezium.time.ZonedTime"),
        (postgresql.INTERVAL(), "postgresql", "string", "io.debezium.time.Interval"),
        (postgresql.JSONB(), "postgresql", "string", "io.debezium.data.Json"),
        (postgresql.UUID(), "postgresql", "string", "io.debezium.data.Uuid"),
        (postgresql.DOMAIN("d", types.DATE()), "postgresql", "int32", "io.debezium.time.Date"),
        (duckdb.column_type("TIMESTAMP WITH TIME ZONE"), "duckdb", "string", "io.debezium.time.ZonedTimestamp"),
        (sybase_catalogue.column_type("timestamp", None, None), "sybase", "bytes", None),
        (sqlanywhere_catalogue.column_type("bit", 1, 0), "sqlany", "boolean", None),
    ],
)
def test_a_type_travels_as_debezium_would_have_it(column_type: TypeEngine[Any], dialect: str, connect: str, logical: str | None) -> None:
    wire = wire_type(column_type, dialect)
    assert (wire.type, wire.logical) == (connect, logical)


@pytest.mark.parametrize(
    "column_type",
    [
        types.NUMERIC(10, 2),
        mysql.BIGINT(unsigned=True),
        duckdb.column_type("HUGEINT"),
        duckdb.column_type("DECIMAL(18,4)"),
        sqlite.column_type("DECIMAL(10, 2)"),
        sybase_catalogue.column_type("money", None, None),
        sybase_catalogue.column_type("ubigint", None, None),
        sqlanywhere_catalogue.column_type("unsigned bigint", 8, 0),
    ],
)
def test_numbers_that_a_double_does_not_hold_travel_as_decimals(column_type: TypeEngine[Any]) -> None:
    wire = wire_type(column_type, "any")
    assert wire.schema()["parameters"] == {"__debezium.source.column.type": "NUMERIC"}


@pytest.mark.parametrize(
    "column_type",
    [
        postgresql.INET(),
        types.NullType(),
        types.ARRAY(postgresql.INET()),
        types.ARRAY(types.INTEGER(), dimensions=2),
        sqlite.column_type("ANY"),
    ],
)
def test_of_any_other_type_the_database_makes_a_text(column_type: TypeEngine[Any]) -> None:
    assert wire_type(column_type, "any") is CAST


@pytest.mark.parametrize(
    ("column_type", "dialect"),
    [
        (types.REAL(), "postgresql"),
        (types.Enum("a"), "postgresql"),
        (types.DATETIME(), "sybase"),
        (types.JSON(), "mysql"),
        (mysql.BIT(8), "mysql"),
    ],
)
def test_a_key_whose_values_may_not_be_equal_to_themselves_is_not_gone_on_from(column_type: TypeEngine[Any], dialect: str) -> None:
    assert not wire_type(column_type, dialect).compares


def test_a_type_of_the_users_own_in_ase_is_the_one_that_it_is_stored_as() -> None:
    rows = [(2, 39, "varchar"), (7, 56, "int"), (18, 39, "sysname"), (101, 39, "phone"), (102, 56, "count")]
    assert sybase_catalogue.type_names(rows) == {2: "varchar", 7: "int", 18: "sysname", 101: "varchar", 102: "int"}
