"""How rows are looked up that a feed has told of."""

import pytest
from sqlalchemy.dialects import registry

from pipeline.reader.differences import Columns, key_values, statement
from pipeline.reader.task import ReadTable
from pipeline.sources.dialects.types import INT64, TEXT

COCKROACHDB = registry.load("cockroachdb.psycopg")()
COLUMNS = Columns({"id": INT64, "line": INT64, "note": TEXT}, ("id",))


def sql(columns: Columns, wanted: list[list[str]], condition: str | None = None) -> tuple[str, list[str]]:
    table = ReadTable("S p", 'o"dd', ("id",), "topic", condition)
    compiled = statement(table, columns, wanted, COCKROACHDB).compile(dialect=COCKROACHDB)
    return " ".join(str(compiled).split()), [compiled.params[name] for name in compiled.positiontup or compiled.params]


def test_rows_are_found_by_the_values_of_their_key_as_texts_of_no_type() -> None:
    text, values = sql(COLUMNS, [["1"], ["25"]])
    assert text.startswith('SELECT "S p"."o""dd"."id", "S p"."o""dd"."line", "S p"."o""dd"."note" FROM "S p"."o""dd" WHERE ')
    assert text.endswith('"S p"."o""dd"."id" IN (%(param_1)s, %(param_2)s)')
    assert values == ["1", "25"]


def test_keys_of_several_columns_hidden_ones_too_are_compared_part_by_part_beside_the_filter() -> None:
    text, values = sql(Columns(COLUMNS.wires, ("shard", "id")), [["3", "1"], ["4", "2"]], "note <> 'a:b'")
    assert "WHERE (note <> 'a:b') AND (" in text
    assert text.count('"shard" = ') == 2
    assert '"shard"' not in text.partition(" FROM ")[0]
    assert values == ["3", "1", "4", "2"]


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
