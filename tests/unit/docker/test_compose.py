"""compose.yaml: its shape, and what can be known of it without an engine."""

import json
import re
from importlib import resources
from typing import Any

import pytest
from jsonschema.validators import validator_for
from tests.unit.docker.files import DOCKER, SECRETS, arguments, compose, environment, services
from tests.unit.docker.worker_settings import connect_properties, kafka_properties

from api.guard import is_loopback
from pipeline.settings import Settings
from stack.connect import DIRECTORY
from stack.connect import PROPERTIES as CONNECT
from stack.kafka import PROPERTIES as KAFKA
from stack.locks import read_lock
from stack.ports import PortPlan
from stack.postgresql import SETTINGS as POSTGRESQL

PORTS = PortPlan()
IMAGE = re.compile(r"(?P<name>[a-z0-9./-]+):(?P<tag>[A-Za-z0-9_.-]+)")
PINNED = re.compile(r"\d+\.\d+(\.\d+)*(\.Final)?(-[a-z]+)?")
REQUIRED_VARIABLE = re.compile(r"\$\{[A-Z_]+:\?[^}]+\}")

each_service = pytest.mark.parametrize("name", services())


def tag(service: str) -> str:
    found = IMAGE.fullmatch(services()[service]["image"])
    assert found is not None
    return found["tag"]


def options(service: str) -> dict[str, str]:
    """The options of the service's command line, `--name=value`."""
    words = (word.removeprefix("--").partition("=") for word in services()[service]["command"])
    return {name: value for name, equals, value in words if equals}


def test_the_file_has_the_shape_of_the_compose_specification() -> None:
    schema = json.loads(resources.files("check_jsonschema.builtin_schemas.vendor").joinpath("compose-spec.json").read_text("utf-8"))
    faults = validator_for(schema)(schema).iter_errors(compose())
    assert [f"{fault.json_path}: {fault.message}" for fault in faults] == []


@each_service
def test_an_image_is_pinned_to_a_release(name: str) -> None:
    assert PINNED.fullmatch(tag(name))


