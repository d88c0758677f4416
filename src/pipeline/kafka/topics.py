"""Topics and consumer groups, by Kafka's admin API."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, OffsetSpec, ResourceType

from pipeline.errors import ConfigError, EngineUnavailableError

TIMEOUT_SECONDS = 30.0
ANSWER_SECONDS = 5.0
"""The client tells of a request's time-out by then."""

K = TypeVar("K")
T = TypeVar("T")


class KafkaRefusedError(ConfigError):
    """Kafka refuses a request for a reason that a person has to mend (a privilege, too few brokers, a policy); `number` is Kafka's code."""

    code = "KAFKA_REFUSED"

    def __init__(self, error: KafkaError) -> None:
        super().__init__(
            f"Kafka refuses: {error.str()} ({error.name()})",
            suggestion="Check this client's privileges, the brokers' policies, and that ROWSTREAM_KAFKA_REPLICATION fits their number.",
        )
        self.number = error.code()


class KafkaTopics:
    """
    What a job asks of Kafka beside records: its topics, their ends, its consumer group.

    Every method may be repeated, and raises `EngineUnavailableError` when Kafka does not
    answer and `KafkaRefusedError` when it refuses. librdkafka blocks, so each call runs in a thread.
    """

    def __init__(self, bootstrap_servers: str, replication: int = 1) -> None:
        self._config: dict[str, str | int | float | bool] = {
            "bootstrap.servers": bootstrap_servers,
            "socket.timeout.ms": 10_000,
            "log_level": 2,
        }
        self._admin = AdminClient(self._config)
        self._replication = replication

    async def create(self, topics: Mapping[str, Mapping[str, str]]) -> None:
        """Create one-partition topics (name -> topic configuration); those that exist stay as they are."""
        if not topics:
            return
        new = [NewTopic(name, 1, self._replication, config=dict(config)) for name, config in topics.items()]
        await self._each(lambda admin: admin.create_topics(new, operation_timeout=TIMEOUT_SECONDS), {KafkaError.TOPIC_ALREADY_EXISTS})

    async def delete(self, names: Iterable[str]) -> None:
        """Delete topics; those that are gone already are no error."""
        doomed = sorted(set(names) & set(await self.names()))
        if doomed:
            await self._each(
                lambda admin: admin.delete_topics(doomed, operation_timeout=TIMEOUT_SECONDS), {KafkaError.UNKNOWN_TOPIC_OR_PART}
            )

    async def empty(self, name: str) -> None:
        """Delete the records that the topic's one partition has now."""
        ends = await self.end_offsets([name])
        doomed = [TopicPartition(name, 0, ends[name])]
        await self._each(lambda admin: admin.delete_records(doomed, operation_timeout=TIMEOUT_SECONDS))

    async def configure(self, names: Iterable[str], config: Mapping[str, str]) -> None:
        """Set configuration entries of topics, leaving the others."""
        resources = [_incremental(name, config) for name in names]
        if resources:
            await self._each(lambda admin: admin.incremental_alter_configs(resources, request_timeout=TIMEOUT_SECONDS))

    async def configuration(self, name: str) -> dict[str, str]:
        """The topic's configuration, defaults included."""
        resource = ConfigResource(ResourceType.TOPIC, name)
        found = await self._each(lambda admin: admin.describe_configs([resource], request_timeout=TIMEOUT_SECONDS))
        return {key: entry.value for key, entry in found[resource].items() if entry.value is not None}

    async def names(self) -> list[str]:
        """The names of all topics."""
        metadata = await self._call(lambda: self._admin.list_topics(timeout=TIMEOUT_SECONDS))
        return list(metadata.topics)

    async def end_offsets(self, topics: Iterable[str]) -> dict[str, int]:
        """
        The offset after the last record or marker of each topic's one partition, those of open transactions included.

        A transaction's producer, and readers of one of its topics, know of the commit before
        the markers are in all its topics. So the end of what is committed may not count yet
        what everybody else takes for committed; the end of all records does.
        """
        topics = list(topics)
        if topics:
            await self.names()  # librdkafka keeps the leaders' epochs, and would go on asking with those from before a broker's restart
        return await self._ends(topics, IsolationLevel.READ_UNCOMMITTED)

    async def open_transactions(self, topics: Iterable[str]) -> dict[str, int]:
        """Where the oldest transaction that has not ended begins, of each topic that has one."""
        ends = await self.end_offsets(topics)
        committed = await self._ends(ends, IsolationLevel.READ_COMMITTED)
        return {topic: offset for topic, offset in committed.items() if offset < ends[topic]}

    async def _ends(self, topics: Iterable[str], isolation: IsolationLevel) -> dict[str, int]:
        specs = {TopicPartition(topic, 0): OffsetSpec.latest() for topic in topics}
        if not specs:
            return {}
        found = await self._each(lambda admin: admin.list_offsets(specs, isolation_level=isolation, request_timeout=TIMEOUT_SECONDS))
        return {partition.topic: result.offset for partition, result in found.items()}

    async def first_offsets(self, topics: Iterable[str]) -> dict[str, int]:
        """The offset of the oldest record that Kafka still has of each topic's one partition; its end where there is none."""
        return await self._offsets(dict.fromkeys(topics, OffsetSpec.earliest()))

    async def offsets_since(self, topics: Iterable[str], moment: datetime) -> dict[str, int | None]:
        """The offset of the first record of each topic that was written at this moment or later, None where there is none."""
        found = await self._offsets(dict.fromkeys(topics, OffsetSpec.for_timestamp(round(moment.timestamp() * 1000))))
        return {topic: None if offset < 0 else offset for topic, offset in found.items()}

    async def _offsets(self, specs: Mapping[str, OffsetSpec]) -> dict[str, int]:
        if not specs:
            return {}
        await self.names()  # as in `end_offsets`
        places = {TopicPartition(topic, 0): spec for topic, spec in specs.items()}
        found = await self._each(lambda admin: admin.list_offsets(places, request_timeout=TIMEOUT_SECONDS))
        return {partition.topic: result.offset for partition, result in found.items()}

    async def delete_group(self, group: str) -> bool:
        """Delete a consumer group; False while it still has members."""
        try:
            await self._call(lambda: self._delete_group(group))
        except KafkaRefusedError as error:
            if error.number == KafkaError.NON_EMPTY_GROUP:
                return False
            if error.number != KafkaError.GROUP_ID_NOT_FOUND:
                raise
        return True

    async def ping(self, seconds: float = ANSWER_SECONDS) -> None:
        """Return when Kafka answers; whoever leaves before the time is up does not learn that the client has to be replaced."""
        await self._call(lambda: self._admin.list_topics(timeout=seconds))

    def _delete_group(self, group: str) -> None:
        """
        Delete the group by a client of its own, which is given up before its request times out.

        librdkafka 2.16 aborts the process when it finds a group's coordinator after the request
        for it has timed out, at the latest when Kafka comes back.
        """
        admin = AdminClient(self._config)
        try:
            admin.delete_consumer_groups([group], request_timeout=2 * TIMEOUT_SECONDS)[group].result(TIMEOUT_SECONDS)
        except TimeoutError:
            raise EngineUnavailableError(f"Kafka does not answer: no coordinator of the group {group}") from None
        finally:
            del admin  # the traceback of what is raised would keep it

    async def _each(
        self, request: Callable[[AdminClient], Mapping[K, "Future[Any]"]], harmless: Collection[int] = frozenset()
    ) -> dict[K, Any]:
        """
        What each thing that is asked for came to; those that are refused for a harmless reason are left out.

        Whoever waits holds the client: with it librdkafka forgets what it was asked, and nobody would be answered.
        """
        admin, answers = self._admin, {}
        for name, future in (await self._call(partial(request, admin))).items():
            try:
                answers[name] = await self._call(partial(_wait_for, future, admin))
            except KafkaRefusedError as error:
                if error.number not in harmless:
                    raise
        return answers

    async def _call(self, function: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(function)
        except TimeoutError:
            self._admin = AdminClient(self._config)
            raise EngineUnavailableError(f"Kafka does not answer within {TIMEOUT_SECONDS:.0f} s") from None
        except KafkaException as error:
            if is_outage(error.args[0]):
                self._admin = AdminClient(self._config)  # the old one may never find Kafka again (see `pipeline.kafka.pulse`)
                raise EngineUnavailableError(f"Kafka does not answer: {error.args[0].str()}") from error
            raise KafkaRefusedError(error.args[0]) from error


def _wait_for(future: "Future[T]", _held: AdminClient) -> T:
    return future.result(TIMEOUT_SECONDS + ANSWER_SECONDS)


def is_outage(error: KafkaError) -> bool:
    """Whether the request may be answered otherwise in a while, without anybody's doing."""
    outages = {
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_COORDINATOR,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError._NOENT,
        KafkaError.NETWORK_EXCEPTION,
        KafkaError.NOT_CONTROLLER,
        KafkaError.BROKER_NOT_AVAILABLE,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError.KAFKA_STORAGE_ERROR,
    }
    starting = error.code() == KafkaError.INVALID_REPLICATION_FACTOR and "fenced" in error.str()  # brokers that just came, or went
    return bool(error.retriable()) or error.code() in outages or starting


def _incremental(name: str, config: Mapping[str, str]) -> ConfigResource:
    entries = [ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in config.items()]
    return ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)
