"""The statements with which connectors read the rows that a filter takes."""

from pipeline.sources.mysql import selects as mysql
from pipeline.sources.postgresql import selects as postgresql
from pipeline.sources.source import Column, Identity, Mode, Table

COLUMNS = (Column("id", "integer", nullable=False), Column("line no", "integer", nullable=False), Column("made", "date", nullable=True))


def table(condition: str | None, key: tuple[str, ...] = ("id", "line no"), columns: tuple[Column, ...] = COLUMNS[:2]) -> Table:
    """A table with this filter."""
    return Table("shop", "lines", columns, key, Identity.FULL, condition=condition)


def test_a_filter_is_told_to_debezium_in_key_order() -> None:
    assert postgresql.signal_selects(Mode.CDC, [table('"id" > 1')]) == {
        '"shop"."lines"': 'SELECT t.* FROM "shop"."lines" AS t WHERE ("id" > 1) ORDER BY "t"."id", "t"."line no"'
    }
    assert mysql.signal_selects([table("`id` > 1")]) == {
        "shop.lines": "SELECT t.* FROM `shop`.`lines` AS t WHERE (`id` > 1) ORDER BY t.`id`, t.`line no`"
    }


def test_a_table_without_a_key_is_read_in_any_order_and_dates_stay_what_they_are() -> None:
    (select,) = postgresql.signal_selects(Mode.CDC, [table('"made" IS NULL', (), COLUMNS)]).values()
    assert select.endswith('AS "made" FROM "shop"."lines" AS t WHERE ("made" IS NULL)')


def test_without_a_filter_nothing_is_told() -> None:
    assert postgresql.signal_selects(Mode.CDC, [table(None)]) == {}
    assert mysql.signal_selects([table(None)]) == {}


def test_the_statement_of_single_rows_heeds_no_filter() -> None:
    assert "WHERE" not in postgresql.select_of(Mode.CDC, table('"id" > 1'))
    assert "WHERE" not in mysql.select_of(table("`id` > 1"))
