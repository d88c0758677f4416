"""The statements that read tables, and go on reading them."""

import pytest
from sqlalchemy.dialects import mysql, postgresql, sqlite

from pipeline.reader.position import ReadPosition, stored_key
from pipeline.reader.rows import is_resumable, statement
from pipeline.reader.task import ReadTable
from pipeline.sources.dialects.mysql import Geometry
from pipeline.sources.dialects.types import CAST, ENUM, INT32, JSON, SINGLE, TEXT, WireType, wire_type

COLUMNS: dict[str, WireType] = {"a": INT32, "b": TEXT, "c": JSON}


def sql(
    key: tuple[str, ...], position: ReadPosition | None = None, dialect: object = sqlite, columns: dict[str, WireType] = COLUMNS
) -> str:
    """The text of the statement, on one line."""
    chosen = dialect.dialect()  # type: ignore[attr-defined] # a module of SQLAlchemy's
    made = statement(ReadTable("s", "t", key, "topic"), columns, position or ReadPosition(), chosen)
    return " ".join(str(made.compile(dialect=chosen)).split()).replace('"', "")


def test_a_table_is_read_in_the_order_of_its_key() -> None:
    assert sql(("b", "a")) == "SELECT s.t.a, s.t.b, CAST(s.t.c AS VARCHAR) AS c FROM s.t ORDER BY s.t.b, s.t.a"


def test_every_name_is_in_quotes_since_no_list_of_reserved_words_is_complete() -> None:
    made = statement(ReadTable("main", "nothing", (), ""), {"exclude": INT32}, ReadPosition(), sqlite.dialect())
    assert " ".join(str(made.compile(dialect=sqlite.dialect())).split()) == 'SELECT "main"."nothing"."exclude" FROM "main"."nothing"'


def test_a_table_without_a_key_is_read_as_it_comes() -> None:
    assert sql(()).endswith("FROM s.t")


def test_it_is_gone_on_with_behind_the_last_key_by_the_databases_own_comparison() -> None:
    text = sql(("a", "b"), ReadPosition(5, stored_key([1, "x"])))
    assert "WHERE s.t.a >= ? AND (s.t.a > ? OR s.t.a = ? AND s.t.b > ?) ORDER BY s.t.a, s.t.b" in text


def test_a_key_of_one_column_is_simply_greater() -> None:
    assert "WHERE s.t.a > ? ORDER BY" in sql(("a",), ReadPosition(5, stored_key([1])))


@pytest.mark.parametrize("dialect", [postgresql, mysql])
def test_values_are_given_back_without_a_cast(dialect: object) -> None:
    text = sql(("a", "b"), ReadPosition(5, stored_key([2**40, "x"])), dialect)
    condition = text.partition("WHERE")[2]
    assert condition
    assert "::" not in condition
    assert "CAST" not in condition


def test_numbers_of_single_precision_and_shapes_are_read_whole_of_mysql() -> None:
    shape = wire_type(Geometry(), "mysql")
    text = sql((), dialect=mysql, columns={"f": SINGLE, "g": shape})
    assert text.replace("`", "").startswith("SELECT s.t.f + 0e0 AS anon_1, ST_AsText(s.t.g) AS ST_AsText_1 FROM")


def test_a_table_is_gone_on_with_only_where_all_values_of_its_key_survive() -> None:
    assert is_resumable(ReadTable("s", "t", ("a", "b"), ""), COLUMNS)
    assert not is_resumable(ReadTable("s", "t", (), ""), COLUMNS)
    for wire in (ENUM, CAST):
        assert not is_resumable(ReadTable("s", "t", ("a", "b"), ""), {"a": INT32, "b": wire})
