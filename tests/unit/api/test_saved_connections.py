"""Connections are saved when they would do for a job, and a job takes from them what its request leaves out, and nothing else."""

import json
from typing import Any

import pytest

from api.connections.handlers import read_connection
from api.errors import BadRequestError
from api.jobs.submission import FoundConnections, read_job_request
from pipeline.connections.connection import Kind, Saved, has_password, readable, secret
from pipeline.errors import ConfigError

ORACLE_URL = "jdbc:oracle:thin:@//h:1521/root"
SAVED: FoundConnections = {
    "plain": Saved(Kind.JDBC, {"type": "POSTGRESQL", "url": "jdbc:postgresql://h/shop", "user": "app", "password": "hunter2"}),
    "in-url": Saved(Kind.JDBC, {"type": "POSTGRESQL", "url": "jdbc:postgresql://h/shop?user=app&password=hunter2"}),
    "oracle": Saved(
        Kind.JDBC,
        {"type": "ORACLE", "url": ORACLE_URL, "user": "c##app", "password": "hunter2", "oraclePdbName": "PDB1", "isManualUri": True},
    ),
    "cluster": Saved(Kind.MONGODB, {"connectionString": "mongodb://u:hunter2@h/shop", "clusterName": "Cluster0"}),
    "other-key": ConfigError("the secrets of connection other-key cannot be decrypted with this ROWSTREAM_SECRET_KEY"),
}


def connection(**details: Any) -> dict[str, Any]:
    """The body of a JDBC connection, but for `details`."""
    return {
        "jdbcConnectionDetails": {"type": "POSTGRESQL", "url": "jdbc:postgresql://h/shop", "user": "app", "password": "hunter2", **details}
    }


def faults(body: Any) -> list[str]:
    """What the answer to a connection to save would list."""
    with pytest.raises(BadRequestError) as refused:
        read_connection(json.dumps(body))
    assert "hunter2" not in str(refused.value.description)
    return str(refused.value.description).split("; ")


def job(existing: str, target: dict[str, Any] | None = None, **details: Any) -> dict[str, Any]:
    """A job request that names a saved connection of a PostgreSQL database, but for `details`."""
    return {
        "projectId": "shop",
        "jdbcConnectionDetails": {"type": "POSTGRESQL", "url": "jdbc:postgresql://h/shop", "existingConnectionId": existing} | details,
        "mongodbConnectionDetails": target or {"connectionString": "mongodb://h/shop"},
        "options": {"mode": "SNAPSHOT"},
        "verification": {"enabled": False},
    }


def source_of(request: dict[str, Any]) -> tuple[str, str | None, str | None, str | None]:
    """The URL, user, password and pluggable database with which the job of a request would connect to its source."""
    details = read_job_request(json.dumps(request), SAVED).jdbc_connection_details
    password = details.password.get_secret_value() if details.password else None
    return details.url.get_secret_value(), details.user, password, details.oracle_pdb_name


def job_faults(request: dict[str, Any]) -> list[str]:
    """What the answer to a job request would list."""
    with pytest.raises(BadRequestError) as refused:
        read_job_request(json.dumps(request), SAVED)
    assert "hunter2" not in str(refused.value.description)
    return str(refused.value.description).split("; ")


def test_a_connection_is_split_into_what_may_be_read_and_what_is_encrypted() -> None:
    saved = read_connection(json.dumps(connection(url="jdbc:postgresql://h/shop?password=hunter2", isManualUri=True)))
    assert readable(saved) == {
        "type": "POSTGRESQL",
        "url": "jdbc:postgresql://h/shop?password=***",
        "user": "app",
        "isManualUri": True,
    }
    assert secret(saved) == {"url": "jdbc:postgresql://h/shop?password=hunter2", "password": "hunter2"}


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (connection(), True),
        ({"jdbcConnectionDetails": {"type": "POSTGRESQL", "url": "jdbc:postgresql://h/shop", "user": "app"}}, False),
        ({"jdbcConnectionDetails": {"type": "POSTGRESQL", "url": "jdbc:postgresql://h/shop?user=app&password=hunter2"}}, True),
        ({"mongodbConnectionDetails": {"connectionString": "mongodb://u:hunter2@h/shop", "projectName": "Atlas"}}, True),
        ({"mongodbConnectionDetails": {"connectionString": "mongodb://h/shop"}}, False),
    ],
)
def test_it_is_known_whether_a_password_is_kept(body: dict[str, Any], kept: bool) -> None:
    assert has_password(read_connection(json.dumps(body))) is kept


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, ["$"]),
        (connection() | {"mongodbConnectionDetails": {"connectionString": "mongodb://h/shop"}}, ["$"]),
        (connection(savePassword=True), ["$.jdbcConnectionDetails.savePassword"]),
        (connection(type="FOXPRO", extra=1), ["$.jdbcConnectionDetails.extra", "$.jdbcConnectionDetails.type"]),
        (connection(url="jdbc:mysql://h/shop", user=None), ["$.jdbcConnectionDetails.user", "$.jdbcConnectionDetails.url"]),
        (connection(oraclePdbName="PDB1"), ["$.jdbcConnectionDetails.oraclePdbName"]),
        ({"jdbcConnectionDetails": {"type": "POSTGRESQL", "url": "jdbc:postgresql://h/shop"}}, ["$.jdbcConnectionDetails.url"]),
        ({"mongodbConnectionDetails": {"connectionString": "mongodb://h"}}, ["$.mongodbConnectionDetails.connectionString"]),
        ({"mongodbConnectionDetails": {"connectionString": "mongodb://u:hunter2@@h/x"}}, ["$.mongodbConnectionDetails.connectionString"]),
    ],
)
def test_a_connection_that_would_not_do_for_a_job_is_refused_with_every_fault(body: dict[str, Any], places: list[str]) -> None:
    assert [fault.split(": ")[0] for fault in faults(body)] == places


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (connection(password="***"), "$.jdbcConnectionDetails.password"),
        (connection(url="jdbc:postgresql://h/shop?password=***"), "$.jdbcConnectionDetails.url"),
        ({"mongodbConnectionDetails": {"connectionString": "mongodb://u:***@h/shop"}}, "$.mongodbConnectionDetails.connectionString"),
    ],
)
def test_what_an_answer_shows_in_place_of_a_password_is_not_taken_for_one(body: dict[str, Any], place: str) -> None:
    (fault,) = faults(body)
    assert fault.startswith(f"{place}: has ***")
    assert "write the password itself" in fault


