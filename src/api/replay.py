"""`rowstream replay`: changes applied again, asked of the service and followed on a terminal."""

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp
from rich.console import Console

from pipeline.errors import ConfigError
from pipeline.settings import Settings

LOOK_SECONDS = 0.5
ENDED = ("Applied again", "Not applied again")


def request_body(start: Sequence[str], tables: Sequence[str] | None, into: str | None) -> dict[str, Any]:
    """
    The body of `POST /jobs/{id}/replay` that the options make.

    Raises:
        ConfigError: `--from` is given several times, and not with offsets.
    """
    pairs = [each.rpartition("=") for each in start]
    if all(topic and offset.isdigit() for topic, _, offset in pairs):
        begin: Any = {topic: int(offset) for topic, _, offset in pairs}
    elif len(start) == 1:
        begin = start[0]
    else:
        raise ConfigError("--from is given more than once", suggestion="Only --from TOPIC=OFFSET may be repeated.")
    return {"from": begin} | ({"tables": list(tables)} if tables else {}) | ({"into": into} if into is not None else {})


async def replay(job_id: str, body: dict[str, Any], settings: Settings, console: Console) -> bool:
    """
    Ask the service that the settings name, and print what the job's story says of it until its end; whether all was applied.

    Raises:
        ConfigError: The service refuses, or does not answer.
    """
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = f"http://{host}:{settings.port}/api/v1/jobs/{job_id}"
    async with aiohttp.ClientSession() as session:
        former = await _ask(session, "GET", base)
        before, shown = len(_entries(former, *ENDED)), _progress(former)
        job = await _ask(session, "POST", f"{base}/replay", body)
        while True:
            ended = _entries(job, *ENDED)
            progress = _progress(job)
            if len(ended) > before:
                console.print(ended[-1], soft_wrap=True)
                return ended[-1].startswith(ENDED[0])
            if job["status"] != "RUNNING":
                raise ConfigError(f"the job is {job['status']}", suggestion=f"GET {base} says why.")
            if progress and progress != shown:
                console.print(progress, soft_wrap=True)
                shown = progress
            await asyncio.sleep(LOOK_SECONDS)
            job = await _ask(session, "GET", base)


def _progress(job: dict[str, Any]) -> str:
    return (_entries(job, "Replayed ") or [""])[-1]


def _entries(job: dict[str, Any], *beginnings: str) -> list[str]:
    return [each["message"] for each in job["jobUpdates"] if each["message"].startswith(beginnings)]


async def _ask(session: aiohttp.ClientSession, method: str, url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        async with session.request(method, url, json=body) as response:
            answer: dict[str, Any] = await response.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ConfigError(f"the service does not answer at {url}: {error}", suggestion="Start it with rowstream serve.") from error
    if response.status != 200:
        raise ConfigError(answer["message"], suggestion=answer.get("description"))
    return answer
