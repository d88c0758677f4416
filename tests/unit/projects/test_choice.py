"""Which tables a project takes, and what is told of names that mean none."""

import pytest

from pipeline.errors import ConfigError
from pipeline.projects.choice import TableChoice, checked
from pipeline.sources.source import Identity, Severity, Table

NAMES = ("public.customer", "public.order_line", "public.Order", "sales.order", "sales.a.b*c", "archive.order")


def table(name: str) -> Table:
    """A table of the source."""
    schema, _, own = name.partition(".")
    return Table(schema, own, (), ("id",), Identity.KEY)


SOURCE = [table(name) for name in NAMES]


def taken(include: tuple[str, ...] | None = None, exclude: tuple[str, ...] = ()) -> set[str]:
    """The names of the tables that such a choice takes."""
    return {found.qualified_name for found in TableChoice(include=include, exclude=exclude).taken(SOURCE)}


def test_without_a_choice_every_table_is_taken() -> None:
    assert taken() == set(NAMES)


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (("public.customer",), (), {"public.customer"}),
        (("sales.*",), (), {"sales.order", "sales.a.b*c"}),
        (("*.order",), (), {"sales.order", "archive.order"}),
        (None, ("public.*", "sales.a.b*c"), {"sales.order", "archive.order"}),
        (("public.*", "sales.order"), ("public.o*", "*.Order"), {"public.customer", "sales.order"}),
        (("sales.a.b*c",), (), {"sales.a.b*c"}),
        (("*",), ("sales.order",), set(NAMES) - {"sales.order"}),
    ],
)
def test_names_and_patterns_mean_whole_names_in_the_sources_own_letters(
    include: tuple[str, ...] | None, exclude: tuple[str, ...], expected: set[str]
) -> None:
    assert taken(include, exclude) == expected


def test_characters_of_regular_expressions_mean_themselves() -> None:
    assert TableChoice(include=("public.a$1(b)",)).takes("public.a$1(b)")
    assert not TableChoice(include=("public.a.c",)).takes("public.abc")
    assert TableChoice(include=("public.a*",)).takes("public.a\nb")


@pytest.mark.parametrize(
    ("choice", "named", "hint"),
    [
        (TableChoice(include=("public.costumer", "public.order_line")), "public.costumer", "schema.table"),
        (TableChoice(include=("PUBLIC.CUSTOMER", "public.order_line")), "PUBLIC.CUSTOMER", "The source has public.customer"),
        (TableChoice(include=("customer", "public.Order")), "customer", "schema.table"),
        (TableChoice(include=("stock.*", "public.Order")), "stock.*", "schema.table"),
        (TableChoice(exclude=("public.order",)), "public.order", "The source has public.Order"),
    ],
)
def test_a_name_that_means_no_table_is_an_error_that_tells_what_to_do(choice: TableChoice, named: str, hint: str) -> None:
    (finding,) = choice.findings(SOURCE)
    assert finding.severity is Severity.ERROR
    assert named in finding.message
    assert hint in (finding.suggestion or "")
    assert "tables." in (finding.suggestion or "")
    with pytest.raises(ConfigError, match="no such table") as refused:
        checked(choice, SOURCE)
    assert refused.value.suggestion == finding.suggestion


def test_a_pattern_that_excludes_nothing_yet_is_only_warned_of() -> None:
    choice = TableChoice(exclude=("*.tmp_*", "x.*", "public.customer"))
    (finding,) = choice.findings(SOURCE)
    assert finding.severity is Severity.WARNING
    assert "*.tmp_*, x.*" in finding.message
    assert "public.customer" not in finding.message
    assert len(checked(choice, SOURCE)) == len(NAMES) - 1


def test_a_choice_that_leaves_no_table_is_an_error() -> None:
    (finding,) = TableChoice(include=("public.customer",), exclude=("public.*",)).findings(SOURCE)
    assert (finding.check, finding.severity) == ("NO_TABLES", Severity.ERROR)
    assert next(TableChoice(exclude=("*",)).findings([])).severity is Severity.WARNING
