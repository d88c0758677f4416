"""Everything that was measured, as a file for programs."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """
    One measurement of one contestant in one part.

    `figures` are what was measured, by name (units in the names); `checked` what was found
    in its documents.
    """

    part: str
    contestant: str
    figures: Mapping[str, float]
    checked: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Results:
    """What a run has measured so far."""

    options: Mapping[str, Any]
    contestants: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    workloads: dict[str, str] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)

    def of(self, part: str, contestant: str) -> list[Sample]:
        """The samples of one contestant in one part."""
        return [sample for sample in self.samples if (sample.part, sample.contestant) == (part, contestant)]

    def values(self, part: str, contestant: str, figure: str) -> list[float]:
        """One figure of those samples."""
        return [sample.figures[figure] for sample in self.of(part, contestant) if figure in sample.figures]

    def write(self, path: Path) -> None:
        """Write the file."""
        content = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "options": dict(self.options),
            "contestants": self.contestants,
            "workloads": self.workloads,
            "samples": [asdict(sample) for sample in self.samples],
        }
        path.write_text(json.dumps(content, indent=1, default=str) + "\n", "utf-8")


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "processor": _field(Path("/proc/cpuinfo"), "model name"),
        "processors": os.cpu_count(),
        "memory": _field(Path("/proc/meminfo"), "MemTotal"),
    }


def _field(path: Path, name: str) -> str:
    lines: Sequence[str] = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "unknown")