@pytest.mark.parametrize(
    ("request_body", "connected"),
    [
        (job("plain"), ("jdbc:postgresql://h/shop", "app", "hunter2", None)),
        (job("plain", user="app"), ("jdbc:postgresql://h/shop", "app", "hunter2", None)),
        (job("plain", password="mine"), ("jdbc:postgresql://h/shop", "app", "mine", None)),
        (job("plain", user="me", password="mine"), ("jdbc:postgresql://h/shop", "me", "mine", None)),
        (
            job("in-url", url="jdbc:postgresql://h/shop?user=app&password=***"),
            ("jdbc:postgresql://h/shop?user=app&password=hunter2", None, None, None),
        ),
        (
            job("in-url", url="jdbc:postgresql://h/shop?user=app&password=mine"),
            ("jdbc:postgresql://h/shop?user=app&password=mine", None, None, None),
        ),
        (job("oracle", type="ORACLE", url=ORACLE_URL), (ORACLE_URL, "c##app", "hunter2", "PDB1")),
        (job("oracle", type="ORACLE", url=ORACLE_URL, oraclePdbName="PDB2"), (ORACLE_URL, "c##app", "hunter2", "PDB2")),
    ],
)
def test_a_job_takes_what_it_leaves_out_and_what_it_has_outranks_the_connection(
    request_body: dict[str, Any], connected: tuple[Any]
) -> None:
    assert source_of(request_body) == connected


def test_a_saved_password_is_not_used_for_another_user() -> None:
    assert source_of(job("plain", user="me")) == ("jdbc:postgresql://h/shop", "me", None, None)


def test_a_target_is_taken_from_a_saved_connection_too() -> None:
    target = {"connectionString": "mongodb://u:***@h/shop", "existingConnectionId": "cluster", "projectName": "mine"}
    details = read_job_request(json.dumps(job("plain", target)), SAVED).mongodb_connection_details
    assert details.connection_string.get_secret_value() == "mongodb://u:hunter2@h/shop"
    assert (details.cluster_name, details.project_name) == ("Cluster0", "mine")


@pytest.mark.parametrize("existing", ["", "nowhere", "cluster"])
def test_an_unknown_connection_is_told_with_where_to_find_those_there_are(existing: str) -> None:
    (fault,) = job_faults(job(existing))
    assert fault.startswith("$.jdbcConnectionDetails.existingConnectionId: is not the id of a saved connection")
    assert "GET /api/v1/connections" in fault


def test_a_connection_of_another_key_is_told_with_what_to_do() -> None:
    (fault,) = job_faults(job("other-key"))
    assert fault.startswith("$.jdbcConnectionDetails.existingConnectionId: the secrets of connection other-key cannot be decrypted")
    assert "PUT /api/v1/connections/other-key" in fault


@pytest.mark.parametrize(
    ("request_body", "place"),
    [
        (job("plain", url="jdbc:postgresql://elsewhere/shop"), "$.jdbcConnectionDetails.url"),
        (job("in-url", url="jdbc:postgresql://elsewhere/shop?user=app&password=***"), "$.jdbcConnectionDetails.url"),
        (job("plain", type="MYSQL"), "$.jdbcConnectionDetails.type"),
        (
            job("plain", {"connectionString": "mongodb://u:***@elsewhere/shop", "existingConnectionId": "cluster"}),
            "$.mongodbConnectionDetails.connectionString",
        ),
    ],
)
def test_a_saved_password_goes_to_no_other_server(request_body: dict[str, Any], place: str) -> None:
    (fault,) = job_faults(request_body)
    assert fault.startswith(f"{place}: is not the saved connection's")


def test_faults_of_saved_connections_are_listed_with_all_others() -> None:
    request = job("nowhere", {"connectionString": "nonsense", "existingConnectionId": "plain"}) | {"options": {"mode": "x"}, "more": 1}
    del request["jdbcConnectionDetails"]["url"]
    assert {fault.split(": ")[0] for fault in job_faults(request)} == {
        "$.jdbcConnectionDetails.url",
        "$.jdbcConnectionDetails.existingConnectionId",
        "$.mongodbConnectionDetails.existingConnectionId",
        "$.options.mode",
        "$.more",
    }
