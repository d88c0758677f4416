"""Tasks that are ended."""

import asyncio

from pipeline.tasks import end


async def test_a_task_that_misses_its_cancellation_is_cancelled_again() -> None:
    begun = asyncio.Event()

    async def keep_one_to_itself() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    task = asyncio.create_task(keep_one_to_itself())
    await begun.wait()
    await end(task, again_seconds=0.01)
    assert task.cancelled()


async def test_what_a_task_ends_with_is_its_own() -> None:
    async def fail() -> None:
        raise ValueError

    failed, waiting = asyncio.create_task(fail()), asyncio.create_task(asyncio.Event().wait())
    await asyncio.wait({failed})
    await end(failed, waiting, again_seconds=60)
    assert isinstance(failed.exception(), ValueError)
    assert waiting.cancelled()


async def test_nothing_is_ended_at_once() -> None:
    await end(again_seconds=60)
