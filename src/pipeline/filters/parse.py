"""From the text of a condition to its parts, with the place of whatever is wrong."""

from sqlglot import Dialect as Grammar
from sqlglot import exp, parse_one
from sqlglot.errors import ParseError, TokenError
from sqlglot.expressions import Expr
from sqlglot.tokenizer_core import Token, TokenType

from pipeline.filters.dialect import Dialect, Family
from pipeline.filters.faults import ConditionError, offset_of, placed
from pipeline.filters.grammar import ALLOWED, BY_NAME, CHANGING, REFUSED
from pipeline.filters.vendor_literals import is_typed_literal

LONGEST = 10_000
DEEPEST = 200


def parse(text: str, dialect: Dialect) -> Expr:
    """
    Return the condition that the text is.

    Raises:
        ConditionError: It is none, or it has parts that a filter must not have; the message says where.
    """
    _check_size(text)
    _check_tokens(text, _tokens(text, dialect), dialect)
    try:
        tree = parse_one(text, read=dialect.grammar or None, into=exp.Condition)
    except ParseError as error:
        raise ConditionError(_syntax_error(text, error)) from error
    except RecursionError as error:
        raise ConditionError("it is nested too deeply: split it, or use IN") from error
    _check_parts(text, tree, dialect)
    return tree


def _check_size(text: str) -> None:
    if not text.strip():
        raise ConditionError("it is empty: leave it out to take all rows")
    if len(text) > LONGEST:
        raise ConditionError(f"it has more than {LONGEST:,} characters")


def _tokens(text: str, dialect: Dialect) -> list[Token]:
    try:
        return list(Grammar.get_or_raise(dialect.grammar or None).tokenize(text))
    except TokenError as error:
        raise ConditionError(f"it cannot be read: a quote or a comment is not closed ({str(error).splitlines()[0]})") from error


def _check_tokens(text: str, tokens: list[Token], dialect: Dialect) -> None:
    """Refuse what the parser would pass over, and what could reach the source as something else."""
    if not tokens:
        raise ConditionError("it is a comment and nothing else")
    if "${" in text:
        raise ConditionError(placed(text, text.index("${"), "${ is not possible: Kafka Connect would replace it"))
    if "\0" in text:
        raise ConditionError(placed(text, text.index("\0"), "a null character is not possible"))
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            raise ConditionError(placed(text, token.start, "several statements are not possible: write one condition without a semicolon"))
        if token.comments or token.token_type is TokenType.HINT:
            raise ConditionError(placed(text, _comment_offset(text, token), "a comment is not possible: a filter hides nothing"))
        if dialect.family is Family.MYSQL:
            _check_mysql_token(text, token)


def _check_mysql_token(text: str, token: Token) -> None:
    if token.token_type is TokenType.DPIPE:
        raise ConditionError(placed(text, token.start, "|| means OR or CONCAT, as the server is set: write one of these"))
    if "\\" in text[token.start : token.end + 1]:
        raise ConditionError(
            placed(text, token.start, "a backslash means different things as the server is set: use LIKE ... ESCAPE '|', or leave it out")
        )


def _comment_offset(text: str, token: Token) -> int:
    marks = [text.find(mark, token.end + 1) for mark in ("--", "/*", "#")]
    after = [mark for mark in marks if mark >= 0]
    before = [mark for mark in (text.rfind(mark, 0, token.start) for mark in ("--", "/*", "#")) if mark >= 0]
    return min(after) if after else max(before, default=token.start)


def _syntax_error(text: str, error: ParseError) -> str:
    first = error.errors[0]
    highlight = first.get("highlight") or ""
    lines = text.splitlines(keepends=True)
    line, column = int(first.get("line") or 1), int(first.get("col") or 1)
    offset = sum(len(each) for each in lines[: line - 1]) + max(column - len(highlight), 0)
    what = str(first.get("description") or "it is no condition").split(" for <class")[0].partition(" <class")[0]
    return placed(text, offset, f"syntax error at {highlight!r}: {what}" if highlight else f"syntax error: {what}")


def _check_parts(text: str, tree: Expr, dialect: Dialect) -> None:
    for node in tree.walk():
        if node.depth > DEEPEST:
            raise ConditionError("it is nested too deeply: split it, or use IN")
        if (reason := _reason_against(node, dialect)) is not None:
            raise ConditionError(placed(text, _offset(text, node), reason))


def _offset(text: str, node: Expr) -> int:
    """Where the part begins; of a query the parser remembers only what follows its first word."""
    offset = offset_of(node)
    first = text.upper().rfind("SELECT", 0, offset + 1) if isinstance(node, exp.Query | exp.Exists) else -1
    return offset if first < 0 else first


def _reason_against(node: Expr, dialect: Dialect) -> str | None:
    if dialect.grammar == "oracle" and is_typed_literal(node):
        return None
    for kinds, reason in REFUSED:
        if isinstance(node, kinds):
            return reason
    if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest") or node.args.get("field")):
        return REFUSED[0][1]
    known = ALLOWED.get(type(node))
    if known is None or (isinstance(node, exp.Anonymous) and BY_NAME.get(node.name.upper()) != len(node.expressions)):
        return _unknown(node)
    more = [name for name, value in node.args.items() if name not in known and value not in (None, False, [], ())]
    return f"{_name(node)} is not possible in this form ({', '.join(more)})" if more else None


def _unknown(node: Expr) -> str:
    name = _name(node)
    if name.replace("_", "").lower() in CHANGING:
        return f"{name} is another at every moment, or for every user: write a constant"
    if isinstance(node, exp.Anonymous):
        return f"the function {name} is not known"
    return f"{name} is not possible in a filter"


def _name(node: Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.this)
    return node.sql_name() if isinstance(node, exp.Func) and node.sql_names() else type(node).__name__.upper()
