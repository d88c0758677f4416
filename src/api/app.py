"""The aiohttp application."""

from collections.abc import AsyncIterator, Callable

import aiohttp
from aiohttp import web

from api import health
from api.answer import answer
from api.connections import handlers as connection_handlers
from api.errors import answer_errors
from api.expectation import Routes
from api.guard import protect_answers, refuse_foreign, require_loopback
from api.jobs import dead_letters, examination, handlers, replay
from api.jobs.statistics import LiveStatistics
from api.jobs.targets import JobTargets
from api.keys import (
    CAPTURE_SECONDS,
    CONNECTIONS,
    ENGINE,
    LETTERS,
    OPENAPI,
    PROBES,
    PROJECTS,
    STATISTICS,
    STORE,
    TARGETS,
    TOPIC_RETENTION_SECONDS,
    UPDATES,
    VAULT,
    ReadStatistics,
)
from api.openapi import openapi_text
from api.projects import handlers as project_handlers
from pipeline.jobs.engine import Engine
from pipeline.jobs.vault import Vault
from pipeline.settings import Settings
from pipeline.stores import Stores

LARGEST_BODY_BYTES = 1024 * 1024


own_routes = Routes()


def make_app(
    settings: Settings,
    stores: Stores,
    *,
    ping_control: health.Probe,
    statistics: ReadStatistics | None = None,
) -> web.Application:
    """
    Make the HTTP service.

    `ping_control` returns when the control database answers; `statistics` reads a job's counts, from its target if not given.

    Raises:
        ConfigError: The host in the settings is not a loopback address, or the key is missing.
    """
    require_loopback(settings.host)
    app = web.Application(middlewares=[protect_answers, answer_errors, refuse_foreign], client_max_size=LARGEST_BODY_BYTES)
    app[STORE], app[UPDATES], app[LETTERS], app[CONNECTIONS] = stores.jobs, stores.updates, stores.letters, stores.connections
    app[PROJECTS], app[TOPIC_RETENTION_SECONDS] = stores.projects, settings.topic_retention_seconds
    vault = app[VAULT] = Vault(settings.secret_key)
    targets = app[TARGETS] = JobTargets(vault)
    app[STATISTICS] = statistics or LiveStatistics(targets)
    app[CAPTURE_SECONDS] = 1.5 * settings.slot_timeout_seconds
    app[OPENAPI] = openapi_text(settings.host, settings.port)
    app.cleanup_ctx.append(_servers(settings, ping_control))
    of_jobs = (*examination.routes, *handlers.routes, *dead_letters.routes, *replay.routes)
    app.add_routes([*own_routes, *of_jobs, *connection_handlers.routes, *project_handlers.routes])
    return app


def _servers(settings: Settings, ping_control: health.Probe) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as session:
            engine = app[ENGINE] = Engine.of(settings, session)
            app[PROBES] = {
                "control": ping_control,
                "connect": health.connect_probe(session, settings.connect_url),
                "kafka": lambda: engine.topics.ping(health.PATIENCE_SECONDS - 0.5),
            }
            yield
            await app[TARGETS].close()

    return context


@own_routes.get("/healthz")
async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


@own_routes.get("/readyz")
async def _readyz(request: web.Request) -> web.Response:
    readiness = await health.readiness(request.app[PROBES])
    return web.Response(status=200 if readiness.ready else 503, text=readiness.json_text(), content_type="application/json")


@own_routes.get("/api/v1/info")
async def _info(_request: web.Request) -> web.Response:
    return answer(health.info())


@own_routes.get("/api/v1/openapi.json")
async def _openapi(request: web.Request) -> web.Response:
    return web.Response(text=request.app[OPENAPI], content_type="application/json")
