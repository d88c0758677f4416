"""Live counts come from the checkpoints, and a target that is away does not make the job unreadable."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from bson import ObjectId
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from api.jobs import statistics
from api.jobs.statistics import LiveStatistics
from api.jobs.targets import JobTargets
from pipeline.errors import SinkUnavailableError
from pipeline.jobs.job import Job, Statistics, TablePlan
from pipeline.jobs.vault import Vault
from pipeline.settings import Settings
from pipeline.sink.progress import create_checkpoints
from pipeline.sources.source import Identity, Mode

PLAN = TablePlan(schema_name="public", table="a", topic="t.a", collection="a", key=("id",), identity=Identity.KEY)


@pytest.fixture
def vault(settings: Settings) -> Vault:
    """The vault of the service."""
    return Vault(settings.secret_key)


@pytest_asyncio.fixture
async def target(settings: Settings) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """An empty target database, dropped afterwards."""
    async with AsyncMongoClient[dict[str, Any]](settings.control_url.get_secret_value()) as client:
        database = client[f"api_target_{uuid4().hex}"]
        yield database
        await client.drop_database(database.name)


@pytest_asyncio.fixture
async def live(vault: Vault) -> AsyncIterator[LiveStatistics]:
    """What reads the counts."""
    targets = JobTargets(vault)
    yield LiveStatistics(targets)
    await targets.close()


def job(vault: Vault, url: str, database: str, **fields: Any) -> Job:
    """A job with one table that writes to a target."""
    job_id = str(ObjectId())
    posted = {
        "id": job_id,
        "project_id": "shop",
        "source_type": "POSTGRESQL",
        "jdbc_url": "",
        "mongodb_url": "",
        "target_database": database,
        "mode": Mode.CDC,
        "options": {"mode": "CDC"},
        "submitted_at": datetime(2026, 1, 1, tzinfo=UTC),
        "secrets": vault.seal(job_id, {"mongodbUrl": url}),
        "tables": (PLAN,),
        "topics": (PLAN.topic,),
    }
    return Job(**{**posted, **fields})


async def test_counts_are_sums_over_the_checkpoints(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, vault: Vault, target: AsyncDatabase[dict[str, Any]], live: LiveStatistics
) -> None:
    monkeypatch.setattr(statistics, "PATIENCE_SECONDS", 60.0)
    seen = job(vault, settings.control_url.get_secret_value(), target.name)
    await create_checkpoints(target, seen.id, seen.generation, ["t.a", "t.b"])
    await target["_rowstream.checkpoints"].update_many({}, {"$set": {"counts": {"r": 3, "c": 2}, "bytes": 100}})
    counts = await live(seen)
    assert counts is not None
    assert (counts.reads, counts.changes, counts.bytes) == (6, 4, 200)


async def test_a_target_that_was_never_reached_leaves_the_counts_unknown(
    monkeypatch: pytest.MonkeyPatch, vault: Vault, live: LiveStatistics, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(statistics, "PATIENCE_SECONDS", 0.2)
    assert await live(job(vault, f"mongodb://127.0.0.1:{unused_tcp_port}/shop", "shop")) is None


async def test_a_target_that_goes_away_leaves_the_counts_last_read(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    vault: Vault,
    target: AsyncDatabase[dict[str, Any]],
    live: LiveStatistics,
) -> None:
    monkeypatch.setattr(statistics, "PATIENCE_SECONDS", 60.0)
    seen = job(vault, settings.control_url.get_secret_value(), target.name)
    await create_checkpoints(target, seen.id, seen.generation, ["t.a"])
    await target["_rowstream.checkpoints"].update_many({}, {"$set": {"counts": {"r": 3}}})
    first = await live(seen)
    monkeypatch.setattr(statistics, "live_statistics", _away)
    assert first is not None
    assert first.reads == 3
    assert await live(seen) == first


async def _away(_database: object, _job: Job) -> Statistics:
    raise SinkUnavailableError("MongoDB does not answer")


async def test_a_job_that_has_ended_tells_its_final_counts_without_a_target(vault: Vault, live: LiveStatistics) -> None:
    final = Statistics(reads=7)
    assert await live(job(vault, "mongodb://nowhere.invalid/shop", "shop", final_statistics=final, secrets=None)) == final


async def test_a_job_that_has_no_tables_yet_has_counted_nothing(vault: Vault, live: LiveStatistics) -> None:
    assert await live(job(vault, "mongodb://nowhere.invalid/shop", "shop", tables=())) == Statistics()
