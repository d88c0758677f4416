"""Columns of every kind that conditions compare, with values that are hard to compare, as SQL and as Debezium writes them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.change.schema import SOURCE_TYPE, FieldSchema, RowSchema

Value = tuple[str, Any]
"""A value as a literal in SQL, and in a row image."""

NULL: Value = ("NULL", None)


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `literals` are what conditions compare it with, `sort` what they may do with it."""

    name: str
    declared: str
    schema: FieldSchema
    values: Sequence[Value]
    literals: Sequence[str]
    sort: str


@dataclass(frozen=True, slots=True)
class SampleTable:
    """A table of these columns beside its key, with random rows."""

    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Value]] = field(default_factory=list)

    def schema(self) -> RowSchema:
        """The schema of its row images."""
        return RowSchema((FieldSchema("id", "int32", None, optional=False), *(column.schema for column in self.columns)))

    def create(self, name: str) -> list[str]:
        """The statements that make and fill it."""
        declared = ", ".join(f"{column.name} {column.declared}" for column in self.columns)
        values = ", ".join(f"({number}, {', '.join(value[0] for value in row.values())})" for number, row in enumerate(self.rows))
        return [f"CREATE TABLE {name} (id int PRIMARY KEY, {declared})", f"INSERT INTO {name} VALUES {values}"]

    def images(self) -> list[dict[str, Any]]:
        """The row images."""
        return [{"id": number} | {name: value[1] for name, value in row.items()} for number, row in enumerate(self.rows)]


def sample_table(columns: Sequence[Column], rows: int, seed: int = 1) -> SampleTable:
    """A table in which each value occurs with many others."""
    dice = random.Random(seed)  # noqa: S311 - it chooses values
    made = [{column.name: dice.choice([*column.values, NULL]) for column in columns} for _ in range(rows)]
    return SampleTable(columns, made)


def wire(name: str, kind: str, logical: str | None = None, source_type: str | None = None) -> FieldSchema:
    """A column's schema."""
    return FieldSchema(name, kind, logical, optional=True, parameters={SOURCE_TYPE: source_type} if source_type else {})


def numbers(*values: int) -> list[Value]:
    """Whole numbers."""
    return [(str(value), value) for value in values]


def decimals(*texts: str) -> list[Value]:
    """Decimal numbers."""
    return [(text, text) for text in texts]


def texts(*values: str) -> list[Value]:
    """Texts."""
    return [(quoted(value), value) for value in values]


def quoted(text: str) -> str:
    """The text as a literal."""
    return "'" + text.replace("'", "''") + "'"


WORDS = (
    *("", " ", "a ", "a  ", " a", "Ab ", "müller ", "a%", "tab\there", "line\nbreak", "e\u0301", "a\u200bb", "\u00a0", "a\u00a0", "\u3000"),
    *[
        "a",
        "A",
        "ab",
        "AB",
        "abc",
        "b",
        "B",
        "a_c",
        "10%",
        "x|y",
        "é",
        "É",
        "e",
        "E",
        "ü",
        "Müller",
        "MULLER",
        "Straße",
        "STRASSE",
        "strasse",
        "ß",
        "ss",
        "ø",
        "o",
        "æ",
        "ae",
        "i",
        "I",
        "ﬁ",
        "fi",
        "①",
        "1",
        "Ⅳ",
        "IV",
        "K",
        "k",
        "日本",
        "한국",
        "😀",
        "😁",
    ],
    *["にほん", "ニホン", "ΣΑΣ", "σας", "жизнь", "ЖИЗНЬ", "naïve", "NAIVE", "co-op", "coop", "O'Neil", "ñ", "n", "ll", "ch"],
    *("\u0130", "\u0131", "\uff21", "Jäger", "Ärger", "%", "50\uff05", "50 apples", "axb", "a\uff3fb", "š", "Š", "ÿ", "€", "Ž"),
)
"""Texts that collations take for equal, or order, in different ways."""

LIKE_PATTERNS = (
    *["a%", "%a%", "%a", "_", "a_", "__", "%e%", "%ss%", "10|%", "x||y", "%|_%", "%", "m_ller", "M%", "%i%", "o%", "%-%", "fi%"],
    *("", "% ", "Ä%", "%Ä", "Jäger", "%ger", "50\uff05", "a\uff3fb", "50%", "\uff05%", "AB%", "%\u00e6%"),
)
