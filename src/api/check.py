"""`rowstream check`: what a job would still lack, on a terminal."""

from collections.abc import Collection

import aiohttp
from rich.console import Console
from rich.text import Text

from api.contract import JobReadiness, ReadinessCheck
from api.errors import ApiError
from api.jobs.examination import readiness
from api.jobs.submission import FindConnections, FoundConnections, take_job_request
from pipeline.connections.store import ConnectionStore
from pipeline.errors import ConfigError
from pipeline.jobs.control import needing_control, open_control
from pipeline.jobs.engine import Engine
from pipeline.projects.project import ProjectSettings
from pipeline.projects.store import ProjectStore
from pipeline.settings import Settings
from pipeline.sources.postgresql.connection import forget_environment
from pipeline.sources.source import Severity

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.OK: "green"}


async def check(text: str, settings: Settings) -> JobReadiness:
    """
    Check the job request of a JSON text; the control database is asked for its project, and for saved connections that it names.

    Raises:
        ConfigError: The text has faults; all are told. Or the control database cannot be read.
    """
    try:
        request = await take_job_request(text, _connections(settings))
    except ApiError as error:
        raise ConfigError(error.message, suggestion=error.description) from None
    project = await _project(request.project_id, settings)
    forget_environment()
    async with aiohttp.ClientSession() as session:
        return await readiness(request, project, Engine.of(settings, session))


def _connections(settings: Settings) -> FindConnections:
    async def find(connection_ids: Collection[str]) -> FoundConnections:
        async with open_control(settings) as client:
            with needing_control():
                return await ConnectionStore(client[settings.control_database], settings.secret_key).find(connection_ids)

    return find


async def _project(project_id: str, settings: Settings) -> ProjectSettings:
    async with open_control(settings) as client:
        with needing_control():
            return (await ProjectStore(client[settings.control_database]).get(project_id)).settings


def show(answer: JobReadiness, console: Console) -> None:
    """Print each check in a line, with what to do and the SQL to run in lines of their own below it."""
    for each in answer.checks:
        console.print(_line(each), soft_wrap=True)
        for told in filter(None, (each.suggestion, each.remedy)):
            console.print(Text(f"         {told}", "bold" if told is each.remedy else ""), soft_wrap=True)
    verdict = ("The job can start", "green") if answer.ready else ("The job cannot start", "red")
    console.print(Text.assemble(verdict))


def _line(check: ReadinessCheck) -> Text:
    return Text.assemble((f"{check.severity:<8}", _COLOURS[check.severity]), f" {check.area:<6} {check.check}: {check.message}")
