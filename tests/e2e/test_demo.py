"""`rowstream demo`, as a user runs it."""

import os
import re
import signal
import subprocess
import sys
from typing import Any

import psycopg
import pytest
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient

from stack.demo.compare import compare
from stack.demo.request import DATABASE
from stack.process import read_pid
from stack.stack import Stack

VERDICT = "Every document equals its row, every count is exact."


def start(stack: Stack, *options: str) -> "subprocess.Popen[str]":
    """The demo on the stack's home, its output readable line by line."""
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", "demo", "--home", str(stack.layout.home), *options],
        env={**os.environ, "ROWSTREAM_CACHE": str(stack.config.cache), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def left_behind(stack: Stack) -> list[str]:
    """What of the demo is still there, but for its documents."""
    with psycopg.connect(stack.connections.sample_dsn) as source:
        query = "SELECT slot_name::text FROM pg_replication_slots WHERE database = 'shop' UNION SELECT pubname::text FROM pg_publication"
        left = [name for (name,) in source.execute(query)]
    with MongoClient[dict[str, Any]](stack.connections.control_url) as client:
        jobs = [job["_id"] for job in client["rowstream"]["jobs"].find({"projectId": "demo"})]
        left += [f"checkpoint {found['_id']}" for found in client[DATABASE]["_rowstream.checkpoints"].find()]
    topics = AdminClient({"bootstrap.servers": stack.connections.kafka_bootstrap_servers}).list_topics(timeout=10).topics
    left += [topic for topic in topics if any(job in topic for job in jobs)]
    if read_pid(stack.layout.run("demo-service.pid")) is not None:
        left.append("the service")
    return left


def assert_equal(stack: Stack) -> None:
    connections = stack.connections
    with (
        psycopg.connect(connections.sample_dsn, autocommit=True) as source,
        MongoClient[dict[str, Any]](connections.control_url, tz_aware=True, uuidRepresentation="standard") as client,
    ):
        comparisons = compare(source, client[DATABASE])
        assert [each for each in comparisons if not each.equal] == []
        assert all(each.rows > 0 for each in comparisons)


def read_until(demo: "subprocess.Popen[str]", text: str) -> str:
    """What the demo has said once it says `text`."""
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if text in line:
            return said
    pytest.fail(f"the demo never said {text!r}:\n{said}")


def test_the_demo_moves_the_shop_exactly_and_leaves_nothing_but_documents(stack: Stack) -> None:
    demo = start(stack, "--seconds", "4")
    said, _ = demo.communicate(timeout=400)
    assert demo.returncode == 0, said
    assert VERDICT in said
    made, seen = re.findall(r"changes: (\d+) made, (\d+) counted", said)[0]
    assert int(made) == int(seen) > 10
    assert stack.connections.sample_password not in said
    assert f"down --wipe --home {stack.layout.home}  " in said
    assert_equal(stack)
    assert left_behind(stack) == []
    assert all(server.ready for server in stack.status()), "it has not started the stack, so it must not stop it"


def test_an_interrupted_demo_ends_clean_and_the_next_one_works(stack: Stack) -> None:
    demo = start(stack, "--seconds", "300")
    read_until(demo, "... and after an UPDATE")
    demo.send_signal(signal.SIGINT)
    said, _ = demo.communicate(timeout=200)
    assert demo.returncode == 130, said
    assert left_behind(stack) == []

    kept = start(stack, "--seconds", "1", "--keep")
    read_until(kept, "until Ctrl-C")
    kept.send_signal(signal.SIGTERM)
    said, _ = kept.communicate(timeout=200)
    assert kept.returncode == 0, said
    assert left_behind(stack) == []


def test_a_demo_whose_predecessor_was_killed_ends_its_job_first(stack: Stack) -> None:
    killed = start(stack, "--seconds", "300")
    read_until(killed, "The changes")
    killed.kill()
    killed.communicate()
    assert left_behind(stack) != []

    demo = start(stack, "--seconds", "1")
    said, _ = demo.communicate(timeout=400)
    assert demo.returncode == 0, said
    assert "which an earlier demo left behind" in said
    assert left_behind(stack) == []


def test_a_second_demo_in_the_same_home_is_refused(stack: Stack) -> None:
    first = start(stack, "--seconds", "300")
    try:
        read_until(first, "The service")
        second = start(stack)
        said, _ = second.communicate(timeout=60)
        assert second.returncode == 1
        assert "another `rowstream demo` runs in this home" in said
    finally:
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=200)
    assert left_behind(stack) == []
