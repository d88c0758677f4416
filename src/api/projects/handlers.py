"""The paths of projects: parse, call, answer."""

import structlog
from aiohttp import web

from api import contract
from api.answer import answer
from api.body import read_body, read_json_text
from api.expectation import Routes
from api.keys import PROJECTS, TOPIC_RETENTION_SECONDS
from pipeline.jobs.request import PROJECT_ID
from pipeline.projects.project import Project, ProjectSettings
from pipeline.projects.request import ProjectRequest

log = structlog.get_logger()

routes = Routes()

PROJECT = f"/api/v1/projects/{{id:{PROJECT_ID.pattern}}}"
"""The path of a project: any id that a job may name."""


@routes.get(PROJECT)
async def get_project(request: web.Request) -> web.Response:
    """The settings of a project; the defaults where none were written."""
    project = await request.app[PROJECTS].get(request.match_info["id"])
    return answer(view(project, request.app[TOPIC_RETENTION_SECONDS]))


@routes.put(PROJECT)
async def put_project(request: web.Request) -> web.Response:
    """Write all settings of a project."""
    settings = read_project(await read_json_text(request))
    project = await request.app[PROJECTS].put(request.match_info["id"], settings)
    log.info("project saved", project=project.id)
    return answer(view(project, request.app[TOPIC_RETENTION_SECONDS]))


def read_project(text: str) -> ProjectSettings:
    """
    The settings that a JSON text holds.

    Raises:
        BadRequestError: The text has faults.
    """
    return read_body(ProjectRequest, text).settings()


def view(project: Project, retention_seconds: float) -> contract.Project:
    """The project as clients see it; `retention_seconds` is how long topics keep records where it says nothing of that."""
    settings = project.settings
    return contract.Project(
        project_id=project.id,
        tables=contract.ProjectTables(
            include=None if settings.tables.include is None else list(settings.tables.include), exclude=list(settings.tables.exclude)
        ),
        names=settings.names,
        nulls=settings.nulls,
        topic_retention_seconds=settings.topic_retention_seconds or round(retention_seconds),
        saved_at=project.saved_at,
    )
