"""Kafka Connect's REST API, on a real worker."""

import secrets
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pipeline.connect.client import ConnectClient
from pipeline.errors import ConfigError, EngineUnavailableError, SourceError
from stack.stack import Stack

POSTGRES = "io.debezium.connector.postgresql.PostgresConnector"
PASSWORD = "geheim-3f"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def connect(stack: Stack, session: aiohttp.ClientSession) -> ConnectClient:
    return ConnectClient(stack.connect.url, session)


@pytest.fixture
def config() -> dict[str, str]:
    name = f"client-{secrets.token_hex(4)}"
    return {
        "name": name,
        "connector.class": POSTGRES,
        "topic.prefix": name,
        "plugin.name": "pgoutput",
        "database.hostname": "127.0.0.1",
        "database.port": "1",
        "database.dbname": "d",
        "database.user": "u",
        "database.password": PASSWORD,
    }


async def test_the_installed_plugins_are_told_with_their_versions(connect: ConnectClient) -> None:
    assert (await connect.plugins())[POSTGRES].startswith("3.")
    assert await connect.ready()


async def test_faults_are_told_by_property(connect: ConnectClient, config: dict[str, str]) -> None:
    faults = await connect.validate(POSTGRES, config | {"snapshot.mode": "sometimes", "slot.name": "Upper"})
    assert {fault.property for fault in faults} == {"snapshot.mode", "slot.name"}
    assert str(faults[0]).startswith(f"{faults[0].property}: ")


async def test_a_source_that_connect_does_not_reach_is_a_fault_of_the_host(connect: ConnectClient, config: dict[str, str]) -> None:
    assert [fault.property for fault in await connect.validate(POSTGRES, config)] == ["database.hostname"]


async def test_a_missing_plugin_is_the_operators_to_mend(connect: ConnectClient, config: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        await connect.validate("com.example.Missing", config | {"connector.class": "com.example.Missing"})
    assert caught.value.code == "PLUGIN_MISSING"


async def test_what_connect_refuses_is_told_without_the_password(connect: ConnectClient, config: dict[str, str]) -> None:
    with pytest.raises(SourceError) as caught:
        await connect.put(config["name"], config | {"name": PASSWORD})
    assert PASSWORD not in caught.value.message
    assert "***" in caught.value.message


async def test_a_connector_that_does_not_exist_is_absent_and_removed_already(connect: ConnectClient) -> None:
    assert (await connect.status("nobody")).absent
    assert await connect.offsets("nobody") == []
    await connect.remove("nobody")


async def test_a_connector_whose_source_cannot_be_reached_is_not_made(connect: ConnectClient, config: dict[str, str]) -> None:
    with pytest.raises(SourceError):
        await connect.put(config["name"], config)
    assert (await connect.status(config["name"])).absent


@pytest.fixture
async def rebalancing() -> AsyncIterator[tuple[str, list[int]]]:
    """A worker that rebalances for two requests and then answers; and how often it was asked."""
    asked = [0]

    async def answer(_: web.Request) -> web.Response:
        asked[0] += 1
        if asked[0] < 3:
            return web.json_response(
                {"error_code": 409, "message": "Cannot complete request because of a conflicting operation"}, status=409
            )
        return web.json_response({"connector": {"state": "RUNNING"}, "tasks": [{"id": 0, "state": "RUNNING"}]})

    async def busy(_: web.Request) -> web.Response:
        return web.json_response({"error_code": 500, "message": "Request timed out. The worker is starting"}, status=500)

    async def starting(_: web.Request) -> web.Response:
        return web.Response(status=404, text="<html>Error 404 Not Found</html>", content_type="text/html")

    application = web.Application()
    application.add_routes([web.get("/connectors/c/status", answer), web.get("/connectors/busy/status", busy)])
    application.add_routes([web.get("/connectors/early/status", starting)])
    async with TestServer(application) as server:
        yield str(server.make_url("/")), asked


async def test_a_rebalance_is_waited_for(session: aiohttp.ClientSession, rebalancing: tuple[str, list[int]]) -> None:
    url, asked = rebalancing
    assert (await ConnectClient(url, session).status("c")).running
    assert asked == [3]


async def test_a_worker_that_cannot_answer_in_time_is_an_outage(session: aiohttp.ClientSession, rebalancing: tuple[str, list[int]]) -> None:
    with pytest.raises(EngineUnavailableError):
        await ConnectClient(rebalancing[0], session).status("busy")


async def test_a_worker_that_has_just_begun_to_start_is_an_outage_not_one_without_connectors(
    session: aiohttp.ClientSession, rebalancing: tuple[str, list[int]]
) -> None:
    with pytest.raises(EngineUnavailableError, match="not ready"):
        await ConnectClient(rebalancing[0], session).status("early")


async def test_a_silent_connect_is_an_outage(session: aiohttp.ClientSession) -> None:
    with pytest.raises(EngineUnavailableError, match="does not answer"):
        await ConnectClient("http://127.0.0.1:1", session).status("c")
