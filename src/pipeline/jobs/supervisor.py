"""The supervisor: drives every job that no other supervisor drives."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from functools import partial

import aiohttp
import structlog
from pymongo.errors import PyMongoError

from pipeline.errors import EngineUnavailableError, PipelineError, SinkUnavailableError, SourceUnavailableError
from pipeline.jobs.clean_up import clean_up, retain
from pipeline.jobs.drive import CancelAskedError, Drive, JobFailedError, Services
from pipeline.jobs.failures import tell_what_is_known
from pipeline.jobs.job import Job, Outcome, Phase
from pipeline.jobs.readers import ReaderProcesses
from pipeline.jobs.refresh import refresh_tables
from pipeline.jobs.replay import replay_changes
from pipeline.jobs.setup import set_up
from pipeline.jobs.snapshot import follow_snapshot
from pipeline.jobs.store import LeaseLostError
from pipeline.jobs.streaming import drain, follow_stream
from pipeline.jobs.vault import Vault
from pipeline.settings import Settings
from pipeline.stores import Stores
from pipeline.tasks import end

log = structlog.get_logger()

LOOK_SECONDS = 0.5
RETRY_SECONDS = 1.0
BUG_SECONDS = 5.0
BUGS_TOLERATED = 3
CANCEL_AGAIN_SECONDS = 5.0
FAREWELL_SECONDS = 15.0

UNDER_WAY = (Phase.SETTING_UP, Phase.SNAPSHOTTING, Phase.STREAMING, Phase.REFRESHING, Phase.REPLAYING, Phase.DRAINING)

STEPS: dict[Phase, Callable[[Drive], Awaitable[None]]] = {
    Phase.SETTING_UP: set_up,
    Phase.SNAPSHOTTING: follow_snapshot,
    Phase.STREAMING: follow_stream,
    Phase.REFRESHING: refresh_tables,
    Phase.REPLAYING: replay_changes,
    Phase.DRAINING: drain,
    Phase.RETAINED: retain,
    Phase.CLEANING_UP: clean_up,
    Phase.ENDED: clean_up,
}


class Supervisor:
    """
    Takes a lease on each job that is free and moves it from phase to phase.

    Its name is that of the address it serves on, so that after a crash the service takes
    its own leases up again at once; other replicas wait until they have run out.
    """

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self._settings = settings
        self._stores = stores
        self._store = stores.jobs
        self._owner = f"{socket.gethostname()}:{settings.host}:{settings.port}"
        self._drives: dict[str, asyncio.Task[None]] = {}
        self._bugs: dict[str, int] = {}

    async def run(self) -> None:
        """Drive jobs until cancelled; the leases are then given back."""
        async with aiohttp.ClientSession() as session:
            vault = Vault(self._settings.secret_key)
            services = Services.of(
                self._settings,
                session,
                store=self._store,
                updates=self._stores.updates,
                letters=self._stores.letters,
                projects=self._stores.projects,
                vault=vault,
                readers=ReaderProcesses(),
            )
            try:
                while True:
                    await self._take_free_jobs(services)
                    await asyncio.sleep(LOOK_SECONDS)
            finally:
                await self._let_go()

    async def _take_free_jobs(self, services: Services) -> None:
        try:
            free = await self._store.acquire(self._owner, self._settings.lease_seconds, exclude=list(self._drives))
        except PyMongoError as error:
            log.warning("the control database does not answer", error=type(error).__name__)
            return
        for job in free:
            task = asyncio.create_task(self._hold(job, services), name=f"job-{job.id}")
            self._drives[job.id] = task
            task.add_done_callback(partial(self._forget, job.id))

    def _forget(self, job_id: str, task: asyncio.Task[None]) -> None:
        """Let the job be taken again: after a bug not at once, and after several to be failed."""
        bug = None if task.cancelled() else task.exception()
        if bug is None:
            self._drives.pop(job_id, None)
            return
        log.error("a bug stopped the drive of a job", job=job_id, exc_info=bug)
        self._bugs[job_id] = self._bugs.get(job_id, 0) + 1
        asyncio.get_running_loop().call_later(BUG_SECONDS, self._drives.pop, job_id, None)

    async def _hold(self, job: Job, services: Services) -> None:
        """Drive the job while renewing its lease; stop at once when the lease is lost."""
        drive = Drive(job, services, self._owner)
        renewing = asyncio.create_task(self._renew(job.id))
        driving = asyncio.create_task(self._drive(drive))
        try:
            done, _ = await asyncio.wait({renewing, driving}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except LeaseLostError:
            log.warning("another supervisor drives the job now", job=job.id)
        finally:
            await end(renewing, driving, again_seconds=CANCEL_AGAIN_SECONDS)
            await drive.close()

    async def _drive(self, drive: Drive) -> None:
        if self._bugs.get(drive.job.id, 0) >= BUGS_TOLERATED and drive.job.outcome is None:
            error = PipelineError("An internal error keeps the job from going on", suggestion="The service's log has it.", code="INTERNAL")
            await drive.fail(drive.failure(error))
        await drive_to_the_end(drive)

    async def _renew(self, job_id: str) -> None:
        lost_at = asyncio.get_running_loop().time() + self._settings.lease_seconds
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 4)
            try:
                await self._store.renew(job_id, self._owner, self._settings.lease_seconds)
                lost_at = asyncio.get_running_loop().time() + self._settings.lease_seconds
            except PyMongoError:
                if asyncio.get_running_loop().time() > lost_at:
                    raise LeaseLostError(job_id) from None

    async def _let_go(self) -> None:
        drives = dict(self._drives)
        await end(*drives.values(), again_seconds=FAREWELL_SECONDS)
        for job_id in drives:
            with contextlib.suppress(PyMongoError):
                await self._store.release(job_id, self._owner)


async def drive_to_the_end(drive: Drive) -> None:
    """
    Move the job from phase to phase until it has ended and owns nothing.

    Steps know nothing of outages: whatever does not answer raises, and the step is
    repeated from its start.
    """
    while drive.job.phase is not Phase.ENDED or drive.job.owes_clean_up:
        try:
            await _step(drive)
        except PyMongoError as error:
            log.warning("a database does not answer", job=drive.job.id, error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)


async def _step(drive: Drive) -> None:
    """Run the step of the phase that is stored: a save whose answer was lost may have moved it."""
    await drive.reload()
    try:
        if drive.job.phase in UNDER_WAY:
            drive.obey()
        await STEPS[drive.job.phase](drive)
    except CancelAskedError:
        await drive.end(Outcome.CANCELLED)
    except JobFailedError as error:
        await tell_what_is_known(drive)
        await drive.fail(error.failure)
    except LeaseLostError:
        raise
    except PipelineError as error:
        await _wait_or_fail(drive, error)


async def _wait_or_fail(drive: Drive, error: PipelineError) -> None:
    """An outage is waited for; while setting up, a database that does not answer is the user's to mend."""
    ending = drive.job.phase in (Phase.CLEANING_UP, Phase.RETAINED, Phase.ENDED)
    away = isinstance(error, (SourceUnavailableError, SinkUnavailableError))
    patient = isinstance(error, EngineUnavailableError) or drive.job.phase is not Phase.SETTING_UP or drive.job.generation > 1
    if ending or (away and patient):
        await drive.away(error)
        await asyncio.sleep(RETRY_SECONDS)
    else:
        await drive.fail(drive.failure(error))
