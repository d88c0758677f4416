"""Reading JSON bodies: every fault of the text is told by its place."""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from api.errors import ApiError, BadRequestError
from pipeline.jobs.fault import Fault, json_path, schema_faults

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a document."""

Model = TypeVar("Model", bound=BaseModel)

_UNFIT = re.compile("[\x00\ud800-\udfff]")


class RepeatingObject(dict[str, Any]):
    """A JSON object in which these names occur more than once; it keeps the last value of each."""

    def __init__(self, members: dict[str, Any], repeated: list[str]) -> None:
        super().__init__(members)
        self.repeated = repeated


async def read_json_text(request: web.Request) -> str:
    """
    The body's text, which must be sent as application/json.

    That type cannot be sent by another site's form, so a browser asks before it sends it.
    """
    if request.content_type != "application/json":
        raise ApiError(415, "The request's body must be JSON", "Send Content-Type: application/json")
    try:
        return (await request.read()).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequestError([Fault("$", f"the body is not UTF-8 at byte {error.start}")]) from error


async def refuse_body(request: web.Request) -> None:
    """For actions without parameters: nothing, or an empty JSON object, may be sent."""
    if not request.body_exists:
        return
    document = parse_json(await read_json_text(request))
    if document != {}:
        raise BadRequestError([Fault("$", "this action takes no parameters: send nothing or {}")])


def parse_json(text: str) -> Any:
    """
    The document of a JSON text.

    Raises:
        BadRequestError: The text is not JSON (by line and column), is nested too deeply, or has texts that cannot be used (by path).
    """
    document = _load(text)
    unfit = [Fault(json_path(path), "holds a NUL or half of a surrogate pair, which no database takes") for path in _unfit_texts(document)]
    if unfit:
        raise BadRequestError(unfit)
    return document


def _load(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise BadRequestError([Fault("$", f"the body is not JSON: {error.msg} at {place}")]) from None
    except RecursionError:
        raise BadRequestError([Fault("$", "the body is nested too deeply")]) from None
    except ValueError as error:
        raise BadRequestError([Fault("$", f"the body is not JSON: {error}")]) from None


def read_form(model: type[Model], text: str) -> tuple[Model | None, list[Fault]]:
    """The body of this form that a JSON text holds, or what has not the form."""
    try:
        return model.model_validate_json(text), []
    except ValidationError as error:
        return None, schema_faults(error.errors(include_url=False, include_input=False, include_context=False))


def read_body(model: type[Model], text: str) -> Model:
    """
    The body of this form that a JSON text holds.

    Raises:
        BadRequestError: The text has faults; all are told.
    """
    document = parse_json(text)
    body, form_faults = read_form(model, text)
    faults = [*repeated_names(document), *form_faults]
    if body is None or faults:
        raise BadRequestError(faults)
    return body


def repeated_names(document: Any) -> Iterator[Fault]:
    """The properties that occur more than once in one object."""
    for path, value in _nodes(document):
        if isinstance(value, RepeatingObject):
            yield from (Fault(json_path([*path, name]), "occurs more than once") for name in value.repeated)


def _unfit_texts(document: Any) -> Iterator[Path]:
    """Where a text, or a property's name, has characters that neither databases take nor UTF-8 can say."""
    for path, value in _nodes(document):
        if any(isinstance(text, str) and _UNFIT.search(text) for text in (*path[-1:], value)):
            yield path


def _nodes(document: Any) -> Iterator[tuple[Path, Any]]:
    """Every value in the document and the document itself, each with its path."""
    pending: list[tuple[Path, Any]] = [((), document)]
    while pending:
        path, value = pending.pop()
        yield path, value
        if isinstance(value, dict):
            pending += [((*path, name), member) for name, member in value.items()]
        elif isinstance(value, list):
            pending += [((*path, index), member) for index, member in enumerate(value)]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    repeated = dict.fromkeys(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value] # `add` is the memory
    return RepeatingObject(members, list(repeated))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")
