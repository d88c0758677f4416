"""Parts that drain filled topics: the same topics for everyone."""

from bench.bench import Bench
from bench.options import CHANGES, ROWS
from bench.workload import mixed, snapshot


def snapshot_drain(bench: Bench) -> None:
    """Rows of ten columns, as the snapshot wrote them."""
    bench.drain_all("a", snapshot(bench.options.scaled(ROWS), bench.options.tables))


def mixed_drain(bench: Bench) -> None:
    """A stream of inserts, updates and deletes."""
    bench.drain_all("b", mixed(bench.options.scaled(CHANGES), bench.options.tables))
