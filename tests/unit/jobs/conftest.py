"""What tests of a job's drive share: servers that are fakes, and short pauses."""

import asyncio
from functools import partial

import pytest
from tests.unit.jobs.fakes.connect import ConnectorReader
from tests.unit.jobs.fakes.kafka import write_signal
from tests.unit.jobs.fakes.sink import Target
from tests.unit.jobs.world import World

from pipeline.jobs import (
    addition,
    barrier,
    capture,
    clean_up,
    connector,
    failures,
    generation,
    mending,
    reading,
    refresh,
    retention,
    snapshot,
    supervisor,
)
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Phase


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Servers that answer; every pause is short."""
    made = World()
    target = Target(made)
    for module, names in {
        generation: ("fence", "read_progress", "retract_documents"),
        barrier: ("read_progress",),
        retention: ("read_progress",),
        snapshot: ("live_statistics",),
        clean_up: ("fence", "live_statistics", "remove_progress", "release_collections", "claim_collections", "all_letters", "Suspects"),
        failures: ("read_progress",),
        mending: ("HalfChanges",),
        refresh: ("remove_orphans", "Suspects"),
        addition: ("claim_collections", "prepare_targets", "create_checkpoints"),
        connector: ("start_connector",),
    }.items():
        for name in names:
            monkeypatch.setattr(module, name, getattr(target, name))
    for module in (snapshot, barrier, reading):
        monkeypatch.setattr(module, "TopicReader", lambda _servers, topic, *_: ConnectorReader(made, topic))
    monkeypatch.setattr(reading, "write_record", partial(write_signal, made))
    monkeypatch.setattr(capture, "fence", lambda *_: made.done.append("reader fenced"))
    monkeypatch.setattr(clean_up, "DEBT_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(supervisor, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(connector, "RESTART_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(Drive, "pause_between_looks", _pause)
    return made


@pytest.fixture
def no_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The set-up of the next generation is where a test ends."""

    async def stay(drive: Drive) -> None:
        await drive.pause_between_looks()

    monkeypatch.setitem(supervisor.STEPS, Phase.SETTING_UP, stay)


async def _pause(_: Drive) -> None:
    await asyncio.sleep(0.002)
