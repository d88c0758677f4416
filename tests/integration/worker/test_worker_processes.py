"""Worker processes that are killed, frozen, cut off and stopped at any moment: documents and counts stay exact."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.fakes.proxy import CuttingProxy
from tests.integration.worker.conftest import PARENT, LiveJob, Workers, wait_for_async

from pipeline.errors import PipelineError
from pipeline.sink.transaction import COMMIT_TRIES
from pipeline.worker.control import LiveJobs
from pipeline.worker.failure import failure_of
from stack.mongodb import MongoDB
from stack.stack import Stack

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # see `collected`

KILLS = 8
TURNS = 5
MORE_THAN_ALL_TRIES = 2 * COMMIT_TRIES + 1
"""A commit is tried so often by us, each time twice by the driver."""


async def progress(live: LiveJob, records: int, *, writing: int = 0) -> None:
    """Write so many changes, and return when the workers have come this much further than they were before."""
    before = await live.applied()
    if writing:
        live.write(writing)

    async def further() -> bool:
        return await live.applied() >= before + records

    await wait_for_async(further, f"{records} more records", 60)


async def claimed_since(live: LiveJob, claims: int) -> None:
    """Return when a worker has claimed a partition, for the first time or again."""

    async def more() -> bool:
        return await live.claims() > claims

    await wait_for_async(more, "a claim")


async def test_workers_killed_at_random_moments_lose_and_double_nothing(live: LiveJob, workers: Workers) -> None:
    live.write(2_000)
    running = [workers.start(live), workers.start(live)]
    for _ in range(KILLS):
        await progress(live, live.dice.randrange(1, 600), writing=1_500)
        number = live.dice.randrange(2)
        running[number].kill()
        running[number] = workers.start(live)
    await live.wait_until_applied()
    await live.expect_documents_equal_rows()


async def test_a_frozen_worker_writes_nothing_after_another_took_over_and_joins_again(live: LiveJob, workers: Workers) -> None:
    live.write(3_000)
    frozen = workers.start(live)
    await progress(live, 200)
    frozen.send_signal(signal.SIGSTOP)
    other = workers.start(live)
    live.write(3_000)
    await live.wait_until_applied()
    claims = await live.claims()
    frozen.send_signal(signal.SIGCONT)
    await claimed_since(live, claims)
    await live.expect_documents_equal_rows()
    live.write(3_000)
    await live.wait_until_applied()
    await live.expect_documents_equal_rows()
    other.kill()
    live.write(1_000)
    await live.wait_until_applied()
    await live.expect_documents_equal_rows()
    assert frozen.poll() is None


async def test_workers_that_come_and_go_in_the_middle_of_batches_lose_and_double_nothing(live: LiveJob, workers: Workers) -> None:
    live.write(2_000)
    running = [workers.start(live, BATCH_RECORDS=300)]
    await progress(live, 1)
    for turn in range(TURNS):
        claims = await live.claims()
        live.write(2_000)
        running.append(workers.start(live, BATCH_RECORDS=300))
        await claimed_since(live, claims)
        await progress(live, live.dice.randrange(1, 300), writing=500)
        running.pop(live.dice.randrange(2)).send_signal(signal.SIGTERM if turn % 2 else signal.SIGKILL)
    await live.wait_until_applied()
    await live.expect_documents_equal_rows()


async def test_commits_whose_result_is_unknown_are_found_out_about_and_count_once(
    stack: Stack, workers: Workers, proxy: CuttingProxy
) -> None:
    live = LiveJob(stack, stack.connections.control_url, 11, f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true")
    await live.set_up()
    try:
        worker = workers.start(live)
        live.write(500)
        await progress(live, 1)
        for _ in range(TURNS):
            claims = await live.claims()
            proxy.cut_after, proxy.cuts = b"commitTransaction", live.dice.choices([True, False], k=MORE_THAN_ALL_TRIES)
            live.write(300)
            await claimed_since(live, claims)
            live.write(300)
        await live.wait_until_applied()
        await live.expect_documents_equal_rows()
        assert worker.poll() is None
    finally:
        workers.end()
        await live.clean_up()


async def test_a_worker_asked_to_end_finishes_its_batch_and_leaves_the_group(live: LiveJob, workers: Workers) -> None:
    live.write(5_000)
    worker = workers.start(live)
    await progress(live, 100)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert await live.group_is_empty()
    workers.start(live)
    await live.wait_until_applied()
    await live.expect_documents_equal_rows()


async def test_a_worker_leaves_a_job_that_is_no_longer_live_and_comes_back(live: LiveJob, workers: Workers) -> None:
    workers.start(live)
    live.write(500)
    await live.wait_until_applied()
    live.set_live(False)
    await wait_for_async(live.group_is_empty, "an empty group")
    live.write(500)
    live.set_live(True)
    await live.wait_until_applied()
    await live.expect_documents_equal_rows()


async def test_a_record_that_cannot_be_applied_is_told_with_its_table_key_and_place(live: LiveJob, workers: Workers) -> None:
    source = live.sources[0]
    live.write(300)
    ends = await live.topics.end_offsets([source.table.topic])
    source.table.create({"id": -1})
    live.write(0)
    workers.start(live)

    async def told() -> bool:
        return "workerFailure" in live.stored()

    await wait_for_async(told, "the failure")
    failure = live.stored()["workerFailure"]
    assert failure["errorType"] == "DECODE"
    assert failure["table"] == f"public.{source.table.name}"
    assert f"{source.table.topic}[0]@" in failure["message"]

    async def others_applied() -> bool:
        return await live.applied() >= ends[source.table.topic] - 1

    await wait_for_async(others_applied, "what stands before it")


async def test_a_job_that_goes_on_as_soon_as_it_failed_is_taken_up_by_the_worker_that_failed(live: LiveJob, workers: Workers) -> None:
    source = live.sources[0]
    await live.refuse_documents(source)
    live.write(300)
    workers.start(live)

    async def told() -> bool:
        return "workerFailure" in live.stored()

    await wait_for_async(told, "the failure")
    await live.take_documents(source)
    before = live.job
    live.go_on()
    with closing(LiveJobs(live.settings)) as jobs:
        jobs.report(before, failure_of(PipelineError("late", code="LATE")))
    assert "workerFailure" not in live.stored(), "what was met before the job went on is no failure of now"
    await live.wait_until_applied()
    await live.expect_documents_equal_rows()


async def test_a_job_whose_worker_crashes_again_and_again_fails(live: LiveJob, workers: Workers) -> None:
    live.break_secrets()
    worker = workers.start(live)

    async def told() -> bool:
        return "workerFailure" in live.stored()

    await wait_for_async(told, "the failure")
    assert live.stored()["workerFailure"]["errorType"] == "INTERNAL"
    assert worker.poll() is None


async def test_a_target_that_is_killed_and_comes_back_holds_every_change_once(stack: Stack, mongodb: MongoDB, workers: Workers) -> None:
    live = LiveJob(stack, mongodb.url, seed=7)
    await live.set_up()
    try:
        worker = workers.start(live)
        for _ in range(2):
            await progress(live, 300, writing=2_000)
            mongodb.kill()
            live.write(1_000)
            mongodb.start()
        await live.wait_until_applied()
        await live.expect_documents_equal_rows()
        assert worker.poll() is None
    finally:
        workers.end()
        await live.clean_up()


POOL = """
import asyncio, signal
from pipeline.settings import read_settings
from pipeline.worker.pool import WorkerPool

