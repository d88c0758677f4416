"""The query of lists: one page of them, and the place of the next."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from multidict import MultiMapping

from api.errors import BadRequestError
from pipeline.jobs.fault import Fault

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100
_CURSOR = re.compile(r"[0-9a-f]{24}")
_NAMES = ("limit", "cursor")

PARAMETERS: list[dict[str, Any]] = [
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}},
    {"name": "cursor", "in": "query", "schema": {"type": "string", "pattern": f"^{_CURSOR.pattern}$"}, "description": "An answer's `next`"},
]
"""How the OpenAPI document describes them."""


@dataclass(frozen=True, slots=True)
class Page:
    """How many are wanted, of those that are older than the cursor's."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


def read_page(query: MultiMapping[str]) -> Page:
    """
    The page that a URL's parameters ask for, where there are no others.

    Raises:
        BadRequestError: Some are unknown, repeated or not of their form.
    """
    faults = page_faults(query)
    if faults:
        raise BadRequestError(faults)
    return page_of(query)


def page_of(query: MultiMapping[str]) -> Page:
    """The page that parameters without faults ask for."""
    return Page(limit=int(query.get("limit", DEFAULT_LIMIT)), cursor=query.get("cursor"))


def page_faults(query: MultiMapping[str], more: Sequence[str] = (), repeatable: Collection[str] = ()) -> list[Fault]:
    """What is wrong with the parameters of a page, or with others than `more`, of which only some may be given more than once."""
    known = (*more, *_NAMES)
    faults = [Fault(f"?{name[:100]}", f"is not a known parameter: known are {', '.join(known)}") for name in set(query) - set(known)]
    faults += [Fault(f"?{name}", "may be given once") for name in known if name not in repeatable and len(query.getall(name, [])) > 1]
    limit = query.get("limit", "1")
    if not re.fullmatch(r"[0-9]{1,9}", limit) or not 1 <= int(limit) <= LARGEST_LIMIT:
        faults.append(Fault("?limit", f"should be a number from 1 to {LARGEST_LIMIT}"))
    if not _CURSOR.fullmatch(query.get("cursor", "0" * 24)):
        faults.append(Fault("?cursor", "should be the `next` of an earlier answer"))
    return faults
