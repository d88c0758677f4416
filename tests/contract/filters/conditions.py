"""Random conditions on a table, as users might write them."""

from collections.abc import Sequence

from hypothesis import strategies as st
from tests.contract.filters.values import LIKE_PATTERNS, Column, quoted

OPERATORS = ("=", "<>", "<", "<=", ">", ">=")
EQUALITY = ("=", "<>")
ORDERED = frozenset({"integer", "decimal", "number", "ordered text", "date", "infinite date", "timestamp", "instant", "uuid", "truth"})


def conditions(columns: Sequence[Column], *, mysql: bool) -> st.SearchStrategy[str]:
    """Conditions of some parts, joined by AND, OR and NOT."""
    return st.recursive(
        st.sampled_from(columns).flatmap(lambda column: _part(column, mysql=mysql)),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(("AND", "OR")), inner).map(" ".join).map("({})".format),
            inner.map("NOT ({})".format),
            st.tuples(inner, st.sampled_from(("IS TRUE", "IS NOT TRUE", "IS FALSE", "IS UNKNOWN", "IS NOT UNKNOWN"))).map(
                lambda parts: f"({parts[0]}) {parts[1]}"
            ),
        ),
        max_leaves=5,
    )


def _part(column: Column, *, mysql: bool) -> st.SearchStrategy[str]:
    value = st.one_of(st.just(column.name), _expression(column, mysql=mysql))
    literal, operator = st.sampled_from(column.literals), st.sampled_from(OPERATORS if column.sort in ORDERED else EQUALITY)
    ways = [
        st.tuples(value, operator, literal).map(" ".join),
        st.tuples(literal, operator, value).map(" ".join),
        st.tuples(value, st.sampled_from(("IN", "NOT IN")), st.lists(st.one_of(literal, st.just("NULL")), min_size=1, max_size=4)).map(
            lambda parts: f"{parts[0]} {parts[1]} ({', '.join(parts[2])})"
        ),
        st.sampled_from((f"{column.name} IS NULL", f"{column.name} IS NOT NULL")),
        st.tuples(value, literal).map(lambda parts: f"{parts[0]} <=> {parts[1]}" if mysql else f"{parts[0]} IS DISTINCT FROM {parts[1]}"),
    ]
    if column.sort in ORDERED:
        ways.append(
            st.tuples(value, st.sampled_from(("BETWEEN", "NOT BETWEEN")), literal, literal).map(
                lambda parts: f"{parts[0]} {parts[1]} {parts[2]} AND {parts[3]}"
            )
        )
    if column.sort in ("text", "ordered text"):
        pattern = st.sampled_from(LIKE_PATTERNS).map(quoted)
        escape = st.sampled_from(("'|'", "'a'", "'Ä'"))
        ways.append(st.tuples(value, st.sampled_from(("LIKE", "NOT LIKE")), pattern, st.just("ESCAPE"), escape).map(" ".join))
        ways.append(_length(column, mysql=mysql))
    if column.sort in ("boolean", "truth"):
        ways.append(st.sampled_from((column.name, f"NOT {column.name}", f"{column.name} IS TRUE", f"{column.name} IS NOT FALSE")))
    if column.sort in ("date", "timestamp"):
        parts = (
            ("year({})", "month({})", "day({})") if mysql else ("extract(year from {})", "extract(month from {})", "extract(day from {})")
        )
        number = st.sampled_from(("1", "2", "29", "2024", "1970"))
        ways.append(st.tuples(st.sampled_from(parts), operator, number).map(lambda it: f"{it[0].format(column.name)} {it[1]} {it[2]}"))
    return st.one_of(*ways)


def _expression(column: Column, *, mysql: bool) -> st.SearchStrategy[str]:
    name = column.name
    match column.sort:
        case "integer":
            forms = [
                "{} + 1",
                "{} - 2",
                "{} * 3",
                "-{}",
                "abs({})",
                "{} % 7",
                "coalesce({}, 0)",
                "nullif({}, 1)",
                "({} + 1) * 2",
                "floor({})",
            ]
            forms += (
                ["{} DIV 2", "{} MOD 2", "CAST({} AS SIGNED)", "CAST({} AS DECIMAL)"] if mysql else ["{} / 2", "mod({}, 2)", "{}::numeric"]
            )
        case "decimal":
            forms = [
                "{} + 1",
                "{} - 0.5",
                "{} * 1.5",
                "-{}",
                "abs({})",
                "round({}, 1)",
                "round({})",
                "floor({})",
                "ceil({})",
                "coalesce({}, 0)",
            ]
            forms += ["CAST({} AS DECIMAL)"] if mysql else []
        case "text" | "ordered text" | "plain text":
            forms = [
                "lower({})",
                "upper({})",
                "left({}, 2)",
                "right({}, 1)",
                "trim({})",
                "substring({}, 2, 2)",
                "coalesce({}, 'a')",
                "coalesce({}, 'a ')",
            ]
            forms += ["concat({}, 'b')", "substring({}, -2)", "ltrim({})"] if mysql else ["substring({} from 0 for 2)", "rtrim({})"]
            if column.sort != "plain text":
                forms += [] if mysql else ["{} || 'b'", "concat({}, 'b')"]
        case "timestamp":
            forms = (
                ["date({})", "CAST({} AS DATETIME)", "coalesce({}, '1970-01-01')"] if mysql else ["{}::date", "coalesce({}, '1970-01-01')"]
            )
        case "instant":
            forms = ["coalesce({0}, {0})", "coalesce({}, '1970-01-02')", "nullif({}, '2024-03-01')"]
        case _:
            forms = ["coalesce({0}, {0})"]
    return st.sampled_from(forms).map(lambda form: form.format(name))


def _length(column: Column, *, mysql: bool) -> st.SearchStrategy[str]:
    functions = ("char_length", "length") if mysql and column.name != "latin" else ("char_length",)
    return st.tuples(st.sampled_from(functions), st.sampled_from(OPERATORS), st.integers(0, 4)).map(
        lambda parts: f"{parts[0]}({column.name}) {parts[1]} {parts[2]}"
    )
