"""What the images make of their environment, after the scripts that they start with."""

from collections.abc import Mapping

OWN_NAMES = {
    "BOOTSTRAP_SERVERS": "bootstrap.servers",
    "GROUP_ID": "group.id",
    "CONFIG_STORAGE_TOPIC": "config.storage.topic",
    "OFFSET_STORAGE_TOPIC": "offset.storage.topic",
    "STATUS_STORAGE_TOPIC": "status.storage.topic",
    "KEY_CONVERTER": "key.converter",
    "VALUE_CONVERTER": "value.converter",
    "OFFSET_FLUSH_INTERVAL_MS": "offset.flush.interval.ms",
    "OFFSET_FLUSH_TIMEOUT_MS": "offset.flush.timeout.ms",
    "SHUTDOWN_TIMEOUT": "task.shutdown.graceful.timeout.ms",
    "ADVERTISED_HOST_NAME": "rest.advertised.host.name",
    "ADVERTISED_PORT": "rest.advertised.port",
}
"""Settings for which Debezium's image (connect-base/docker-entrypoint.sh) has names of its own: they overwrite `CONNECT_<name>`."""

NOT_PROPERTIES = {"KAFKA_HEAP_OPTS", "KAFKA_OPTS"}
"""For the Java machine (kafka.docker.KafkaDockerWrapper)."""


def connect_properties(environment: Mapping[str, str]) -> dict[str, str]:
    """The worker's properties in Debezium's image: lower case, every underscore a dot, no `@` in a value."""
    named = {
        _dotted(name, "CONNECT_"): value
        for name, value in environment.items()
        if name.startswith("CONNECT_") and not name.startswith("CONNECT_LOG4J")
    }
    assert not named.keys() & OWN_NAMES.values(), "the image overwrites these"
    assert not [name for name, value in environment.items() if "@" in value], "the image cannot pass these on"
    return named | {OWN_NAMES[name]: value for name, value in environment.items() if name in OWN_NAMES}


def kafka_properties(environment: Mapping[str, str]) -> dict[str, str]:
    """The broker's properties in Kafka's image: lower case, an underscore a dot."""
    properties = {name: value for name, value in environment.items() if name.startswith("KAFKA_") and name not in NOT_PROPERTIES}
    assert not [name for name in properties if "__" in name], "two or three underscores mean something else"
    return {_dotted(name, "KAFKA_"): value for name, value in properties.items()}


def _dotted(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower().replace("_", ".")
