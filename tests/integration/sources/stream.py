"""A real connector on a database, and what it writes to Kafka."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from pipeline.change.record import Record
from pipeline.connect.client import ConnectClient
from pipeline.connect.notifications import Notification, decode_notification
from pipeline.connect.secrets import ConnectSecretStore
from pipeline.connect.status import ConnectorStatus
from pipeline.jobs.names import ownership
from pipeline.kafka.reader import TopicReader
from pipeline.kafka.topics import KafkaTopics
from pipeline.settings import ConnectSecrets
from pipeline.sources.source import Markers, Mode, Passage, Source, Table
from stack.stack import Stack

PATIENCE_SECONDS = 90.0


class Stream:
    """One generation of a job, set up as the supervisor does it."""

    def __init__(self, stack: Stack, connect: ConnectClient, source: Source, mode: Mode) -> None:
        self.source, self.mode, self.connect = source, mode, connect
        self.owned = ownership(secrets.token_hex(12), 1)
        self.bootstrap_servers = stack.kafka.bootstrap_servers
        self.topics = KafkaTopics(self.bootstrap_servers)
        self.secrets = ConnectSecretStore(ConnectSecrets.PROVIDER, stack.connect.secrets)
        self.tables: list[Table] = []

    async def prepare(self) -> None:
        """Make topics, publications and slot."""
        self.tables = await self.source.tables(self.mode)
        await self.topics.create({name: {} for name in self.topic_names})
        await self.source.prepare(self.mode, self.owned, self.tables)

    @property
    def topic_names(self) -> set[str]:
        """Every topic that is made for the connector."""
        own = {self.source.topic(self.owned, table) for table in self.tables} | {self.owned.notification_topic}
        own |= set(self.source.lasting_topics(self.owned))
        return own | {self.owned.signal_topic, *self.source.extra_topics(self.owned)} if self.mode.streams else own

    async def start(self) -> None:
        """Start the connector; its configuration must be one that Connect accepts."""
        config = self.config
        assert await self.connect.validate(self.source.connector_class, config) == []
        await self.connect.put(self.owned.connector, config)

    @property
    def config(self) -> dict[str, str]:
        """The connector's configuration."""
        password = self.secrets.write(self.owned.connector, self.source.password)
        return self.source.connector_config(self.mode, self.owned, self.tables, password, self.bootstrap_servers)

    async def status(self, until: Callable[[ConnectorStatus], bool]) -> ConnectorStatus:
        """The connector's status once it is so."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not until(status := await self.connect.status(self.owned.connector)):
            assert time.monotonic() < end, f"still {status}"
            await asyncio.sleep(0.2)
        return status

    async def records(self, topic: str, enough: Callable[[list[Record]], bool]) -> list[Record]:
        """The topic's records from its beginning, once they are enough."""
        end, found = time.monotonic() + PATIENCE_SECONDS, list[Record]()
        async with TopicReader(self.bootstrap_servers, topic) as reader:
            while not enough(found):
                assert time.monotonic() < end, f"{topic} has only {[record.value for record in found]}"
                found += await reader.poll(0.3)
        return found

    async def changes(self, table: str, count: int) -> list[tuple[str, Mapping[str, Any] | None, Mapping[str, Any] | None]]:
        """The first changes of a table: operation, before and after."""
        topic = next(self.source.topic(self.owned, known) for known in self.tables if known.name == table)
        records = await self.records(topic, lambda found: len(found) >= count)
        payloads = [payload_of(record) for record in records]
        return [(payload["op"], payload.get("before"), payload.get("after")) for payload in payloads]

    async def notifications(self, last: str) -> list[Notification]:
        """The notifications up to the one of this type."""

        def told(records: list[Record]) -> bool:
            return any(note.type == last for note in _notes(records))

        return _notes(await self.records(self.owned.notification_topic, told))

    async def pass_marker(self) -> None:
        """Return when the connector has read everything that is committed now."""
        barrier = self.source.barrier
        if not isinstance(barrier, Markers):
            await self._pass(await barrier.passage([(table.schema, table.name) for table in self.tables]))
            return
        proves = await barrier.emit_marker()

        def arrived(records: list[Record]) -> bool:
            return any(proves(record.value or b"") for record in records)

        await self.records(barrier.marker_topic(self.owned), arrived)

    async def _pass(self, passage: Passage) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not any([await passage.passed(each["offset"]) for each in await self.connect.offsets(self.owned.connector)]):
            assert time.monotonic() < end, f"{passage} is not passed"
            await asyncio.sleep(0.2)

    async def close(self) -> None:
        """Remove everything the generation owns."""
        await self.connect.remove(self.owned.connector)
        self.secrets.remove(self.owned.connector)
        await self.source.clean_up(self.owned)
        await self.topics.delete(name for name in await self.topics.names() if self.owned.topic_prefix in name)


class StreamFactory:
    """Makes streams and remembers them."""

    def __init__(self, stack: Stack, connect: ConnectClient) -> None:
        self._stack, self._connect = stack, connect
        self._streams: list[Stream] = []

    async def prepare(self, source: Source, mode: Mode) -> Stream:
        """A stream whose connector is still to be started."""
        stream = Stream(self._stack, self._connect, source, mode)
        self._streams.append(stream)
        await stream.prepare()
        return stream

    async def start(self, source: Source, mode: Mode) -> Stream:
        """A stream whose connector was started."""
        stream = await self.prepare(source, mode)
        await stream.start()
        return stream

    async def close(self) -> None:
        """Close all streams."""
        for stream in self._streams:
            await stream.close()


def payload_of(record: Record) -> dict[str, Any]:
    """The payload of a record's value."""
    assert record.value is not None
    return dict(json.loads(record.value)["payload"])


def _notes(records: list[Record]) -> list[Notification]:
    return [note for record in records if (note := decode_notification(record.value)) is not None]
