"""Parts that drain filled topics: the same topics for everyone."""

from bench.bench import Bench
from bench.contestants.rowstream import Rowstream
from bench.options import CHANGES, GROWTH, LARGE_ROWS, MANY_TABLES, ROWS, WIDE_ROWS
from bench.workload import filtered, large, mixed, snapshot, wide


def snapshot_drain(bench: Bench) -> None:
    """Rows of ten columns, as the snapshot wrote them."""
    bench.drain_all("a", snapshot(bench.options.scaled(ROWS), bench.options.tables))


def mixed_drain(bench: Bench) -> None:
    """A stream of inserts, updates and deletes."""
    bench.drain_all("b", mixed(bench.options.scaled(CHANGES), bench.options.tables))


def many_tables(bench: Bench) -> None:
    """As many rows as in (a), in fifty tables."""
    bench.drain_all("e", snapshot(bench.options.scaled(ROWS), MANY_TABLES))


def wide_rows(bench: Bench) -> None:
    """Rows of many columns, and rows of much text."""
    bench.drain_all("f-wide", wide(bench.options.scaled(WIDE_ROWS)))
    bench.drain_all("f-large", large(bench.options.scaled(LARGE_ROWS)))


def filters(bench: Bench) -> None:
    """Parts (a) and (b) with a filter on every table, which all rows satisfy, and the same jobs with their filters taken away."""
    every = [Rowstream(bench.filling, bench.service, workers, filtered=kept) for workers in bench.options.workers for kept in (True, False)]
    for contestant in every:
        bench.results.tell(contestant.name, contestant.title, {"drains": contestant.settings})
    bench.drain_all("i-a", filtered(snapshot(bench.options.scaled(ROWS), bench.options.tables)), every)
    bench.drain_all("i-b", filtered(mixed(bench.options.scaled(CHANGES), bench.options.tables)), every)


def growth(bench: Bench) -> None:
    """rowstream alone on ever more rows: what an event costs, and how much memory a worker takes."""
    ours = [contestant for contestant in bench.contestants if contestant.host == "workers"]
    for times in (1, GROWTH):
        bench.drain_all(f"h-{times}", snapshot(bench.options.scaled(ROWS * times), bench.options.tables), ours)
