"""Downloads from a Maven repository: resumed, repeated with back-off, and checked against their SHA-256."""

import errno
import hashlib
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event, Lock

import requests
from jgo.maven import MavenContext

from stack.artifact import Artifact
from stack.errors import StackError
from stack.progress import Advance, Progress

AT_ONCE = 8
ATTEMPTS = 6
CHUNK_BYTES = 1 << 16
TIMEOUT_SECONDS = (10, 30)
TEMPORARY = {408, 416, 425, 429}


class Downloads:
    """
    A folder of downloaded files, laid out like a Maven repository.

    A file has its final name only once it is whole and checked; until then it is `<name>.part`,
    from where the next download goes on. `repository` is an address; by default Maven's own.
    """

    def __init__(self, folder: Path, repository: str | None = None, *, back_off: float = 0.5) -> None:
        self.folder = folder
        self.back_off = back_off
        self.repository = repository or next(iter(MavenContext(repo_cache=folder).remote_repos.values()))
        self._told = Lock()

    def path(self, artifact: Artifact) -> Path:
        """Where the file is, or will be."""
        return self.folder / artifact.path

    def missing(self, artifacts: Sequence[Artifact]) -> list[Artifact]:
        """Those not downloaded yet."""
        return [artifact for artifact in artifacts if not self.path(artifact).exists()]

    def fetch(self, artifacts: Sequence[Artifact], progress: Progress) -> None:
        """
        Download what is missing, several files at once.

        Raises:
            StackError: A file cannot be had; what came of it is kept, so that the next attempt goes on from there.
        """
        missing = sorted(self.missing(artifacts), key=lambda artifact: -artifact.size)
        if not missing:
            return
        size = sum(artifact.size for artifact in missing)
        stop = Event()
        with progress.downloading(len(missing), size) as advance, requests.Session() as session, ThreadPoolExecutor(AT_ONCE) as pool:
            futures = [pool.submit(self._get, session, artifact, self._one_at_a_time(advance), stop) for artifact in missing]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _one_at_a_time(self, advance: Advance) -> Advance:
        def told(size: int, done: int) -> None:
            with self._told:
                advance(size, done)

        return told

    def _get(self, session: requests.Session, artifact: Artifact, advance: Advance, stop: Event) -> None:
        """Download one file, whole unless it is told to stop."""
        path = self.path(artifact)
        part = path.with_name(f"{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        advance(_size(part), 0)
        problem = "nothing came"
        failed = 0
        while failed < ATTEMPTS:
            before = _size(part)
            try:
                self._pull(session, artifact, part, advance, stop)
            except requests.RequestException as error:
                problem = str(error)
            except OSError as error:
                raise _disk(error, part) from error
            if _size(part) >= artifact.size:
                if _sha256(part) == artifact.sha256:
                    part.replace(path)
                    advance(0, 1)
                    return
                problem = "its SHA-256 differs from the lock's"
                advance(-_size(part), 0)
                part.unlink()
                failed += 1
            else:
                failed = 0 if _size(part) > before else failed + 1
            if stop.wait(self.back_off * 2**failed * random.uniform(0.5, 1)):  # noqa: S311 - jitter
                return
        raise StackError(f"{artifact} cannot be downloaded: {problem}", suggestion="check the network, then run `rowstream up` again")

    def _pull(self, session: requests.Session, artifact: Artifact, part: Path, advance: Advance, stop: Event) -> None:
        have = _size(part)
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
        url = f"{self.repository.rstrip('/')}/{artifact.path}"
        with session.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as answer:
            if 400 <= answer.status_code < 500 and answer.status_code not in TEMPORARY:
                raise StackError(f"{artifact} cannot be downloaded: the repository answers {answer.status_code} {answer.reason}")
            goes_on = answer.status_code == requests.codes.partial_content
            if have and not goes_on:
                advance(-have, 0)
                part.unlink()
            answer.raise_for_status()
            with part.open("ab") as file:
                for chunk in answer.iter_content(CHUNK_BYTES):
                    file.write(chunk)
                    advance(len(chunk), 0)
                    if stop.is_set():
                        return


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _disk(error: OSError, path: Path) -> StackError:
    room = "make room, or choose another folder with ROWSTREAM_CACHE" if error.errno == errno.ENOSPC else None
    return StackError(f"{path} cannot be written: {error.strerror}", suggestion=room)
