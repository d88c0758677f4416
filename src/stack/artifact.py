"""One file of a Maven repository, pinned by its SHA-256."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Artifact:
    """A pinned file: its Maven coordinates, its SHA-256 in hexadecimal and its size in bytes."""

    group: str
    name: str
    version: str
    sha256: str
    size: int
    extension: str = "jar"
    classifier: str = ""

    @property
    def file_name(self) -> str:
        """The file's name: name-version[-classifier].extension."""
        classifier = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{classifier}.{self.extension}"

    @property
    def path(self) -> str:
        """Where a Maven repository keeps the file, below its root."""
        return "/".join((*self.group.split("."), self.name, self.version, self.file_name))

    def __str__(self) -> str:
        return f"{self.group}:{self.file_name}"
