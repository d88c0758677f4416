"""How a project wants its documents written."""

from enum import StrEnum

from pipeline.mapping.camel_case import camel_case


class Names(StrEnum):
    """What collections and fields are called: the names of tables and columns in camelCase, or as the source has them."""

    CAMEL_CASE = "CAMEL_CASE"
    SOURCE = "SOURCE"

    def of(self, name: str) -> str:
        """The name of a table or column as documents have it."""
        return camel_case(name) if self is Names.CAMEL_CASE else name

    def within(self, schema: str, table: str) -> str:
        """The name of a table that needs its schema to be told from others."""
        return camel_case(f"{schema}_{table}") if self is Names.CAMEL_CASE else f"{schema}.{table}"


class Nulls(StrEnum):
    """What becomes of a column that is NULL: a field that is null, or no field."""

    KEEP = "KEEP"
    OMIT = "OMIT"
