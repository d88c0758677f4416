"""The parts of the benchmarks, by the letters of the goals."""

from collections.abc import Callable

from bench.bench import Bench
from bench.parts.commit_to_document import commit_to_document
from bench.parts.drains import filters, growth, many_tables, mixed_drain, snapshot_drain, wide_rows
from bench.parts.end_to_end import end_to_end

Part = Callable[[Bench], None]

PARTS: dict[str, tuple[str, Part]] = {
    "a": ("Snapshot topic drain", snapshot_drain),
    "b": ("Mixed stream drain", mixed_drain),
    "c": ("End to end, PostgreSQL snapshot to MongoDB", end_to_end),
    "d": ("Commit to document", commit_to_document),
    "e": ("Fifty tables at once, drain", many_tables),
    "f": ("Wide and large rows, drain", wide_rows),
    "h": ("Growth", growth),
    "i": ("Filters on every table, drain", filters),
}
"""(g), the processor time an event costs, is measured in every drain."""
