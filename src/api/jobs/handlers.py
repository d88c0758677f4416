"""The paths of jobs: parse, call, answer."""

import asyncio
import contextlib
from datetime import UTC, datetime

import structlog
from aiohttp import web

from api import contract
from api.answer import answer
from api.body import read_json_text, refuse_body
from api.errors import ApiError, NotFoundError
from api.expectation import Routes
from api.jobs.query import read_query
from api.jobs.refresh import make_refresh, read_refresh
from api.jobs.submission import take_job_request
from api.jobs.view import view
from api.keys import CAPTURE_SECONDS, CONNECTIONS, PROJECTS, STATISTICS, STORE, UPDATES, VAULT
from pipeline.connections.keeping import keep_connections
from pipeline.jobs.job import Ask, Job
from pipeline.jobs.status import allowed_actions, cdc_status, may_refresh, status
from pipeline.jobs.store import Asked, JobConflictError
from pipeline.jobs.submission import make_job
from pipeline.jobs.updates import KEPT_PER_JOB

log = structlog.get_logger()

UPDATES_IN_LISTS = 20
ALREADY_RUNNING = 470
CAPTURE_LOOK_SECONDS = 0.1
HOLD_SECONDS = 10.0

routes = Routes()

JOB = "/api/v1/jobs/{id:(?!(?:readiness|preview)$)[^{}/]+}"
"""The path of a job: those two are no ids, and their own paths take other methods."""


@routes.post("/api/v1/jobs")
async def post_job(request: web.Request) -> web.Response:
    """Start a job."""
    app = request.app
    job_request = await take_job_request(await read_json_text(request), app[CONNECTIONS].find)
    try:
        project = await app[PROJECTS].get(job_request.project_id)
        job = await app[STORE].create(make_job(job_request, project.settings, app[VAULT]))
    except JobConflictError as error:
        raise ApiError(ALREADY_RUNNING, "A migration job is already running", error.message, job_id=error.job_id) from None
    log.info("job posted", job=job.id, project=job.project_id, mode=job.mode.value)
    await keep_connections(job_request, job.id, app[CONNECTIONS], app[UPDATES])
    if not job.mode.snapshots:
        job = await _once_captured(app, job)
    return answer(await view_of(app, job))


@routes.get("/api/v1/jobs")
async def list_jobs(request: web.Request) -> web.Response:
    """A page of jobs, newest first."""
    query = read_query(request.query)
    limit = query.page.limit
    jobs = await request.app[STORE].search(query.project_id, query.statuses, limit + 1, query.page.cursor)
    page, more = jobs[:limit], len(jobs) > limit
    views = await asyncio.gather(*(view_of(request.app, job, UPDATES_IN_LISTS) for job in page))
    return answer(contract.JobList(jobs=views, next=page[-1].id if more else None))


@routes.get(JOB)
async def get_job(request: web.Request) -> web.Response:
    """One job, its statistics live."""
    job_id = request.match_info["id"]
    job = await request.app[STORE].get(job_id)
    if job is None:
        raise NotFoundError(job_id)
    return answer(await view_of(request.app, job))


@routes.post(f"{JOB}/stop")
async def stop_job(request: web.Request) -> web.Response:
    """End the job in good order: cancel it before it streams, else complete it."""
    return await _ask(request, Ask.STOP)


@routes.post(f"{JOB}/cancel")
async def cancel_job(request: web.Request) -> web.Response:
    """End the job now."""
    return await _ask(request, Ask.CANCEL)


@routes.post(f"{JOB}/retry")
async def retry_job(request: web.Request) -> web.Response:
    """Have a failed job go on from its checkpoints."""
    try:
        return await _ask(request, Ask.RETRY)
    except JobConflictError as error:
        raise ApiError(ALREADY_RUNNING, "A migration job is already running", error.message, job_id=error.job_id) from None


@routes.post(f"{JOB}/pause")
async def pause_job(request: web.Request) -> web.Response:
    """Have the workers stop; the connector reads on."""
    return await _pause(request, paused=True)


@routes.post(f"{JOB}/resume")
async def resume_job(request: web.Request) -> web.Response:
    """Have the workers go on."""
    return await _pause(request, paused=False)


@routes.post(f"{JOB}/refresh")
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
            return answer(await view_of(request.app, asked.job))
    if job is None:
        raise NotFoundError(job_id)
    raise forbidden(job, "refresh")


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
    return await _answer(request, await request.app[STORE].ask(request.match_info["id"], ask), ask.lower())


async def _pause(request: web.Request, *, paused: bool) -> web.Response:
    await refuse_body(request)
    asked = await request.app[STORE].pause(request.match_info["id"], paused=paused)
    if asked is not None and asked.accepted:
        asked = Asked(await _once_held(request.app, asked.job), accepted=True)
    return await _answer(request, asked, "pause" if paused else "resume")


async def _once_held(app: web.Application, job: Job) -> Job:
    """
    The job once nothing is written any more, or everything may be again; after some seconds as it is.

    Who pauses a job does something with the target as soon as the answer is there.
    """
    paused = job.paused
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HOLD_SECONDS):
            while job.held is not paused and job.paused is paused and job.outcome is None:
                await asyncio.sleep(CAPTURE_LOOK_SECONDS)
                job = await app[STORE].get(job.id) or job
    return job


async def _answer(request: web.Request, asked: Asked | None, action: str) -> web.Response:
    job_id = request.match_info["id"]
    if asked is None:
        raise NotFoundError(job_id)
    if not asked.accepted:
        raise forbidden(asked.job, action)
    log.info("job asked", job=job_id, action=action)
    return answer(await view_of(request.app, asked.job))


def forbidden(job: Job, action: str) -> ApiError:
    reason = " and reads tables again already" if job.refresh else " and applies changes again already" if job.replay else ""
    allowed = ", ".join(allowed_actions(job)) or "none"
    state, changes = str(status(job)), str(cdc_status(job))
    if action not in ("stop", "cancel", "retry") and changes != state:
        state = f"{state} ({changes})"
    return ApiError(409, f"A job that is {state}{reason} cannot be asked to {action}", f"Allowed now: {allowed}", job_id=job.id)


async def view_of(app: web.Application, job: Job, updates: int = KEPT_PER_JOB) -> contract.Job:
    counts, story = await asyncio.gather(app[STATISTICS](job), app[UPDATES].read(job.id, updates))
    return view(job, counts, story, datetime.now(UTC))
