"""`rowstream serve`: the HTTP service, the supervisor and, beside them, workers."""

import asyncio
import signal
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from api.app import make_app
from api.guard import require_loopback
from pipeline.errors import ConfigError
from pipeline.jobs.control import needing_control, open_control
from pipeline.jobs.supervisor import Supervisor
from pipeline.settings import Settings
from pipeline.sources.postgresql.connection import forget_environment
from pipeline.stores import Stores
from pipeline.tasks import end
from pipeline.worker.pool import WorkerPool

log = structlog.get_logger()

ASKING_TO_STOP = (signal.SIGTERM, signal.SIGINT)

MOST_THREADS = 256
"""
Clients that block wait in threads, most for half a minute when their server does not answer, and names are looked up in them, those of
MongoDB, too. asyncio's default, six on two processors, has ten jobs keep every request waiting while Kafka is away.
"""

FAREWELL_SECONDS = 5.0
STOP_SECONDS = 40.0
"""Longer than the half minute that workers are given."""


async def serve(settings: Settings, workers: int) -> None:
    """
    Serve until SIGTERM or SIGINT; whatever of the three parts ends before that takes the others with it.

    Raises:
        ConfigError: The settings are wrong, the control database does not answer, or the port is taken.
    """
    require_loopback(settings.host)
    forget_environment()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MOST_THREADS, "blocking"))
    async with open_control(settings) as client:
        database = client[settings.control_database]
        stores = Stores.of(database, settings)
        with needing_control():
            await stores.ensure_indexes()
        app = make_app(settings, stores, ping_control=lambda: database.command("ping"))
        async with _listening(app, settings):
            await _run(Supervisor(settings, stores), WorkerPool(settings, workers) if workers else None)


@asynccontextmanager
async def _listening(app: web.Application, settings: Settings) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=FAREWELL_SECONDS)
    await runner.setup()
    try:
        await _listen(runner, settings)
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}",
            suggestion="Stop what uses the port, or choose another with ROWSTREAM_PORT.",
        ) from error
    log.info("listening", url=f"http://{settings.host}:{settings.port}/api/v1")


async def _run(supervisor: Supervisor, pool: WorkerPool | None) -> None:
    parts = [asyncio.create_task(supervisor.run(), name="supervisor")]
    if pool is not None:
        parts.append(asyncio.create_task(pool.run(), name="workers"))
    asked_to_stop = asyncio.create_task(_signal())
    try:
        done, _ = await asyncio.wait({*parts, asked_to_stop}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await end(*parts, asked_to_stop, again_seconds=STOP_SECONDS)


async def _signal() -> None:
    """Return when the process is asked to end."""
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for number in ASKING_TO_STOP:
        loop.add_signal_handler(number, asked.set)
    try:
        await asked.wait()
        log.info("stopping")
    finally:
        for number in ASKING_TO_STOP:
            loop.remove_signal_handler(number)
