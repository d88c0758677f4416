"""Kafka Connect's REST API."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from pipeline.connect.status import ConnectorStatus, read_status
from pipeline.errors import ConfigError, EngineUnavailableError, SourceError

TIMEOUT = aiohttp.ClientTimeout(total=40, connect=5)
HEADERS = {"Content-Type": "application/json"}
"""Connect answers 415 without it, also where there is no body."""

BUSY_SECONDS = 60.0
LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Fault:
    """One property that Connect refuses, and why."""

    property: str
    message: str

    def __str__(self) -> str:
        return f"{self.property}: {self.message}"


class ConnectClient:
    """
    A Connect cluster, through one of its workers.

    Every method may be repeated. All raise `EngineUnavailableError` when Connect does not
    answer or is still rebalancing after a minute, and `SourceError` with its own words when
    it refuses; no error holds a secret of the configuration.
    """

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._session = session

    async def plugins(self) -> dict[str, str]:
        """The connector classes that are installed, and their versions."""
        _, body = await self._ask("GET", "/connector-plugins")
        return {plugin["class"]: plugin["version"] for plugin in body}

    async def validate(self, connector_class: str, config: Mapping[str, str]) -> list[Fault]:
        """
        What Connect and the connector find wrong with a configuration, connecting to the source included.

        Raises:
            ConfigError: The connector's plugin is not installed.
        """
        return [
            Fault(value["name"], _scrub(message, config))
            for value in await self.definitions(connector_class, config)
            for message in value["errors"]
        ]

    async def definitions(self, connector_class: str, config: Mapping[str, str]) -> list[dict[str, Any]]:
        """Connect's view of each property it knows: `name`, `value`, `errors`, ... A misspelt property is not among them."""
        path = f"/connector-plugins/{quote(connector_class, safe='')}/config/validate"
        status, body = await self._ask("PUT", path, config, also={400, 404, 500})
        if status == 200:
            return [entry["value"] for entry in body["configs"] if entry["value"] is not None]
        message = _message(body)
        if status == 404 or "Failed to find any class" in message:
            raise ConfigError(
                f"Kafka Connect has no plugin for {connector_class}",
                suggestion="Install the Debezium plugin on every Connect worker and restart it.",
                code="PLUGIN_MISSING",
            )
        raise SourceError(f"Kafka Connect cannot validate the connector: {_scrub(message, config)}")

    async def property_names(self, connector_class: str) -> set[str]:
        """The names of every property that the connector's plugin lists, Connect's own included."""
        _, body = await self._ask("GET", f"/connector-plugins/{quote(connector_class, safe='')}/config")
        return {definition["name"] for definition in body}

    async def put(self, name: str, config: Mapping[str, str]) -> None:
        """Create the connector, or give it this configuration."""
        await self._ask("PUT", f"{_path(name)}/config", config)

    async def status(self, name: str) -> ConnectorStatus:
        """How the connector and its tasks are; a connector that Connect does not know (yet) is ABSENT."""
        status, body = await self._ask("GET", f"{_path(name)}/status", also={404})
        return ConnectorStatus() if status == 404 else read_status(body)

    async def restart(self, name: str, *, only_failed: bool = True) -> None:
        """Start what failed of the connector again, or all of it."""
        await self._ask("POST", f"{_path(name)}/restart?includeTasks=true&onlyFailed={str(only_failed).lower()}")

    async def stop(self, name: str) -> None:
        """Stop the connector's tasks, return once they have ended; its offsets stay. One that is gone is no error."""
        status, _ = await self._ask("PUT", f"{_path(name)}/stop", also={404})
        deadline = _now() + BUSY_SECONDS
        while status != 404:
            found = await self.status(name)
            if found.stopped or found.absent:
                return
            if _now() > deadline:
                raise EngineUnavailableError(f"Kafka Connect does not stop the connector {name}")
            await asyncio.sleep(LOOK_SECONDS)

    async def offsets(self, name: str) -> list[dict[str, Any]]:
        """The offsets of the connector: `partition` and `offset` each."""
        status, body = await self._ask("GET", f"{_path(name)}/offsets", also={404})
        return [] if status == 404 else list(body["offsets"])

    async def delete_offsets(self, name: str) -> None:
        """Delete the offsets of a stopped connector; one that is gone has none."""
        await self._ask("DELETE", f"{_path(name)}/offsets", also={404})

    async def delete(self, name: str) -> None:
        """Delete the connector; one that is gone is no error."""
        await self._ask("DELETE", _path(name), also={404})

    async def remove(self, name: str) -> None:
        """Stop the connector, then delete its offsets and itself; offsets can only be deleted in that order."""
        await self.stop(name)
        await self.delete_offsets(name)
        await self.delete(name)

    async def ready(self) -> bool:
        """Whether Connect answers and has joined its group."""
        status, _ = await self._ask("GET", "/health", also={500, 503})
        return status == 200

    async def _ask(self, method: str, path: str, config: Mapping[str, str] | None = None, also: set[int] | None = None) -> tuple[int, Any]:
        """Status and body of the answer; while Connect rebalances (409), ask again."""
        deadline = _now() + BUSY_SECONDS
        while True:
            status, body = await self._send(method, path, config)
            if status == 404 and not isinstance(body, dict):  # a worker that starts answers so for every path, and not in JSON
                raise EngineUnavailableError("Kafka Connect is not ready: it does not know its own paths yet")
            if status < 400 or status in (also or set()):
                return status, body
            message = _scrub(_message(body), config or {})
            if status == 503 or (status == 500 and "timed out" in message.lower()):
                raise EngineUnavailableError(f"Kafka Connect is not ready: {message}")
            if status != 409:
                raise SourceError(f"Kafka Connect refuses {method} {path.partition('?')[0]} ({status}): {message}", code="CONNECT")
            if _now() > deadline:
                raise EngineUnavailableError(f"Kafka Connect is still busy: {message}")
            await asyncio.sleep(LOOK_SECONDS)

    async def _send(self, method: str, path: str, config: Mapping[str, str] | None) -> tuple[int, Any]:
        body = None if config is None else dict(config)
        try:
            async with self._session.request(method, self._url + path, json=body, headers=HEADERS, timeout=TIMEOUT) as response:
                is_json = response.content_type == "application/json"
                return response.status, await response.json() if is_json else await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise EngineUnavailableError(
                f"Kafka Connect at {self._url} does not answer: {reason}",
                suggestion="Check that it runs and that ROWSTREAM_CONNECT_URL names it.",
            ) from error


def _path(name: str) -> str:
    return f"/connectors/{quote(name, safe='')}"


def _message(body: Any) -> str:
    return str(body.get("message", body)) if isinstance(body, dict) else str(body)


def _scrub(message: str, config: Mapping[str, str]) -> str:
    """The message without any secret that the configuration holds."""
    for name, value in config.items():
        if "password" in name and value:
            message = message.replace(value, "***")
    return message


def _now() -> float:
    return asyncio.get_running_loop().time()
