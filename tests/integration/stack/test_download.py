"""Downloads survive bad networks, and only what the lock pins gets a file's name. A loopback server plays the repository."""

import contextlib
import hashlib
import re
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stack.artifact import Artifact
from stack.download import CHUNK_BYTES, Downloads
from stack.errors import StackError
from stack.progress import Advance, Silence

CONTENT = bytes(range(256)) * 4_000


@dataclass
class Repository:
    """A Maven repository that fails on demand; `cuts` are numbers of bytes after which answers to come break off."""

    files: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    knows_ranges: bool = True
    pause: float = 0.0
    """Seconds between two pieces of an answer."""
    asked: dict[str, list[str | None]] = field(default_factory=lambda: defaultdict(list))
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    address: str = ""

    def add(self, name: str, content: bytes = CONTENT) -> Artifact:
        artifact = Artifact("org.example", name, "1.0", hashlib.sha256(content).hexdigest(), len(content))
        self.files[f"/{artifact.path}"] = content
        return artifact


def handler(repository: Repository) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with repository.lock:
                repository.at_once += 1
                repository.most_at_once = max(repository.most_at_once, repository.at_once)
                repository.asked[self.path].append(self.headers["Range"])
                status = repository.statuses.pop(0) if repository.statuses else 200
                cut = repository.cuts.pop(0) if repository.cuts else None
            try:
                self.answer(status, cut)
            finally:
                with repository.lock:
                    repository.at_once -= 1

        def answer(self, status: int, cut: int | None) -> None:
            content = repository.files.get(self.path)
            if content is None or status != 200:
                self.send_error(404 if content is None else status)
                return
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
            start = int(asked[1]) if asked and repository.knows_ranges else 0
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.send(content[start:] if cut is None else content[start : start + cut])

        def send(self, content: bytes) -> None:
            if not repository.pause:
                self.wfile.write(content)
                return
            with contextlib.suppress(ConnectionError):  # the client has had enough
                for begin in range(0, len(content), CHUNK_BYTES):
                    self.wfile.write(content[begin : begin + CHUNK_BYTES])
                    time.sleep(repository.pause)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def repository() -> Iterator[Repository]:
    repository = Repository()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(repository)) as server:
        repository.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield repository
        server.shutdown()
        thread.join()


@pytest.fixture
def downloads(repository: Repository, tmp_path: Path) -> Downloads:
    return Downloads(tmp_path, repository.address, back_off=0.001)


def test_files_get_maven_s_names(repository: Repository, downloads: Downloads, tmp_path: Path) -> None:
    downloads.fetch([repository.add("one")], Silence())
    assert (tmp_path / "org/example/one/1.0/one-1.0.jar").read_bytes() == CONTENT


def test_a_cut_download_goes_on_where_it_was_cut(repository: Repository, downloads: Downloads) -> None:
    artifact = repository.add("one")
    repository.cuts = [CHUNK_BYTES, 2 * CHUNK_BYTES]
    downloads.fetch([artifact], Silence())
    assert downloads.path(artifact).read_bytes() == CONTENT
    assert repository.asked[f"/{artifact.path}"] == [None, f"bytes={CHUNK_BYTES}-", f"bytes={3 * CHUNK_BYTES}-"]


