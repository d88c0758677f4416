"""What a job has left behind, anywhere."""

import json
from pathlib import Path
from typing import Any

import psycopg
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from confluent_kafka.admin import AdminClient
from pymongo.database import Database
from tests.e2e.harness.rest import ask_connect
from tests.e2e.harness.source import SourceDatabase
from tests.e2e.harness.topic import latest_records
from tests.e2e.harness.waiting import wait_until

from stack.connect import PROPERTIES
from stack.stack import Stack


def left_behind(stack: Stack, source: SourceDatabase, target: Database[Any], job_id: str) -> list[str]:
    """Everything that carries the job's id outside of the control database, a line each; empty once a job has ended."""
    return [*_at_source(source, job_id), *left_elsewhere(stack, target, job_id)]


def left_elsewhere(stack: Stack, target: Database[Any], job_id: str) -> list[str]:
    """The same without what is at the source."""
    return [
        *(f"topic or group {name}" for name in _in_kafka(stack.connections.kafka_bootstrap_servers) if job_id in name),
        *_in_connect(stack, job_id),
        *_secrets(stack.connections.connect_secrets_dir, job_id),
        *_in_target(target, job_id),
    ]


def expect_nothing_left_soon(stack: Stack, source: SourceDatabase, target: Database[Any], job_id: str) -> None:
    """A job that failed while it was set up is FAILED at once and cleaned up right after: in the end nothing of it is left."""
    wait_until(
        lambda: not left_behind(stack, source, target, job_id),
        f"nothing of job {job_id} is left behind",
        report=lambda: "\n".join(left_behind(stack, source, target, job_id)),
    )


def _at_source(source: SourceDatabase, job_id: str) -> list[str]:
    queries = {
        "slot": "SELECT slot_name FROM pg_replication_slots",
        "publication": "SELECT pubname FROM pg_publication",
        "session": "SELECT application_name || ': ' || query FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
    }
    with psycopg.connect(source.admin_dsn) as connection:
        found = [(kind, row[0]) for kind, query in queries.items() for row in connection.execute(query.encode())]
    return [f"{kind} {name}" for kind, name in found if name and job_id in name]


def _in_kafka(bootstrap_servers: str) -> list[str]:
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 2})
    groups = admin.list_consumer_groups().result()
    return [*admin.list_topics(timeout=30).topics, *(group.group_id for group in groups.valid)]


def _in_connect(stack: Stack, job_id: str) -> list[str]:
    connectors = [name for name in ask_connect(stack, "/connectors") if job_id in name]
    offsets = latest_records(stack.connections.kafka_bootstrap_servers, str(PROPERTIES["offset.storage.topic"]))
    kept = [json.loads(key) for key, value in offsets.items() if value is not None and job_id.encode() in key]
    return [*(f"connector {name}" for name in connectors), *(f"offset of {key}" for key in kept)]


def _secrets(folder: Path | None, job_id: str) -> list[str]:
    return [f"secret {path}" for path in folder.rglob(f"*{job_id}*")] if folder else []


def _in_target(target: Database[Any], job_id: str) -> list[str]:
    raw: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
    return [
        f"record in {name}: {dict(document)}"
        for name in target.list_collection_names(filter={"name": {"$regex": "^_rowstream"}})
        for document in target.get_collection(name, codec_options=raw).find()
        if job_id.encode() in document.raw
    ]
