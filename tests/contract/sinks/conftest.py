"""What every sink promises, whether it is MongoDB or the fake that tests use: each of them in turn, and batches for it."""

from collections.abc import Callable, Iterator

import pytest
from tests.contract.sinks.subject import Memory, Mongo, Subject
from tests.fakes.rows import PARTITION, part
from tests.integration.sink.conftest import mongodb  # noqa: F401 - a fixture

from pipeline.sink.batch import Step
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.client import connect
from stack.mongodb import MongoDB


@pytest.fixture(params=["memory", "mongodb"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "memory":
        yield Memory()
        return
    server: MongoDB = request.getfixturevalue("mongodb")
    with connect(server.url) as client:
        mongo = Mongo(client)
        yield mongo
        client.drop_database(mongo.name)


@pytest.fixture
def run(subject: Subject) -> Callable[..., Checkpoint]:
    """Applies steps as the next batch of the partition."""
    held = {PARTITION: subject.sink.claim(PARTITION)}

    def apply(*steps: Step, end: int | None = None) -> Checkpoint:
        (held[PARTITION],) = subject.sink.apply([part(steps, end)], held)
        return held[PARTITION]

    return apply
