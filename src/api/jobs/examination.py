"""Job requests that are looked at and not started: `POST /jobs/readiness` and `POST /jobs/preview`."""

from aiohttp import web

from api.answer import answer
from api.body import read_json_text
from api.contract import JobPreview, JobReadiness, PreviewTable, ReadinessCheck
from api.expectation import Routes
from api.jobs.reach import asking
from api.jobs.submission import take_job_request
from api.keys import CONNECTIONS, ENGINE, PROJECTS
from pipeline.jobs.engine import Engine
from pipeline.jobs.examination import Check, examine, preview
from pipeline.jobs.request import JobRequest
from pipeline.projects.project import ProjectSettings
from pipeline.sources.source import Severity

routes = Routes()


@routes.post("/api/v1/jobs/readiness")
async def check_readiness(request: web.Request) -> web.Response:
    """Say what source, target and engine still lack for the job."""
    job_request, project = await _asked(request)
    return answer(await readiness(job_request, project, request.app[ENGINE]))


@routes.post("/api/v1/jobs/preview")
async def preview_job(request: web.Request) -> web.Response:
    """Show what Kafka Connect would be sent."""
    job_request, project = await _asked(request)
    with asking("The source cannot be read"):
        shown = await preview(job_request, project, request.app[ENGINE])
    tables = [PreviewTable(table=each.table, collection=each.collection, key=list(each.key)) for each in shown.tables]
    return answer(JobPreview(connector=shown.config, tables=tables))


async def readiness(request: JobRequest, project: ProjectSettings, engine: Engine) -> JobReadiness:
    """The answer about a request under its project's settings."""
    checks = await examine(request, project, engine)
    ready = all(check.finding.severity is not Severity.ERROR for check in checks)
    return JobReadiness(ready=ready, checks=[_shown(check) for check in checks])


async def _asked(request: web.Request) -> tuple[JobRequest, ProjectSettings]:
    job_request = await take_job_request(await read_json_text(request), request.app[CONNECTIONS].find)
    return job_request, (await request.app[PROJECTS].get(job_request.project_id)).settings


def _shown(check: Check) -> ReadinessCheck:
    finding = check.finding
    return ReadinessCheck(
        check=finding.check,
        area=check.area,
        severity=finding.severity,
        message=finding.message,
        suggestion=finding.suggestion,
        remedy=finding.remedy,
        table=finding.table,
    )
