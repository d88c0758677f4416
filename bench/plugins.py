"""The Connect plugins of the benchmarks: Debezium's source, and the peers' sinks, from a lock of their own."""

import hashlib
import shutil
import zipfile
from pathlib import Path

from stack.download import Downloads
from stack.exclusive import exclusive
from stack.layout import scratch_folder
from stack.library import unpack
from stack.locks import read_lock
from stack.progress import Progress

SOURCE = "debezium-connector-postgres"
MANIFESTS = {
    "mongo-kafka-connect": {"org.apache.kafka.connect.sink.SinkConnector": "com.mongodb.kafka.connect.MongoSinkConnector"},
}
"""
Services that a plugin does not declare itself, by which Connect finds it without a search of all classes.

Kafka's `connect-plugin-path sync-manifests` would write the same ("Plugin Discovery" in Kafka's documentation).
"""


class Plugins:
    """The plugins in the folder of downloads that all homes share."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.artifacts = [artifact for artifact in read_lock("plugins") if artifact.name == SOURCE] + read_lock("peers", "bench.locks")

    @property
    def path(self) -> str:
        """Connect's `plugin.path`."""
        return f"{self._folder / 'archives'},{self._folder / 'jars'}"

    def install(self, progress: Progress) -> None:
        """Download and unpack what is missing."""
        with exclusive(self.cache / "lock", lambda: progress.say("Waiting for another download to end")):
            Downloads(self.cache / "repository").fetch(self.artifacts, progress)
            if not self._folder.exists():
                self._folder.parent.mkdir(parents=True, exist_ok=True)
                self._unpack(scratch_folder(self._folder)).replace(self._folder)

    @property
    def _folder(self) -> Path:
        pinned = "".join(artifact.sha256 for artifact in self.artifacts) + str(MANIFESTS)
        return self.cache / "bench-plugins" / hashlib.sha256(pinned.encode()).hexdigest()[:12]

    def _unpack(self, folder: Path) -> Path:
        files = {artifact: self.cache / "repository" / artifact.path for artifact in self.artifacts}
        unpack([file for artifact, file in files.items() if artifact.extension == "tar.gz"], folder / "archives")
        for artifact, file in files.items():
            if artifact.extension == "jar":
                home = folder / "jars" / artifact.name
                home.mkdir(parents=True)
                shutil.copyfile(file, home / file.name)
                with zipfile.ZipFile(home / "manifests.jar", "w") as jar:
                    for service, name in MANIFESTS.get(artifact.name, {}).items():
                        jar.writestr(f"META-INF/services/{service}", f"{name}\n")
        return folder
