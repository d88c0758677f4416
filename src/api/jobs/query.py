"""The query of `GET /jobs`."""

from dataclasses import dataclass, field

from multidict import MultiMapping

from api.errors import BadRequestError
from api.page import Page, page_faults, page_of
from pipeline.jobs.fault import Fault
from pipeline.jobs.request import PROJECT_ID
from pipeline.jobs.status import Status


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs are wanted: a page of those of a project, with one of the statuses."""

    project_id: str | None = None
    statuses: tuple[Status, ...] = ()
    page: Page = field(default_factory=Page)


def read_query(query: MultiMapping[str]) -> JobQuery:
    """
    The query that a URL's parameters make; `status` may be repeated.

    Raises:
        BadRequestError: Some are unknown, repeated or not of their form.
    """
    faults = [*page_faults(query, ("projectId", "status"), repeatable=("status",)), *_malformed(query)]
    if faults:
        raise BadRequestError(faults)
    return JobQuery(
        project_id=query.get("projectId"), statuses=tuple(Status(name) for name in query.getall("status", [])), page=page_of(query)
    )


def _malformed(query: MultiMapping[str]) -> list[Fault]:
    faults = []
    if not PROJECT_ID.fullmatch(query.get("projectId", "-")):
        faults.append(Fault("?projectId", "should consist of letters, digits and -"))
    if not set(query.getall("status", [])) <= set(Status):
        faults.append(Fault("?status", f"should be one of {', '.join(Status)}"))
    return faults
