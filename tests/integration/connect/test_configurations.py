"""The reviewed configurations, as the real plugins take them: Connect's own validation, on the embedded stack."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.proofs.kinds import Kind

from pipeline.connect.client import ConnectClient, Fault
from pipeline.errors import SourceError
from stack.stack import Stack

GOLDEN = Path(__file__).parents[2] / "golden"
UNREACHABLE = {
    "database.hostname": "127.0.0.1",
    "database.port": "1",
    "connection.validation.timeout.ms": "4000",
    "driver.loginTimeout": "2",
    "driver.oracle.net.CONNECT_TIMEOUT": "2000",
    "database.url": "jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=127.0.0.1)(PORT=1))(CONNECT_DATA=(SERVICE_NAME=x)))",
}
"""Where no server listens, told soon: the one error that is left."""


def _reviewed(file: Path) -> Any:
    """A reviewed configuration, which proves something of its type."""
    kind = file.stem.partition("_")[0]
    return pytest.param(file.stem, marks=pytest.mark.proves(Kind.VALIDATED, {"sqlserver": "SQL_SERVER"}.get(kind, kind.upper())))


REVIEWED = [_reviewed(file) for file in sorted(GOLDEN.glob("*.json"))]

NOT_LISTED = {
    "binary.handling.mode",  # read by the MySQL and MariaDB connectors (RelationalDatabaseConnectorConfig), listed by the others
    "converters",  # read by every connector (CommonConnectorConfig), with properties that begin with the names it lists
    "event.converting.failure.handling.mode",  # read by every connector (CommonConnectorConfig), listed by few
    "snapshot.isolation.mode",  # read by the Db2 connector (Db2ConnectorConfig), and in its documentation, but not listed
    *(f"{part}.converter.{name}" for part in ("key", "value", "header") for name in ("schemas.enable", "replace.null.with.default")),
    *(f"schema.history.internal.kafka.{name}" for name in ("bootstrap.servers", "topic")),
    *(f"signal.kafka.{name}" for name in ("topic", "groupId", "bootstrap.servers", "poll.timeout.ms")),
    "signal.poll.interval.ms",
}
"""Properties of the converters, the schema history and the signal channel, which are no part of a plugin's own list."""

PREFIXES = ("driver.", "producer.override.", "snapshot.select.statement.overrides.", "zerodates.")


@pytest.fixture
async def connect(stack: Stack) -> AsyncIterator[ConnectClient]:
    async with aiohttp.ClientSession() as session:
        yield ConnectClient(stack.connect.url, session)


def reviewed(name: str, stack: Stack) -> dict[str, str]:
    """The reviewed configuration with what exists here in the place of what does not: Kafka, a password, no server."""
    config: dict[str, str] = json.loads((GOLDEN / f"{name}.json").read_text())
    servers = {key: stack.connections.kafka_bootstrap_servers for key in config if key.endswith("bootstrap.servers")}
    return config | servers | {"database.password": "x"} | {key: value for key, value in UNREACHABLE.items() if key in config}


async def faults(connect: ConnectClient, config: dict[str, str]) -> list[Fault]:
    """What is wrong with it. Where nothing else is, Debezium's Db2 connector fails the whole request since it does not reach the server."""
    try:
        return await connect.validate(config["connector.class"], config)
    except SourceError as error:
        if "Couldn't obtain database name" not in error.message:
            raise
        return [Fault("database.hostname", error.message)]


@pytest.mark.parametrize("name", REVIEWED)
async def test_nothing_but_the_unreachable_host_is_wrong(connect: ConnectClient, stack: Stack, name: str) -> None:
    found = await faults(connect, reviewed(name, stack))
    assert {fault.property for fault in found} <= {"database.hostname"}, [str(fault) for fault in found]


@pytest.mark.parametrize("name", REVIEWED)
async def test_every_property_is_one_that_the_plugin_knows(connect: ConnectClient, stack: Stack, name: str) -> None:
    config = reviewed(name, stack)
    known = NOT_LISTED | await connect.property_names(config["connector.class"])
    assert [key for key in config if key not in known and not key.startswith(PREFIXES)] == []


async def test_a_misspelt_property_is_found(connect: ConnectClient, stack: Stack) -> None:
    config = reviewed("postgresql_cdc", stack) | {"slot.nane": "x"}
    assert "slot.nane" not in NOT_LISTED | await connect.property_names(config["connector.class"])


async def test_a_wrong_value_is_found(connect: ConnectClient, stack: Stack) -> None:
    config = reviewed("postgresql_cdc", stack) | {"snapshot.mode": "sometimes"}
    assert "snapshot.mode" in {fault.property for fault in await faults(connect, config)}
