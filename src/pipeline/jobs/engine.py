"""Kafka and Kafka Connect, as everything that concerns jobs is given them."""

from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from pipeline.connect.client import ConnectClient
from pipeline.connect.secrets import ConnectSecretStore
from pipeline.kafka.topics import KafkaTopics
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Engine:
    """What reads sources and keeps changes, and how passwords reach it."""

    settings: Settings
    connect: ConnectClient
    connect_secrets: ConnectSecretStore
    topics: KafkaTopics

    @classmethod
    def of(cls, settings: Settings, session: aiohttp.ClientSession, **more: Any) -> Self:
        """The engine that the settings name; the session is the caller's to close."""
        return cls(
            settings=settings,
            connect=ConnectClient(settings.connect_url, session),
            connect_secrets=ConnectSecretStore(settings.connect_secrets, settings.connect_secrets_dir),
            topics=KafkaTopics(settings.kafka_bootstrap_servers, settings.kafka_replication),
            **more,
        )

    @property
    def kafka_for_connect(self) -> str:
        """Kafka's addresses, as Kafka Connect reaches it."""
        return self.settings.connect_kafka_bootstrap_servers or self.settings.kafka_bootstrap_servers