def test_what_came_before_the_program_ended_is_not_fetched_again(repository: Repository, downloads: Downloads) -> None:
    artifact = repository.add("one")
    part = downloads.path(artifact).with_name("one-1.0.jar.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:500_000])
    downloads.fetch([artifact], Silence())
    assert downloads.path(artifact).read_bytes() == CONTENT
    assert repository.asked[f"/{artifact.path}"] == ["bytes=500000-"]
    assert not part.exists()


def test_a_repository_that_knows_no_ranges_is_read_from_the_start(repository: Repository, downloads: Downloads) -> None:
    repository.knows_ranges = False
    repository.cuts = [100_000]
    artifact = repository.add("one")
    downloads.fetch([artifact], Silence())
    assert downloads.path(artifact).read_bytes() == CONTENT


@pytest.mark.parametrize("wrong", [CONTENT[:-1] + b"!", CONTENT + b"more"])
def test_what_is_not_what_the_lock_pins_never_gets_the_file_s_name(repository: Repository, downloads: Downloads, wrong: bytes) -> None:
    artifact = repository.add("one")
    repository.files[f"/{artifact.path}"] = wrong
    with pytest.raises(StackError, match="SHA-256"):
        downloads.fetch([artifact], Silence())
    assert not downloads.path(artifact).exists()


def test_a_wrong_part_left_behind_is_thrown_away(repository: Repository, downloads: Downloads) -> None:
    artifact = repository.add("one")
    part = downloads.path(artifact).with_name("one-1.0.jar.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"?" * 1000)
    downloads.fetch([artifact], Silence())
    assert downloads.path(artifact).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_server_in_trouble_is_asked_again(repository: Repository, downloads: Downloads, status: int) -> None:
    repository.statuses = [status, status]
    artifact = repository.add("one")
    downloads.fetch([artifact], Silence())
    assert downloads.path(artifact).read_bytes() == CONTENT


def test_a_file_that_does_not_exist_is_named_at_once(repository: Repository, downloads: Downloads) -> None:
    missing = Artifact("org.example", "missing", "1.0", "0" * 64, 10)
    with pytest.raises(StackError, match=r"org\.example:missing-1\.0\.jar.*404"):
        downloads.fetch([missing], Silence())
    assert len(repository.asked[f"/{missing.path}"]) == 1


def test_a_repository_that_cannot_be_reached_is_explained(tmp_path: Path) -> None:
    nowhere = Downloads(tmp_path, "http://127.0.0.1:1", back_off=0.001)
    with pytest.raises(StackError) as raised:
        nowhere.fetch([Artifact("org.example", "one", "1.0", "0" * 64, 10)], Silence())
    assert raised.value.suggestion is not None
    assert "rowstream up" in raised.value.suggestion


def test_several_files_come_at_once(repository: Repository, downloads: Downloads) -> None:
    artifacts = [repository.add(f"file{number}") for number in range(20)]
    downloads.fetch(artifacts, Silence())
    assert downloads.missing(artifacts) == []
    assert 1 < repository.most_at_once <= 8


def test_what_is_there_is_not_asked_for(repository: Repository, downloads: Downloads) -> None:
    artifact = repository.add("one")
    downloads.fetch([artifact], Silence())
    downloads.fetch([artifact], Silence())
    assert len(repository.asked[f"/{artifact.path}"]) == 1


def test_a_file_that_cannot_be_had_ends_the_others_under_way(repository: Repository, downloads: Downloads) -> None:
    repository.pause = 0.05
    slow = repository.add("slow", CONTENT * 5)
    missing = Artifact("org.example", "missing", "1.0", "0" * 64, 10)
    with pytest.raises(StackError, match="missing"):
        downloads.fetch([slow, missing], Silence())
    assert not downloads.path(slow).exists()


def test_a_file_that_is_waited_for_is_given_up_when_another_cannot_be_had(repository: Repository, tmp_path: Path) -> None:
    downloads = Downloads(tmp_path, repository.address, back_off=3600)
    wrong = repository.add("wrong")
    repository.files[f"/{wrong.path}"] = CONTENT[::-1]
    with pytest.raises(StackError, match="missing"):
        downloads.fetch([wrong, Artifact("org.example", "missing", "1.0", "0" * 64, 10)], Silence())


class Interrupting(Silence):
    """Presses Ctrl-C once something came."""

    @contextmanager
    def downloading(self, files: int, size: int) -> Iterator[Advance]:
        main, pressed = threading.main_thread().ident, threading.Event()
        assert main is not None

        def advance(size: int, done: int) -> None:
            if size and not pressed.is_set():
                pressed.set()
                signal.pthread_kill(main, signal.SIGINT)

        yield advance


def test_an_interrupt_does_not_wait_for_files_under_way_and_the_next_start_goes_on(repository: Repository, downloads: Downloads) -> None:
    slow = repository.add("slow", CONTENT * 5)
    repository.pause = 0.05
    with pytest.raises(KeyboardInterrupt):
        downloads.fetch([slow], Interrupting())
    assert not downloads.path(slow).exists()
    repository.pause = 0
    downloads.fetch([slow], Silence())
    asked = repository.asked[f"/{slow.path}"]
    assert asked[0] is None
    assert asked[1] is not None
