"""Names of topics, publications and patterns, for whatever a table is called."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.jobs.names import ownership
from pipeline.sources import patterns, topics
from pipeline.sources.postgresql import publications, slot
from pipeline.sources.schemas import check_schemas
from pipeline.sources.source import Column, Identity, Table

OWNED = ownership("0123456789abcdef01234567", 1)
identifiers = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1)


def table(schema: str = "public", name: str = "t", key: tuple[str, ...] = ("id",), identity: Identity = Identity.KEY) -> Table:
    return Table(schema, name, (Column("id", "integer", nullable=False),), key, identity)


@pytest.mark.parametrize(
    ("schema", "name", "tail"),
    [
        ("public", "orders", "public.orders"),
        ("Odd.Schema", "T $,:;ä a", "Odd.Schema.T_______a"),
        ("public", "naïve-1", "public.na_ve-1"),
        ("public", "\U0001f600", "public.__"),
        (" ", "t", "t"),
    ],
)
def test_change_topics_are_named_as_debezium_names_them(schema: str, name: str, tail: str) -> None:
    assert topics.change_topic(OWNED, table(schema, name)) == f"{OWNED.topic_prefix}.{tail}"


@given(identifiers, identifiers)
def test_a_change_topic_is_always_one_that_kafka_takes(schema: str, name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,249}", topics.change_topic(OWNED, table(schema, name)))


def as_debezium_splits(regex_list: str) -> list[str]:
    """Strings.RegExSplitter: a comma separates unless a backslash stands before it; parts are trimmed."""
    parts = re.split(r"(?<!\\),", regex_list)
    return [part.strip() for part in parts]


def as_java(pattern: str) -> re.Pattern[str]:
    """The pattern in Python's words, compiled as Debezium compiles: without regard to case unless the pattern says so."""
    assert pattern.startswith("(?-i)")
    return re.compile(re.sub(r"\\x\{([0-9a-f]+)\}", lambda match: rf"\U{int(match[1], 16):08x}", pattern.removeprefix("(?-i)")))


@given(st.lists(st.tuples(identifiers, identifiers), min_size=1, max_size=5, unique=True))
def test_the_include_list_matches_each_table_and_nothing_else(names: list[tuple[str, str]]) -> None:
    parts = as_debezium_splits(patterns.table_list([table(schema, name) for schema, name in names]))
    assert len(parts) == len(names)
    for part, (schema, name) in zip(parts, names, strict=True):
        assert as_java(part).fullmatch(f"{schema}.{name}")
        assert not as_java(part).fullmatch(f"{schema}.{name}x")
        assert not as_java(part).fullmatch(f"x{schema}.{name}")


def test_a_table_is_not_taken_for_one_that_differs_in_case() -> None:
    assert not as_java(patterns.table_list([table(name="plain")])).fullmatch("public.PLAIN")


@given(identifiers, st.lists(identifiers, min_size=1, max_size=3, unique=True))
def test_key_columns_keep_debeziums_form_whatever_they_are_called(name: str, columns: list[str]) -> None:
    value = patterns.key_columns([table(name=name, key=tuple(columns)), table(name="keyless", key=())])
    assert re.fullmatch(r"\s*([^:]+):([^:,]+(,[^:,]+)*)\s*", value), "Key.MSG_KEY_COLUMNS_PATTERN"
    assert ";" not in value
    assert len(value.partition(":")[2].split(",")) == len(columns)


def test_only_columns_that_are_not_published_are_excluded() -> None:
    columns = (Column("id", "integer", nullable=False), Column("A b", "integer", nullable=True, published=False))
    made = Table("public", "t", columns, ("id",), Identity.KEY)
    assert patterns.unpublished_columns([made]) == r"(?-i)public\.t\.A\x{20}b"


def test_a_second_publication_is_named_only_when_a_table_needs_it() -> None:
    keyed, keyless = table(), table(name="k", key=(), identity=Identity.NOTHING)
    everything, inserts, names = publications.all_names(OWNED)
    assert publications.publication_names(OWNED, [keyed]) == [everything]
    assert publications.publication_names(OWNED, [keyless]) == [inserts]
    assert publications.publication_names(OWNED, [keyed, keyless]) == [everything, inserts]
    assert f"{everything},{inserts}".startswith(names)
    assert len(names) <= 63


def test_leftovers_are_told_as_sql_for_slot_and_publications() -> None:
    told = [*slot.drop_statements(OWNED), *publications.drop_statements(OWNED)]
    assert len(told) == 4
    assert all(OWNED.slot in statement and statement.endswith(";") for statement in told)


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [("SALES", "Did you mean sales?"), ("slaes", "Did you mean sales?"), ("x", "There are: public, sales.")],
)
def test_an_unknown_schema_is_refused_with_those_that_look_like_it(wanted: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_schemas([wanted], ["public", "sales"])
    assert wanted in caught.value.message
    assert caught.value.suggestion is not None
    assert hint in caught.value.suggestion
