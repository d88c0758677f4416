"""The parts of the benchmarks, by the letters of the goals."""

from collections.abc import Callable

from bench.bench import Bench
from bench.parts.drains import mixed_drain, snapshot_drain

Part = Callable[[Bench], None]

PARTS: dict[str, tuple[str, Part]] = {
    "a": ("Snapshot topic drain", snapshot_drain),
    "b": ("Mixed stream drain", mixed_drain),
}
