"""The paths of jobs: parse, call, answer."""

import asyncio
import contextlib
from datetime import UTC, datetime

import structlog
from aiohttp import web

from api import contract
from api.body import read_json_text, refuse_body
from api.contract import AnswerModel
from api.errors import ApiError, NotFoundError
from api.expectation import Routes
from api.jobs.query import read_query
from api.jobs.refresh import make_refresh, read_refresh
from api.jobs.submission import read_job_request
from api.jobs.view import view
from api.keys import CAPTURE_SECONDS, STATISTICS, STORE, UPDATES, VAULT
from pipeline.jobs.job import Ask, Job
from pipeline.jobs.status import allowed_actions, cdc_status, may_refresh, status
from pipeline.jobs.store import JobConflictError
from pipeline.jobs.submission import make_job
from pipeline.jobs.updates import KEPT_PER_JOB

log = structlog.get_logger()

UPDATES_IN_LISTS = 20
ALREADY_RUNNING = 470
CAPTURE_LOOK_SECONDS = 0.1

routes = Routes()


def answer(body: AnswerModel) -> web.Response:
    """Answer 200 with a body."""
    return web.Response(text=body.json_text(), content_type="application/json")


@routes.post("/api/v1/jobs")
async def post_job(request: web.Request) -> web.Response:
    """Start a job."""
    job_request = read_job_request(await read_json_text(request))
    try:
        job = await request.app[STORE].create(make_job(job_request, request.app[VAULT]))
    except JobConflictError as error:
        raise ApiError(ALREADY_RUNNING, "A migration job is already running", error.message, job_id=error.job_id) from None
    log.info("job posted", job=job.id, project=job.project_id, mode=job.mode.value)
    if not job.mode.snapshots:
        job = await _once_captured(request.app, job)
    return answer(await _view(request.app, job))


@routes.get("/api/v1/jobs")
async def list_jobs(request: web.Request) -> web.Response:
    """A page of jobs, newest first."""
    query = read_query(request.query)
    jobs = await request.app[STORE].search(query.project_id, query.statuses, query.limit + 1, query.cursor)
    page, more = jobs[: query.limit], len(jobs) > query.limit
    views = await asyncio.gather(*(_view(request.app, job, UPDATES_IN_LISTS) for job in page))
    return answer(contract.JobList(jobs=views, next=page[-1].id if more else None))


@routes.get("/api/v1/jobs/{id}")
async def get_job(request: web.Request) -> web.Response:
    """One job, its statistics live."""
    job_id = request.match_info["id"]
    job = await request.app[STORE].get(job_id)
    if job is None:
        raise NotFoundError(job_id)
    return answer(await _view(request.app, job))


@routes.post("/api/v1/jobs/{id}/stop")
async def stop_job(request: web.Request) -> web.Response:
    """End the job in good order: cancel it before it streams, else complete it."""
    return await _ask(request, Ask.STOP)


@routes.post("/api/v1/jobs/{id}/cancel")
async def cancel_job(request: web.Request) -> web.Response:
    """End the job now."""
    return await _ask(request, Ask.CANCEL)


@routes.post("/api/v1/jobs/{id}/refresh")
async def refresh_job(request: web.Request) -> web.Response:
    """Read tables of a streaming job again, or take new ones in."""
    names = read_refresh(await read_json_text(request))
    job_id, store = request.match_info["id"], request.app[STORE]
    job = await store.get(job_id)
    if job is not None and may_refresh(job):
        asked = await store.ask_refresh(job_id, await make_refresh(job, names, request.app[VAULT]))
        job = asked and asked.job
        if asked is not None and asked.accepted:
            log.info("refresh asked", job=job_id, tables=names)
            return answer(await _view(request.app, asked.job))
    if job is None:
        raise NotFoundError(job_id)
    raise _forbidden(job, "refresh")


async def _once_captured(app: web.Application, job: Job) -> Job:
    """
    The job once every change from now on is captured, or once it has failed.

    Who posts a CDC_ONLY job may change rows as soon as the answer is there, and expects them
    to arrive. The slot that captures them waits for open transactions as long as the
    settings allow; a moment longer than that, the job is answered as it is.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(app[CAPTURE_SECONDS]):
            while job.captures_since is None and job.outcome is None:
                await asyncio.sleep(CAPTURE_LOOK_SECONDS)
                job = await app[STORE].get(job.id) or job
    return job


async def _ask(request: web.Request, ask: Ask) -> web.Response:
    await refuse_body(request)
    job_id = request.match_info["id"]
    asked = await request.app[STORE].ask(job_id, ask)
    if asked is None:
        raise NotFoundError(job_id)
    if not asked.accepted:
        raise _forbidden(asked.job, ask.lower())
    log.info("job asked", job=job_id, ask=ask.value)
    return answer(await _view(request.app, asked.job))


def _forbidden(job: Job, action: str) -> ApiError:
    reason = " and reads tables again already" if job.refresh is not None else ""
    allowed = ", ".join(allowed_actions(job)) or "none"
    state = f"{status(job)} ({cdc_status(job)})" if action == "refresh" else status(job)
    return ApiError(409, f"A job that is {state}{reason} cannot be asked to {action}", f"Allowed now: {allowed}", job_id=job.id)


async def _view(app: web.Application, job: Job, updates: int = KEPT_PER_JOB) -> contract.Job:
    counts, story = await asyncio.gather(app[STATISTICS](job), app[UPDATES].read(job.id, updates))
    return view(job, counts, story, datetime.now(UTC))
