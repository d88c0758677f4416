"""What is no condition, or hides something, is refused, and the message says where."""

import pytest

from pipeline.filters.dialect import dialect_of
from pipeline.filters.faults import ConditionError
from pipeline.filters.parse import parse


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a =", "line 1, column 3: syntax error"),
        ("a = 1 AND\n  (b = 2", "line 2, column 8: syntax error"),
        ("a = 'x", "a quote or a comment is not closed"),
        ("  ", "it is empty"),
        ("a = 1; DROP TABLE x", "line 1, column 6: several statements"),
        ("a = 1;", "line 1, column 6: several statements"),
        ("a = 1 UNION SELECT 2", "line 1, column 7: syntax error at 'UNION'"),
        ("a = 1 ORDER BY a", "line 1, column 7: syntax error at 'ORDER BY'"),
        ("a = 1 LIMIT 1", "line 1, column 7: syntax error at 'LIMIT'"),
        ("a = 1 -- OR true", "line 1, column 7: a comment"),
        ("a = 1 /* OR true */", "line 1, column 7: a comment"),
        ("-- everything", "it is a comment"),
        ("a IN (SELECT 1)", "a subquery is not possible"),
        ("EXISTS (SELECT 1)", "a subquery is not possible"),
        ("a = (SELECT max(b) FROM t)", "line 1, column 6: a subquery is not possible"),
        ("a = 1 AND sum(b) > 1", "line 1, column 11: an aggregate is not possible"),
        ("row_number() OVER () = 1", "line 1, column 1: a window function"),
        ("a > 1 AND b < now()", "line 1, column 15: CURRENT_TIMESTAMP is another at every moment"),
        ("b = current_date", "CURRENT_DATE is another at every moment"),
        ("a = current_user", "CURRENT_USER is another"),
        ("random() > 0.5", "line 1, column 1: RAND is another at every moment"),
        ("nextval('s') > 1", "nextval is another at every moment"),
        ("my_own(a) = 1", "line 1, column 1: the function my_own is not known"),
        ("pg_sleep(1) IS NULL", "pg_sleep is another at every moment"),
        ("a = $1", "a parameter is not possible"),
        ("a = :name", "a parameter is not possible"),
        ("t.* IS NULL", "a whole row cannot be compared"),
        ("a ~ 'x'", "a regular expression is not possible"),
        ("a ILIKE 'x%'", "write lower(column) LIKE"),
        ("CASE WHEN a = 1 THEN b ELSE c END", "CASE and IF are not possible"),
        ("a > date '2024-01-01' + interval '1 day'", "an interval is not possible"),
        ("a BETWEEN SYMMETRIC 1 AND 2", "BETWEEN is not possible in this form (symmetric)"),
        ("a = '${file:/etc/passwd}'", "line 1, column 6: ${ is not possible"),
        ("a = 'x\0'", "line 1, column 7: a null character"),
        (" AND ".join(["a = 1"] * 2_000), "more than 10,000 characters"),
        ("(" * 300 + "a = 1" + ")" * 300, "nested too deeply"),
    ],
)
def test_a_text_that_is_no_filter_is_refused_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ConditionError) as refused:
        parse(text, dialect_of("POSTGRESQL"))
    assert told in refused.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1 # all", "line 1, column 7: a comment"),
        ("a /*! OR 1 = 1 */ = 1", "line 1, column 3: a comment"),
        ("a || b", "line 1, column 3: || means OR or CONCAT"),
        (r"a = 'x\'y'", "line 1, column 5: a backslash"),
        ("a = ?", "a parameter is not possible"),
        ("a = @x", "a parameter is not possible"),
        ("uuid() = a", "UUID is another at every moment"),
        ("unix_timestamp() > 1", "the function unix_timestamp is not known"),
    ],
)
def test_what_mysql_would_read_otherwise_is_refused(text: str, told: str) -> None:
    with pytest.raises(ConditionError) as refused:
        parse(text, dialect_of("MYSQL"))
    assert told in refused.value.message


def test_a_text_that_looks_like_a_comment_is_none_in_quotes() -> None:
    assert parse("a = '-- /* ; #'", dialect_of("POSTGRESQL")).sql() == "a = '-- /* ; #'"


@pytest.mark.parametrize(
    ("source_type", "text"),
    [
        ("SQL_SERVER", "[Order] = N'x' AND LEN(b) = 2"),
        ("ORACLE", "a = 'x' AND NVL(b, 1) = 1"),
        ("sqlite", "a = 'x'"),
        ("SYBASE", "a = 1"),
        ("DB2", "a <> 1"),
    ],
)
def test_each_source_has_its_dialect(source_type: str, text: str) -> None:
    parse(text, dialect_of(source_type))
