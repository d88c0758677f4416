"""What the handlers find in the application."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from api.health import Probe
from pipeline.jobs.job import Job, Statistics
from pipeline.jobs.store import JobStore
from pipeline.jobs.updates import JobUpdates
from pipeline.jobs.vault import Vault

ReadStatistics = Callable[[Job], Awaitable[Statistics | None]]
"""The counts of a job, or None while they are not known."""

STORE = web.AppKey("store", JobStore)
UPDATES = web.AppKey("updates", JobUpdates)
VAULT = web.AppKey("vault", Vault)
STATISTICS: web.AppKey[ReadStatistics] = web.AppKey("statistics")
PROBES: web.AppKey[dict[str, Probe]] = web.AppKey("probes")
OPENAPI = web.AppKey("openapi", str)
CAPTURE_SECONDS = web.AppKey("capture_seconds", float)
"""How long the answer to a CDC_ONLY job may wait for its slot."""
