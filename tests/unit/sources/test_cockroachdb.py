"""CockroachDB: its URLs, its types, and what a changefeed is asked and tells."""

import pytest
from sqlalchemy import types

from pipeline.errors import ConfigError
from pipeline.sources.cockroachdb.catalogue import column_type
from pipeline.sources.cockroachdb.changefeed import place_of, statement, told_names, version_of
from pipeline.sources.cockroachdb.readiness import UNSPOKEN_KEYS
from pipeline.sources.cockroachdb.url import parse

NOW = "1536242855577149065.0000000000"


def test_only_postgresqls_urls_are_taken() -> None:
    with pytest.raises(ConfigError, match="must begin with jdbc:postgresql:"):
        parse("jdbc:cockroachdb://db/shop", "app")


def test_a_changefeed_is_asked_for_all_tables_from_a_moment_on() -> None:
    made = statement("shop", [("public", "orders"), ("S p", 'o"dd')], NOW, "CockroachDB CCL v25.2.0 (x86_64-pc-linux-gnu)")
    assert made == (
        'CREATE CHANGEFEED FOR TABLE "shop"."public"."orders", TABLE "shop"."S p"."o""dd" WITH '
        f"cursor = '{NOW}', updated, full_table_name, split_column_families, resolved = '1s', min_checkpoint_frequency = '1s', "
        "ignore_disable_changefeed_replication = true"
    )


@pytest.mark.parametrize(("version", "asked"), [("v23.2.12", False), ("v24.1.0", True), ("v26.1.3", True)])
def test_what_writers_would_have_left_out_is_asked_for_where_they_can(version: str, *, asked: bool) -> None:
    made = statement("shop", [("public", "orders")], NOW, f"CockroachDB CCL {version} (x86_64-pc-linux-gnu)")
    assert ("ignore_disable_changefeed_replication" in made) is asked


def test_a_version_is_known_by_its_first_two_numbers() -> None:
    assert version_of("CockroachDB CCL v25.4.0-beta.1 (darwin)") == (25, 4)
    assert version_of("something else") is None


PLACES = [("public", "orders"), ("public", "My Table"), ("S p", "a.b"), ("public", 'o"dd')]


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ("shop.public.orders", PLACES[0]),
        ("shop.public.orders.fam_1_note", PLACES[0]),
        ('shop.public."My Table"', PLACES[1]),
        ('shop.public."My Table".Fam.ily', PLACES[1]),
        ('shop."S p"."a.b"', PLACES[2]),
        ('shop.public."o""dd"', PLACES[3]),
        ('"shop".public.orders', PLACES[0]),
        ("shop.public.other", None),
        ("", None),
    ],
)
def test_a_table_is_known_however_a_changefeed_quotes_it_and_by_its_column_families(told: str, place: tuple[str, str] | None) -> None:
    assert place_of(told, told_names("shop", PLACES)) == place


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("INT8", types.BigInteger),
        ("INT2", types.SmallInteger),
        ("FLOAT4", types.REAL),
        ("FLOAT8", types.Double),
        ("DECIMAL(10,2)", types.Numeric),
        ("VARCHAR(20)", types.String),
        ("STRING COLLATE en_US_u_ks_level2", types.String),
        ("TIMESTAMPTZ(3)", types.DateTime),
        ("INT8[]", types.ARRAY),
        ("public.mood", types.NullType),
        ("BIT(3)", types.NullType),
        ("GEOMETRY(POINT,4326)", types.NullType),
    ],
)
def test_types_are_known_by_cockroachdbs_own_names(name: str, kind: type[types.TypeEngine[object]]) -> None:
    assert isinstance(column_type(name), kind)


@pytest.mark.parametrize(
    ("name", "refused"), [("INT8", False), ("public.mood", False), ("JSONB", True), ("STRING[]", True), ("STRING COLLATE de", True)]
)
def test_a_key_that_is_not_told_so_that_a_row_is_found_by_it_is_refused(name: str, *, refused: bool) -> None:
    assert (UNSPOKEN_KEYS.fullmatch(name) is not None) is refused
