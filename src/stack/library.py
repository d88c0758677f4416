"""The Java libraries of Kafka, Kafka Connect and Debezium, from a shared folder of downloads."""

import hashlib
import shutil
import tarfile
from functools import cached_property
from pathlib import Path

from stack.artifact import Artifact
from stack.errors import StackError
from stack.exclusive import exclusive
from stack.layout import scratch_folder
from stack.locks import read_lock
from stack.programs import EMBEDDED, package_folder
from stack.progress import Progress

DB2 = "debezium-connector-db2"


class Library:
    """What the locks pin, in a folder that all homes share and that a wipe leaves alone."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache

    @cached_property
    def jars(self) -> list[Path]:
        """The class path of Kafka and Connect."""
        return [self._repository / artifact.path for artifact in read_lock("kafka")]

    @cached_property
    def plugins(self) -> Path:
        """The folder of Debezium's plugins, one folder for each set of versions."""
        pinned = "".join(artifact.sha256 for artifact in read_lock("plugins"))
        return self.cache / "plugins" / hashlib.sha256(pinned.encode()).hexdigest()[:12]

    def install(self, progress: Progress, *, plugins: bool = True) -> None:
        """Download what is missing and, if they are needed, unpack the plugins. Several programs may do so at once."""
        if all(path.exists() for path in (*self.jars, *([self.plugins] if plugins else []))):
            return
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StackError(
                f"{self.cache} cannot be made: {error.strerror}", suggestion="choose another folder with ROWSTREAM_CACHE"
            ) from error
        with exclusive(self.cache / "lock", lambda: progress.say("Waiting for another download to end")):
            self._download([*read_lock("kafka"), *(read_lock("plugins") if plugins else [])], progress)
            if plugins and not self.plugins.exists():
                progress.say("Unpacking the Debezium plugins")
                unpack([self._repository / plugin.path for plugin in read_lock("plugins")], self.plugins)

    @property
    def _repository(self) -> Path:
        return self.cache / "repository"

    def _download(self, artifacts: list[Artifact], progress: Progress) -> None:
        if package_folder("jgo") is None:
            raise StackError("the embedded stack's packages are not installed", suggestion=EMBEDDED)
        from stack.download import Downloads  # its packages come with the extra `embedded`, which the service runs without

        Downloads(self._repository).fetch(artifacts, progress)


def unpack(files: list[Path], folder: Path) -> None:
    """Unpack the plugins' archives into `folder`, which appears only when it is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = scratch_folder(folder)
    scratch.chmod(0o755)
    for file in files:
        if file.name.endswith(".tar.gz"):
            _extract(file, scratch)
    for file in files:
        if file.suffix == ".jar":  # IBM's driver, which Debezium may not ship
            shutil.copyfile(file, scratch / DB2 / file.name)
    scratch.replace(folder)


def _extract(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(folder, filter="data")
            return
        for member in tar:  # Python before 3.11.4 has no filter: take plain files and folders that stay inside
            inside = (folder / member.name).resolve().is_relative_to(folder.resolve())
            if inside and (member.isfile() or member.isdir()):
                tar.extract(member, folder)
