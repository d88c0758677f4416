"""A filter's condition: what it needs of a table, how the source is sent it, and what evaluates it on row images."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlglot import exp
from sqlglot.expressions import Expr

from pipeline.change.schema import FieldSchema, RowSchema
from pipeline.errors import EventError, FilterError
from pipeline.filters.calls import calls_of
from pipeline.filters.catalogue import FilterColumn, type_of
from pipeline.filters.dialect import Dialect
from pipeline.filters.faults import ConditionError, NotEvaluatedError, offset_of, placed
from pipeline.filters.images import UnavailableError, nullness, reader
from pipeline.filters.kinds import Evaluate, Image, Type
from pipeline.filters.parse import parse
from pipeline.filters.predicates import Predicates
from pipeline.filters.terms import Columns, Terms


class Condition:
    """
    A condition on the rows of one table.

    `table` is its name, for people. Its columns are those of the catalogue that it uses.

    Raises:
        ConditionError: It is none, or uses what the table has not.
    """

    def __init__(self, text: str, dialect: Dialect, table: str, columns: Sequence[FilterColumn]) -> None:
        self._text = text
        self._dialect = dialect
        self._table = table
        self._tree = parse(text, dialect)
        known = {column.name: column for column in columns}
        used = {}
        for node in list(self._tree.find_all(exp.Column)):
            name = self._find(node, known)
            used[name] = known[name]
            node.set("table", None)
            node.set("db", None)
            node.this.set("this", name)
            node.this.set("quoted", True)
        if not used:
            raise ConditionError("it names no column: it would take all rows, or none")
        self.columns = tuple(used.values())
        self._types = {name: type_of(dialect.family, column) for name, column in used.items()}

    def check(self) -> None:
        """
        See that changes can be evaluated.

        Raises:
            NotEvaluatedError: They cannot exactly.
        """
        self._bound(_Columns(self._types, None, self._table))

    @cached_property
    def sql(self) -> str:
        """The condition for the source, in its dialect: names in quotes, and nothing that a session's settings change."""
        return self._rewritten().sql(dialect=self._dialect.grammar or None)

    def test(self, row: RowSchema) -> Callable[[Image], Any]:
        """
        Return what says of a row image whether it satisfies the condition: True, False, or None where it is neither.

        It raises `UnavailableError` where that hangs on a value that the change leaves out, and
        `FilterError` where the source would refuse, or its answer is not known.

        Raises:
            SchemaChangedError: A column is gone, or has another type.
        """
        fields = {field.name: field for field in row.fields}
        evaluate, _ = self._bound(_Columns(self._types, fields, self._table))
        return self._guarded(evaluate)

    def _bound(self, columns: Columns) -> tuple[Evaluate, dict[int, Expr]]:
        terms = Terms(self._dialect, columns, calls_of(self._dialect.family))
        return Predicates(self._text, terms).predicate(self._tree), terms.rewritten

    def _rewritten(self) -> Expr:
        """The condition in the words for the source; as it is where only the source can evaluate it."""
        try:
            _, rewritten = self._bound(_Columns(self._types, None, self._table))
        except NotEvaluatedError:
            return self._tree
        others = [rewritten.get(id(node)) for node in self._tree.walk()]
        copy = self._tree.copy()
        for node, other in zip(list(copy.walk()), others, strict=True):
            if other is not None:
                node.replace(other)
        return copy

    def _find(self, node: exp.Column, known: Mapping[str, FilterColumn]) -> str:
        schema, _, table = self._table.rpartition(".")
        for part, meant in ((node.args.get("db"), schema), (node.args.get("table"), table)):
            if part is not None and self._dialect.find(part.name, [meant], quoted=part.quoted) is None:
                raise ConditionError(
                    placed(self._text, offset_of(part), f"{part.name} is not {meant}: a filter is about its own table alone")
                )
        name = self._dialect.find(node.name, known, quoted=node.this.quoted)
        if name is None:
            alike = [column for column in known if column.lower() == node.name.lower()]
            hint = f': write "{alike[0]}" in quotes' if alike else ""
            raise ConditionError(placed(self._text, offset_of(node), f'{self._table} has no column "{node.name}"{hint}'))
        return name

    def _guarded(self, evaluate: Evaluate) -> Callable[[Image], Any]:
        table = self._table

        def test(image: Image) -> Any:
            try:
                return evaluate(image)
            except UnavailableError:
                raise
            except EventError as error:
                raise FilterError(error.message, suggestion=error.suggestion or CHANGE_IT, table=table) from error
            except _BAD_VALUE as error:
                raise FilterError(f"the filter of {table} cannot be evaluated: {error!r}", suggestion=CHANGE_IT, table=table) from error

        return test


CHANGE_IT = "Change the value at the source, or post the job with a condition that does not need it."

_BAD_VALUE = (ValueError, TypeError, KeyError, ArithmeticError)


class _Columns:
    """The columns of a row of this schema; without one, those of which only the types matter."""

    def __init__(self, types: Mapping[str, Type], fields: Mapping[str, FieldSchema] | None, table: str) -> None:
        self._types = types
        self._fields = fields
        self._table = table

    def type(self, name: str) -> Type:
        return self._types[name]

    def value(self, name: str) -> Evaluate:
        if self._fields is None:
            return _nothing
        return reader(name, self._types[name], self._fields.get(name), self._table)

    def is_null(self, name: str) -> Evaluate:
        return _nothing if self._fields is None else nullness(name, self._fields.get(name), self._table)


def _nothing(_: Image) -> None:
    return None
