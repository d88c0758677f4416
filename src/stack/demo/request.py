"""The job that the demo posts."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from pipeline.jobs.redact import redact_mongodb_url
from stack.connections import Connections

PROJECT = "demo"
DATABASE = "rowstream_demo"


def job_request(connections: Connections) -> dict[str, Any]:
    """The body of `POST /jobs`, the sample's password in it."""
    return _request(connections, connections.sample_password, target_url(connections))


def as_curl(connections: Connections, password_file: Path, api_url: str) -> str:
    """The command that posts the same job from a shell, which reads the password from its file."""
    body = json.dumps(_request(connections, f"$(cat '{password_file}')", redact_mongodb_url(target_url(connections))), indent=2)
    return f"curl {api_url}/jobs -H 'Content-Type: application/json' --data-binary @- <<END\n{body}\nEND"


def target_url(connections: Connections) -> str:
    """The connection string of the documents' database, beside the control database."""
    scheme, _, rest = connections.control_url.partition("://")
    before, _, options = rest.partition("?")
    hosts, _, database = before.partition("/")
    if "@" in hosts and "authSource" not in parse_qs(options):
        options = "&".join(filter(None, (options, f"authSource={database or 'admin'}")))
    return f"{scheme}://{hosts}/{DATABASE}" + (f"?{options}" if options else "")


def _request(connections: Connections, password: str, url: str) -> dict[str, Any]:
    return {
        "projectId": PROJECT,
        "jdbcConnectionDetails": {
            "type": "POSTGRESQL",
            "url": connections.sample_jdbc_url,
            "user": connections.sample_user,
            "password": password,
        },
        "mongodbConnectionDetails": {"connectionString": url},
        "options": {"mode": "CDC", "dropCollections": True},
        "verification": {"enabled": False},
    }
