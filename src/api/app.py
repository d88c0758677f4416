"""The aiohttp application."""

from collections.abc import AsyncIterator, Callable

import aiohttp
from aiohttp import web

from api import health
from api.errors import answer_errors
from api.expectation import Routes
from api.guard import protect_answers, refuse_foreign, require_loopback
from api.jobs.handlers import answer, routes
from api.keys import CAPTURE_SECONDS, OPENAPI, PROBES, STATISTICS, STORE, UPDATES, VAULT, ReadStatistics
from api.openapi import openapi_text
from pipeline.jobs.store import JobStore
from pipeline.jobs.updates import JobUpdates
from pipeline.jobs.vault import Vault
from pipeline.kafka.topics import KafkaTopics
from pipeline.settings import Settings

LARGEST_BODY_BYTES = 1024 * 1024


own_routes = Routes()


def make_app(
    settings: Settings, store: JobStore, updates: JobUpdates, *, statistics: ReadStatistics, ping_control: health.Probe
) -> web.Application:
    """
    Make the HTTP service.

    `statistics` reads a job's counts; `ping_control` returns when the control database answers.

    Raises:
        ConfigError: The host in the settings is not a loopback address, or the key is missing.
    """
    require_loopback(settings.host)
    app = web.Application(middlewares=[protect_answers, answer_errors, refuse_foreign], client_max_size=LARGEST_BODY_BYTES)
    app[STORE], app[UPDATES], app[VAULT], app[STATISTICS] = store, updates, Vault(settings.secret_key), statistics
    app[CAPTURE_SECONDS] = 1.5 * settings.slot_timeout_seconds
    app[OPENAPI] = openapi_text(settings.host, settings.port)
    app.cleanup_ctx.append(_probes(settings, ping_control))
    app.add_routes([*own_routes, *routes])
    return app


def _probes(settings: Settings, ping_control: health.Probe) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as session:
            app[PROBES] = {
                "control": ping_control,
                "connect": health.connect_probe(session, settings.connect_url),
                "kafka": KafkaTopics(settings.kafka_bootstrap_servers).ping,
            }
            yield

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
