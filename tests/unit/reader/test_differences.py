"""How rows are looked up that a feed has told of."""

import pytest
from sqlalchemy.dialects import registry

from pipeline.errors import ConfigError
from pipeline.reader.differences import Columns, statement
from pipeline.reader.task import ReadTable
from pipeline.reader.told_keys import ToldKey, key_values
from pipeline.sources.dialects.types import INT64, TEXT

COCKROACHDB = registry.load("cockroachdb.psycopg")()
COLUMNS = Columns({"id": INT64, "line": INT64, "note": TEXT}, ("id",))


def sql(columns: Columns, wanted: list[list[str]], key: tuple[str, ...] = ("id",), condition: str | None = None) -> tuple[str, list[str]]:
    table = ReadTable("S p", 'o"dd', key, "topic", condition)
    compiled = statement(table, columns, wanted, COCKROACHDB).compile(dialect=COCKROACHDB)
    return " ".join(str(compiled).split()), [compiled.params[name] for name in compiled.positiontup or compiled.params]


def test_rows_are_found_by_the_values_of_their_key_as_texts_of_no_type() -> None:
    text, values = sql(COLUMNS, [["1"], ["25"]])
    assert text.startswith('SELECT "S p"."o""dd"."id", "S p"."o""dd"."line", "S p"."o""dd"."note" FROM "S p"."o""dd" WHERE ')
    assert text.endswith('"S p"."o""dd"."id" IN (%(param_1)s, %(param_2)s)')
    assert values == ["1", "25"]


def test_keys_of_several_columns_are_compared_part_by_part_in_the_feeds_order_beside_the_filter() -> None:
    text, values = sql(Columns(COLUMNS.wires, ("shard", "line", "id")), [["3", "1"], ["4", "2"]], ("id", "line"), "note <> 'a:b'")
    assert "WHERE (note <> 'a:b') AND " in text
    assert '("S p"."o""dd"."line", "S p"."o""dd"."id") IN ((%(param_1)s, %(param_2)s), (%(param_3)s, %(param_4)s))' in text
    assert "shard" not in text
    assert values == ["3", "1", "4", "2"]


def test_what_is_hidden_in_a_told_key_is_left_out_so_that_a_row_is_one_wherever_it_is() -> None:
    table = ReadTable("public", "t", ("id", "line"), "topic")
    key = ToldKey(table, ("crdb_region", "line", "id"), "104")
    assert key.columns == ("line", "id")
    assert key.row('["us-east1", "a,\\"b", 1.50]') == key.row('["europe-west1", "a,\\"b", 1.50]') == '["a,\\"b",1.50]'
    with pytest.raises(ConfigError, match="has another primary key"):
        key.row("[1, 2]")
    with pytest.raises(ConfigError, match="has another primary key"):
        ToldKey(table, ("id",), "104")


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("[1, -25]", ["1", "-25"]),
        ("[9007199254740993]", ["9007199254740993"]),
        ("[1.10, 1E+3]", ["1.10", "1E+3"]),
        ('["NaN", "a\\"b", "\\u00e4"]', ["NaN", 'a"b', "ä"]),
        ('["\\\\x6162", true]', ["\\x6162", "true"]),
    ],
)
def test_the_values_of_a_key_keep_their_digits(key: str, values: list[str]) -> None:
    assert key_values(key) == values