@each_service
def test_a_container_says_whether_it_is_healthy_and_waits_for_those_that_are(name: str) -> None:
    service = services()[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert {wait["condition"] for wait in service.get("depends_on", {}).values()} <= {"service_healthy"}


def test_the_service_starts_after_everything_it_needs() -> None:
    assert services()["rowstream"]["depends_on"].keys() == {"connect", "kafka", "mongodb"}
    assert services()["connect"]["depends_on"].keys() == {"kafka"}


@each_service
def test_a_container_shares_the_hosts_network_and_publishes_nothing(name: str) -> None:
    assert services()[name]["network_mode"] == "host"
    assert services()[name].keys() & {"ports", "expose", "networks"} == set()


def test_every_server_listens_on_loopback_only_at_the_ports_of_the_embedded_stack() -> None:
    connect, kafka, settings = connect_properties(environment("connect")), environment("kafka"), environment("rowstream")
    listening = {
        "kafka, controller": kafka["KAFKA_LISTENERS"],
        "kafka": kafka["KAFKA_ADVERTISED_LISTENERS"],
        "quorum": kafka["KAFKA_CONTROLLER_QUORUM_VOTERS"],
        "connect": connect["listeners"],
        "mongodb": f"{options('mongodb')['bind_ip']}:{options('mongodb')['port']}",
        "postgresql": f"{options('postgresql')['listen_addresses']}:{environment('postgresql')['PGPORT']}",
        "rowstream": f"{settings['ROWSTREAM_HOST']}:{settings['ROWSTREAM_PORT']}",
    }
    assert listening == {
        "kafka, controller": f"PLAINTEXT://127.0.0.1:{PORTS.kafka},CONTROLLER://127.0.0.1:{PORTS.controller}",
        "kafka": f"PLAINTEXT://127.0.0.1:{PORTS.kafka}",
        "quorum": f"1@127.0.0.1:{PORTS.controller}",
        "connect": f"http://127.0.0.1:{PORTS.connect}",
        "mongodb": f"127.0.0.1:{PORTS.mongodb}",
        "postgresql": f"127.0.0.1:{PORTS.postgresql}",
        "rowstream": f"127.0.0.1:{Settings.model_fields['port'].default}",
    }
    assert (connect["rest.advertised.host.name"], connect["rest.advertised.port"]) == ("127.0.0.1", str(PORTS.connect))


def test_every_setting_of_the_service_is_one_that_it_reads_and_takes() -> None:
    given = {name.removeprefix("ROWSTREAM_").lower(): value for name, value in environment("rowstream").items()}
    assert given.keys() <= Settings.model_fields.keys()
    settings = Settings.model_validate(given)
    assert is_loopback(settings.host)


def test_the_service_names_the_servers_at_their_addresses() -> None:
    settings = environment("rowstream")
    assert settings["ROWSTREAM_CONTROL_URL"] == f"mongodb://127.0.0.1:{PORTS.mongodb}/?replicaSet={options('mongodb')['replSet']}"
    assert settings["ROWSTREAM_KAFKA_BOOTSTRAP_SERVERS"] == environment("connect")["BOOTSTRAP_SERVERS"] == f"127.0.0.1:{PORTS.kafka}"
    assert settings["ROWSTREAM_CONNECT_URL"] == connect_properties(environment("connect"))["listeners"]


def test_mongodb_becomes_the_replica_set_that_the_service_asks_for() -> None:
    script = (DOCKER / "mongodb" / "replica-set.js").read_text("utf-8")
    assert f'_id: "{options("mongodb")["replSet"]}"' in script
    assert f'host: "127.0.0.1:{PORTS.mongodb}"' in script
    assert "./mongodb/replica-set.js:/health/replica-set.js:ro" in services()["mongodb"]["volumes"]


def test_connect_is_set_up_as_in_the_embedded_stack() -> None:
    properties = connect_properties(environment("connect"))
    assert {name: properties.get(name) for name in CONNECT} == {name: str(value) for name, value in CONNECT.items()}


def test_kafka_is_set_up_as_in_the_embedded_stack_and_keeps_its_data_in_a_volume() -> None:
    properties = kafka_properties(environment("kafka"))
    assert {name: properties.get(name) for name in KAFKA} == {name: str(value) for name, value in KAFKA.items()}
    assert f"kafka:{properties['log.dirs']}" in services()["kafka"]["volumes"]


def test_postgresql_decodes_its_log_as_in_the_embedded_stack() -> None:
    given = options("postgresql")
    shared = ("wal_level", "max_wal_senders", "max_replication_slots", "max_connections")
    assert {name: given[name] for name in shared} == {name: str(POSTGRESQL[name]) for name in shared}


def test_postgresql_keeps_its_data_where_the_image_of_18_and_newer_does() -> None:
    assert int(tag("postgresql").split(".")[0]) >= 18
    assert "postgresql:/var/lib/postgresql" in services()["postgresql"]["volumes"]


def test_passwords_reach_connect_by_a_folder_that_only_it_and_the_service_can_read() -> None:
    properties = connect_properties(environment("connect"))
    assert properties["config.providers"] == "secrets"
    assert properties["config.providers.secrets.class"] == DIRECTORY
    assert (
        properties["config.providers.secrets.param.allowed.paths"] == environment("rowstream")["ROWSTREAM_CONNECT_SECRETS_DIR"] == SECRETS
    )
    assert f"connect-secrets:{SECRETS}" in services()["rowstream"]["volumes"]
    assert f"connect-secrets:{SECRETS}:ro" in services()["connect"]["volumes"]
    assert [services()["rowstream"]["user"], services()["connect"]["user"]] == arguments("USER") * 2


def test_debezium_and_kafka_are_the_versions_that_the_locks_pin() -> None:
    plugins = {artifact.name: artifact.version for artifact in read_lock("plugins")}
    jars = {artifact.name: artifact.version for artifact in read_lock("kafka")}
    assert tag("connect") == plugins["debezium-connector-postgres"]
    assert tag("kafka") == jars["kafka_2.13"]


def test_no_secret_stands_in_the_file() -> None:
    secrets: dict[str, Any] = {
        name: value
        for service in services().values()
        for name, value in service.get("environment", {}).items()
        if re.search(r"PASSWORD|SECRET_KEY|TOKEN", name)
    }
    assert secrets.keys() == {"POSTGRES_PASSWORD", "ROWSTREAM_SECRET_KEY"}
    assert [name for name, value in secrets.items() if not REQUIRED_VARIABLE.fullmatch(value)] == []


@each_service
def test_what_is_mounted_is_there(name: str) -> None:
    for mount in services()[name].get("volumes", []):
        source = mount.split(":")[0]
        assert (DOCKER / source).is_file() if source.startswith(".") else source in compose()["volumes"]
