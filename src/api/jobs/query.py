"""The query of `GET /jobs`."""

import re
from dataclasses import dataclass

from multidict import MultiMapping

from api.errors import BadRequestError
from pipeline.jobs.fault import Fault
from pipeline.jobs.request import PROJECT_ID
from pipeline.jobs.status import Status

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100
_CURSOR = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs are wanted: those of a project, with one of the statuses, older than the cursor's."""

    project_id: str | None = None
    statuses: tuple[Status, ...] = ()
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


def read_query(query: MultiMapping[str]) -> JobQuery:
    """
    The query that a URL's parameters make; `status` may be repeated.

    Raises:
        BadRequestError: Some are unknown, repeated or not of their form.
    """
    faults = [*_misplaced(query), *_malformed(query)]
    if faults:
        raise BadRequestError(faults)
    return JobQuery(
        project_id=query.get("projectId"),
        statuses=tuple(Status(name) for name in query.getall("status", [])),
        limit=int(query.get("limit", DEFAULT_LIMIT)),
        cursor=query.get("cursor"),
    )


def _misplaced(query: MultiMapping[str]) -> list[Fault]:
    known = ("projectId", "status", "limit", "cursor")
    faults = [Fault(f"?{name[:100]}", f"is not a known parameter: known are {', '.join(known)}") for name in set(query) - set(known)]
    return faults + [Fault(f"?{name}", "may be given once") for name in known if name != "status" and len(query.getall(name, [])) > 1]


def _malformed(query: MultiMapping[str]) -> list[Fault]:
    faults = []
    if not PROJECT_ID.fullmatch(query.get("projectId", "-")):
        faults.append(Fault("?projectId", "should consist of letters, digits and -"))
    if not set(query.getall("status", [])) <= set(Status):
        faults.append(Fault("?status", f"should be one of {', '.join(Status)}"))
    limit = query.get("limit", "1")
    if not re.fullmatch(r"[0-9]{1,9}", limit) or not 1 <= int(limit) <= LARGEST_LIMIT:
        faults.append(Fault("?limit", f"should be a number from 1 to {LARGEST_LIMIT}"))
    if not _CURSOR.fullmatch(query.get("cursor", "0" * 24)):
        faults.append(Fault("?cursor", "should be the `next` of an earlier answer"))
    return faults
