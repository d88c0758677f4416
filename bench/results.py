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

    `figures` are what was measured, by name (units in the names); `checked` is what was found
    in its documents (`bench.checking.Checked`), or empty.
    """

    part: str
    contestant: str
    figures: Mapping[str, float]
    checked: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class PartResults:
    """One part: what was moved, with which options, when, on what, and every sample in the order of measuring."""

    workload: str
    options: Mapping[str, Any]
    at: str
    machine: Mapping[str, Any]
    samples: list[Sample] = field(default_factory=list)

    def values(self, contestant: str, figure: str) -> list[float]:
        """One figure of a contestant's samples."""
        return [sample.figures[figure] for sample in self.samples if sample.contestant == contestant and figure in sample.figures]

    def contestants(self) -> list[str]:
        """Who was measured, in the order of measuring."""
        return list(dict.fromkeys(sample.contestant for sample in self.samples))


@dataclass
class Results:
    """What has been measured; parts that are measured again replace what is in the file."""

    parts: dict[str, PartResults] = field(default_factory=dict)
    contestants: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def tell(self, name: str, title: str, settings: Mapping[str, Any]) -> None:
        """Keep how a contestant was set up."""
        self.contestants[name] = {"title": title, "settings": {**self.contestants.get(name, {}).get("settings", {}), **settings}}

    def begin(self, part: str, workload: str, options: Mapping[str, Any]) -> None:
        """Begin a part."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.parts[part] = PartResults(workload, options, now, machine())

    def add(self, sample: Sample) -> None:
        """Add a sample to its part, which has begun."""
        self.parts[sample.part].samples.append(sample)

    def title(self, contestant: str) -> str:
        """A contestant's name for people."""
        return str(self.contestants[contestant]["title"])

    def write(self, path: Path) -> None:
        """Write the file; parts and contestants in it that this run has not measured stay."""
        before = read_results(path) if path.exists() else Results()
        merged = Results(dict(sorted((before.parts | self.parts).items())), before.contestants | self.contestants)
        path.write_text(json.dumps(asdict(merged), indent=1, default=str) + "\n", "utf-8")


def read_results(path: Path) -> Results:
    """Read the file."""
    content = json.loads(path.read_text("utf-8"))
    parts = {
        part: PartResults(**{**found, "samples": [Sample(**sample) for sample in found["samples"]]})
        for part, found in content["parts"].items()
    }
    return Results(parts, content["contestants"])


def machine() -> dict[str, Any]:
    """What the figures are measured on."""
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
