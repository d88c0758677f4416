"""The paths of a job's dead letters: `GET /jobs/{id}/errors` and their replay."""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from aiohttp import web
from bson import ObjectId
from multidict import MultiMapping

from api import contract
from api.answer import answer
from api.body import read_body, read_json_text
from api.errors import BadRequestError, NotFoundError
from api.expectation import Routes
from api.jobs.handlers import JOB, forbidden
from api.jobs.reach import asking
from api.keys import LETTERS, STORE, TARGETS
from api.page import page_faults, page_of
from pipeline.jobs.fault import Fault
from pipeline.jobs.job import Job
from pipeline.jobs.request import LetterReplayRequest
from pipeline.jobs.status import may_replay_letters
from pipeline.sink.letter import Letter, LetterStatus
from pipeline.sink.letter_search import Found, LetterQuery
from pipeline.sink.letter_store import ask_for_replay, find_letters

log = structlog.get_logger()

SHOWN_BYTES = 64 * 1024
"""Records of more are shown one at a time only."""

routes = Routes()


@routes.get(f"{JOB}/errors")
async def list_errors(request: web.Request) -> web.Response:
    """A page of the job's dead letters, oldest first."""
    query = read_letter_query(request.query)
    found = await _find(request.app, await _job(request), query)
    letters = [view(letter, whole=letter.size <= SHOWN_BYTES) for letter in found.letters]
    return answer(contract.DeadLetterList(errors=letters, total=found.total, next=letters[-1].id if found.more else None))


@routes.get(f"{JOB}/errors/{{error:[0-9a-f]+}}")
async def get_error(request: web.Request) -> web.Response:
    """One dead letter, its record whole however large it is."""
    name = request.match_info["error"]
    found = Found((), 0, False)
    job = await _job(request)
    if ObjectId.is_valid(name):
        found = await _find(request.app, job, LetterQuery(1, ids=(ObjectId(name),)))
    if not found.letters:
        raise NotFoundError(name, "error")
    return answer(view(found.letters[0], whole=True))


@routes.post(f"{JOB}/errors/replay")
async def replay_errors(request: web.Request) -> web.Response:
    """Have open dead letters tried again, in their order, by the workers of their partitions."""
    asked = read_replay(await read_json_text(request))
    job = await _job(request)
    if not may_replay_letters(job):
        raise forbidden(job, "replay errors")
    query = LetterQuery(1, table=asked.table, code=asked.error_code, ids=tuple(map(ObjectId, asked.ids or ())))
    with asking("The target cannot be read", job.id):
        number = await ask_for_replay(request.app[TARGETS].database(job), job.id, query)
    if number:
        await request.app[STORE].ask_letters(job.id)
    log.info("replay of errors asked", job=job.id, errors=number)
    return answer(contract.LetterReplay(asked=number))


def read_letter_query(query: MultiMapping[str]) -> LetterQuery:
    """
    The query that a URL's parameters make; `status` may be repeated.

    Raises:
        BadRequestError: Some are unknown, repeated or not of their form.
    """
    faults = page_faults(query, ("table", "errorCode", "status"), repeatable=("status",))
    if not set(query.getall("status", [])) <= set(LetterStatus):
        faults.append(Fault("?status", f"should be one of {', '.join(LetterStatus)}"))
    if faults:
        raise BadRequestError(faults)
    page = page_of(query)
    statuses = tuple(LetterStatus(name) for name in query.getall("status", []))
    after = None if page.cursor is None else ObjectId(page.cursor)
    return LetterQuery(page.limit, after, query.get("table"), query.get("errorCode"), statuses)


def read_replay(text: str) -> LetterReplayRequest:
    """
    The replay that a JSON text asks for.

    Raises:
        BadRequestError: The text has faults.
    """
    return read_body(LetterReplayRequest, text)


def view(letter: Letter, *, whole: bool) -> contract.DeadLetter:
    """The letter as clients see it; `whole`: with what its record holds."""
    topic, partition, offset = letter.position
    content = _content(letter) if whole else {}
    record = contract.LetterRecord(
        topic=topic, partition=partition, offset=offset, size=letter.size, kept=letter.record is not None, **content
    )
    return contract.DeadLetter(
        id=str(letter.id),
        status=letter.status,
        table=letter.table,
        collection=letter.collection,
        operation=letter.operation,
        error_code=letter.code,
        message=letter.reason,
        suggestion=letter.suggestion,
        field_name=letter.column,
        key=letter.key,
        failed_at=letter.failed_at,
        attempts=letter.attempts,
        closed_at=letter.closed_at,
        closed_by=letter.closed_by,
        record=record,
    )


def _content(letter: Letter) -> Mapping[str, Any]:
    if letter.record is None:
        return {}
    return _decoded("key", letter.record.key) | _decoded("value", letter.record.value)


def _decoded(name: str, content: bytes | None) -> dict[str, Any]:
    """The payload of JSON with a schema, else the bytes as base64."""
    if content is None:
        return {}
    try:
        return {name: msgspec.json.decode(content)["payload"]}
    except (msgspec.MsgspecError, LookupError, TypeError, UnicodeDecodeError):
        return {f"{name}_base64": base64.b64encode(content).decode()}


async def _job(request: web.Request) -> Job:
    job_id = request.match_info["id"]
    job = await request.app[STORE].get(job_id)
    if job is None:
        raise NotFoundError(job_id)
    return job


async def _find(app: web.Application, job: Job, query: LetterQuery) -> Found:
    """The letters are at the target until the job's end; then they are in the control database."""
    if job.letters_kept or job.secrets is None:
        return await app[LETTERS].search(job.id, query)
    with asking("The target cannot be read", job.id):
        return await find_letters(app[TARGETS].database(job), job.id, query)
