"""What of a job is to be applied again: `POST /jobs/{id}/replay`."""

from collections.abc import Sequence

import structlog
from aiohttp import web
from bson import ObjectId

from api.answer import answer
from api.body import parse_json, read_form, read_json_text, repeated_names
from api.errors import ApiError, BadRequestError, NotFoundError
from api.expectation import Routes
from api.jobs.handlers import ALREADY_RUNNING, JOB, forbidden, view_of
from api.jobs.reach import asking
from api.keys import ENGINE, STORE, TARGETS
from pipeline.jobs.fault import Fault, json_path
from pipeline.jobs.job import Job, Replay, TablePlan
from pipeline.jobs.replay_start import find_starts
from pipeline.jobs.request import BEGINNING, ReplayRequest
from pipeline.jobs.status import may_replay
from pipeline.jobs.store import JobConflictError
from pipeline.sink.progress import read_progress

log = structlog.get_logger()

routes = Routes()


@routes.post(f"{JOB}/replay")
async def replay_job(request: web.Request) -> web.Response:
    """Have changes applied again, while the job streams, is paused, or has failed."""
    asked = read_replay(await read_json_text(request))
    job_id, store = request.match_info["id"], request.app[STORE]
    job = await store.get(job_id)
    if job is None:
        raise NotFoundError(job_id)
    if not may_replay(job):
        raise forbidden(job, "replay")
    replay = await _make_replay(request.app, job, asked)
    try:
        done = await store.ask_replay(job_id, replay)
    except JobConflictError as error:
        raise ApiError(ALREADY_RUNNING, "A migration job is already running", error.message, job_id=error.job_id) from None
    if done is None:
        raise NotFoundError(job_id)
    if not done.accepted:
        raise forbidden(done.job, "replay")
    log.info("replay asked", job=job_id, tables=replay.tables, into=replay.into)
    return answer(await view_of(request.app, done.job))


def read_replay(text: str) -> ReplayRequest:
    """
    The replay that a JSON text asks for.

    Raises:
        BadRequestError: The text has faults.
    """
    document = parse_json(text)
    asked, form_faults = read_form(ReplayRequest, text)
    faults = [*repeated_names(document), *form_faults]
    if asked is not None and isinstance(asked.start, dict) and asked.tables is not None:
        faults.append(Fault(json_path(["tables"]), "cannot be given with offsets, which name the topics of tables"))
    if asked is None or faults:
        raise BadRequestError(faults)
    return asked


async def _make_replay(app: web.Application, job: Job, asked: ReplayRequest) -> Replay:
    """
    The replay, once it is known where it begins.

    Raises:
        ApiError: There is no such table or topic (404), or Kafka has not the records (409), or something does not answer (503).
    """
    plans = _wanted(job, asked)
    if keyless := [plan.qualified_name for plan in plans if not plan.key and asked.start != BEGINNING]:
        told = f"{', '.join(keyless)}: without a key, changes that were applied cannot be told from new ones: replay from the beginning"
        raise ApiError(409, "A table without a key can be replayed from the beginning only", told, job_id=job.id)
    with asking("The target cannot be read", job.id):
        progress = await read_progress(app[TARGETS].database(job), job.id, job.generation)
    with asking("The records cannot be applied again", job.id):
        starts = await find_starts(app[ENGINE], plans, asked.start, {each.topic: each.position for each in progress})
    if not starts:
        raise ApiError(409, "There is nothing to apply again", "No record has been written since then", job_id=job.id)
    tables = tuple(plan.qualified_name for plan in job.tables if plan.topic in starts and (plan in plans or asked.into is None))
    clears = asked.start == BEGINNING and asked.into is None
    return Replay(id=str(ObjectId()), tables=tables, starts=starts, clears=clears, into=asked.into)


def _wanted(job: Job, asked: ReplayRequest) -> Sequence[TablePlan]:
    if isinstance(asked.start, dict):
        known, wanted, thing = {plan.topic for plan in job.tables}, set(asked.start), "topic"
        plans = [plan for plan in job.tables if plan.topic in wanted]
    else:
        known = {plan.qualified_name for plan in job.tables}
        wanted, thing = set(known if asked.tables is None else asked.tables), "table"
        plans = [plan for plan in job.tables if plan.qualified_name in wanted]
    if unknown := sorted(wanted - known):
        raise ApiError(404, f"There is no such {thing}", f"The job has no {thing} {', '.join(unknown)}", job_id=job.id)
    return plans
