"""What the handlers find in the application."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from api.health import Probe
from api.jobs.targets import JobTargets
from pipeline.connections.store import ConnectionStore
from pipeline.jobs.engine import Engine
from pipeline.jobs.job import Job, Statistics
from pipeline.jobs.letters import EndedLetters
from pipeline.jobs.store import JobStore
from pipeline.jobs.updates import JobUpdates
from pipeline.jobs.vault import Vault
from pipeline.projects.store import ProjectStore

ReadStatistics = Callable[[Job], Awaitable[Statistics | None]]
"""The counts of a job, or None while they are not known."""

STORE = web.AppKey("store", JobStore)
UPDATES = web.AppKey("updates", JobUpdates)
LETTERS = web.AppKey("letters", EndedLetters)
CONNECTIONS = web.AppKey("connections", ConnectionStore)
PROJECTS = web.AppKey("projects", ProjectStore)
VAULT = web.AppKey("vault", Vault)
TARGETS = web.AppKey("targets", JobTargets)
STATISTICS: web.AppKey[ReadStatistics] = web.AppKey("statistics")
ENGINE = web.AppKey("engine", Engine)
PROBES: web.AppKey[dict[str, Probe]] = web.AppKey("probes")
OPENAPI = web.AppKey("openapi", str)
CAPTURE_SECONDS = web.AppKey("capture_seconds", float)
"""How long the answer to a CDC_ONLY job may wait for its slot."""

TOPIC_RETENTION_SECONDS = web.AppKey("topic_retention_seconds", float)
"""How long change topics keep records where a project says nothing of that."""
