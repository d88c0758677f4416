"""A throw-away database, and a real connector that reads it."""

import secrets
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from pipeline.connect.client import ConnectClient
from stack.stack import Stack

from .database import Database
from .stream import StreamFactory


@pytest.fixture
def database(stack: Stack) -> Iterator[Database]:
    """An empty database and the role that owns it, removed at the end."""
    made = Database(stack.postgresql, f"source_{secrets.token_hex(4)}")
    made.create()
    yield made
    made.drop()


@pytest.fixture
async def connect(stack: Stack) -> AsyncIterator[ConnectClient]:
    """The stack's Kafka Connect."""
    async with aiohttp.ClientSession() as session:
        yield ConnectClient(stack.connect.url, session)


@pytest.fixture
async def streams(stack: Stack, connect: ConnectClient) -> AsyncIterator[StreamFactory]:
    """Makes streams, and removes everything they own at the end."""
    factory = StreamFactory(stack, connect)
    yield factory
    await factory.close()
