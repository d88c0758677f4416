"""Whether the service lives, whether it can work, and what it is."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.metadata import version

import aiohttp
from pymongo.errors import PyMongoError

from api.contract import Info, Readiness
from pipeline.errors import PipelineError
from pipeline.sources.registry import KNOWN_TYPES
from pipeline.sources.source import Mode

Probe = Callable[[], Awaitable[object]]
"""Returns when the server answers, raises when it does not."""

PATIENCE_SECONDS = 3.0


def info() -> Info:
    """What this service is and can."""
    return Info(name="rowstream", version=version("rowstream"), sources=list(KNOWN_TYPES), modes=[mode.value for mode in Mode])


async def readiness(probes: dict[str, Probe]) -> Readiness:
    """Ask every server at once, each for three seconds at most."""
    answers = await asyncio.gather(*(_ask(probe) for probe in probes.values()))
    return Readiness(ready=all(answer == "ok" for answer in answers), checks=dict(zip(probes, answers, strict=True)))


async def _ask(probe: Probe) -> str:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await probe()
    except (PipelineError, PyMongoError, aiohttp.ClientError, OSError, TimeoutError):
        return "does not answer"
    return "ok"


def connect_probe(session: aiohttp.ClientSession, connect_url: str) -> Probe:
    """Ask Kafka Connect's own health endpoint."""

    async def probe() -> None:
        async with session.get(f"{connect_url.rstrip('/')}/health") as response:
            response.raise_for_status()

    return probe