async def run():
    task = asyncio.ensure_future(WorkerPool(read_settings(), 2).run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await asyncio.wait([task])

asyncio.run(run())
"""


def start_pool(live: LiveJob) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in live.environment().items() if name != PARENT}
    return subprocess.Popen([sys.executable, "-c", POOL], env=environment)


def children(pid: int) -> set[int]:
    """The processes whose parent it is."""
    return {child for child in map(int, filter(str.isdigit, os.listdir("/proc"))) if state_of(child)[1:2] == [str(pid)]}


def alive(pid: int) -> bool:
    return state_of(pid)[:1] not in ([], ["Z"])


def state_of(pid: int) -> list[str]:
    """What the kernel says of the process, from its state and its parent on; empty once it is gone, maybe while one asks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


@pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_pool_replaces_a_killed_worker_and_no_worker_outlives_it(live: LiveJob, number: signal.Signals) -> None:
    pool = start_pool(live)
    try:
        first = await two_children(pool.pid, set())
        live.write(500)
        await live.wait_until_applied()
        victim = next(iter(first))
        os.kill(victim, signal.SIGKILL)
        second = await two_children(pool.pid, {victim})
        live.write(500)
        await live.wait_until_applied()
        await live.expect_documents_equal_rows()
        pool.send_signal(number)
        pool.wait(60)

        async def gone() -> bool:
            return not any(alive(pid) for pid in first | second)

        await wait_for_async(gone, "the workers' end", 20)
    finally:
        pool.kill()
        pool.wait(30)


async def two_children(pid: int, without: set[int]) -> set[int]:
    deadline = time.monotonic() + 30
    while len(found := {child for child in children(pid) if alive(child)} - without) < 2:
        assert time.monotonic() < deadline, "two workers"
    return found
