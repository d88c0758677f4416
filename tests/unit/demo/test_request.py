"""The job that the demo posts, and the curl command that it shows for it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.jobs.checks import text_faults
from pipeline.jobs.request import JobRequest
from stack.connections import Connections
from stack.demo.request import as_curl, job_request, target_url

PASSWORD = "not to be seen"
CONNECTIONS = Connections(
    control_url="mongodb://127.0.0.1:27018/?replicaSet=rowstream",
    kafka_bootstrap_servers="127.0.0.1:19092",
    connect_url="http://127.0.0.1:18083",
    connect_secrets_dir=None,
    admin_dsn="",
    sample_dsn="",
    sample_jdbc_url="jdbc:postgresql://127.0.0.1:15432/shop",
    sample_user="rowstream",
    sample_password=PASSWORD,
)


def test_the_job_is_one_that_the_service_takes() -> None:
    request = job_request(CONNECTIONS)
    assert text_faults(request) == []
    assert JobRequest.model_validate_json(json.dumps(request)).jdbc_connection_details.password


def test_the_command_shown_posts_the_same_job_and_holds_no_password() -> None:
    command = as_curl(CONNECTIONS, Path("/home/ada/.rowstream/passwords/sample"), "http://127.0.0.1:8278/api/v1")
    body = command.split("<<END\n")[1].removesuffix("\nEND")
    shown = json.loads(body)
    assert shown["jdbcConnectionDetails"].pop("password") == "$(cat '/home/ada/.rowstream/passwords/sample')"
    posted = job_request(CONNECTIONS)
    posted["jdbcConnectionDetails"].pop("password")
    assert shown == posted
    assert PASSWORD not in command


def test_the_command_shown_holds_no_password_of_the_control_database() -> None:
    own = replace(CONNECTIONS, control_url="mongodb://ada:secret@db.example.org/admin")
    assert "secret" not in as_curl(own, Path("/p"), "http://127.0.0.1:8278/api/v1")


@pytest.mark.parametrize(
    ("control", "target"),
    [
        ("mongodb://127.0.0.1:27018/?replicaSet=rowstream", "mongodb://127.0.0.1:27018/rowstream_demo?replicaSet=rowstream"),
        ("mongodb://127.0.0.1:27018", "mongodb://127.0.0.1:27018/rowstream_demo"),
        ("mongodb://ada:b@host/users", "mongodb://ada:b@host/rowstream_demo?authSource=users"),
        ("mongodb+srv://ada:b@host.example.org/?tls=true", "mongodb+srv://ada:b@host.example.org/rowstream_demo?tls=true&authSource=admin"),
        ("mongodb://ada:b@host/?authSource=people", "mongodb://ada:b@host/rowstream_demo?authSource=people"),
    ],
)
def test_documents_go_beside_the_control_database_with_the_same_login(control: str, target: str) -> None:
    assert target_url(replace(CONNECTIONS, control_url=control)) == target
