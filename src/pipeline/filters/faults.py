"""What is wrong with a condition, and where in its text."""

from sqlglot.expressions import Expr

from pipeline.errors import ConfigError


class ConditionError(ConfigError):
    """A condition cannot be taken as it is written: only who wrote it can mend it."""

    code = "FILTER"


class InexactError(Exception):
    """What the source would make of a part of a condition cannot be told exactly; the message says why, and what to do."""


class NotEvaluatedError(ConditionError):
    """The source itself may evaluate the condition; of changes it could not be told exactly what the source would say."""


class SchemaChangedError(ConfigError):
    """A column that a filter uses is gone, or has another type, so that nobody knows which rows satisfy it any more."""

    code = "FILTER_COLUMN_CHANGED"


POST_AGAIN = "Post the job again, with a filter that fits the table as it is now."


def placed(text: str, offset: int, message: str) -> str:
    """The message, with the place in the text that it is about."""
    before = text[:offset]
    return f"line {before.count(chr(10)) + 1}, column {offset - (before.rfind(chr(10)) + 1) + 1}: {message}"


def offset_of(node: Expr) -> int:
    """Where the first word of the expression stands that the parser remembers."""
    places = [found.meta["start"] for found in node.walk() if "start" in found.meta]
    return min(places, default=_around(node))


def _around(node: Expr) -> int:
    """The same of the smallest part around it that has one."""
    parent = node.parent
    return 0 if parent is None else max((each.meta["start"] for each in parent.walk() if "start" in each.meta), default=0)
