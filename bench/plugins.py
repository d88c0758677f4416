"""The Connect plugins of the benchmarks: Debezium's source, and the peers' sinks, from a lock of their own."""

import hashlib
from pathlib import Path

from stack.artifact import Artifact
from stack.download import Downloads
from stack.exclusive import exclusive
from stack.library import unpack
from stack.locks import read_lock
from stack.progress import Progress

SOURCE = "debezium-connector-postgres"


class Plugins:
    """The plugins in the folder of downloads that all homes share."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.artifacts = [artifact for artifact in read_lock("plugins") if artifact.name == SOURCE] + read_lock("peers", "bench.locks")

    @property
    def path(self) -> str:
        """Connect's `plugin.path`: the unpacked archives, and the folders of single jars."""
        jars = [str(self._file(artifact).parent) for artifact in self.artifacts if artifact.extension == "jar"]
        return ",".join([str(self._unpacked), *jars])

    def install(self, progress: Progress) -> None:
        """Download and unpack what is missing."""
        with exclusive(self.cache / "lock", lambda: progress.say("Waiting for another download to end")):
            Downloads(self.cache / "repository").fetch(self.artifacts, progress)
            if not self._unpacked.exists():
                unpack([self._file(artifact) for artifact in self.artifacts if artifact.extension == "tar.gz"], self._unpacked)

    @property
    def _unpacked(self) -> Path:
        pinned = "".join(artifact.sha256 for artifact in self.artifacts)
        return self.cache / "bench-plugins" / hashlib.sha256(pinned.encode()).hexdigest()[:12]

    def _file(self, artifact: Artifact) -> Path:
        return self.cache / "repository" / artifact.path
