"""The results as tables, written into the documentation: `python -m bench.report` writes them anew from the file."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.plot import draw
from bench.ratios import Figure, compare
from bench.results import PartResults, Results, read_results

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "performance.png"
BEGIN, END = "<!-- written by `make bench`: begin -->", "<!-- written by `make bench`: end -->"

TITLES = {
    "a": "(a) Snapshot topic drain",
    "b": "(b) Mixed stream drain",
    "c": "(c) End to end, PostgreSQL snapshot to MongoDB",
    "d": "(d) Commit to document",
    "e": "(e) Fifty tables at once, drain",
    "f-large": "(f) Large rows, drain",
    "f-wide": "(f) Wide rows, drain",
    "h-1": "(h) Growth, drain",
    "h-5": "(h) Growth, drain of five times as many rows",
    "i-a": "(i) Snapshot topic drain with a filter on every table",
    "i-b": "(i) Mixed stream drain with a filter on every table",
}
COSTS = {"host_cpu_us": "us an event in its own processes", "mongodb_cpu_us": "in mongod", "total_cpu_us": "us a row in all processes"}


def publish(results: Results) -> None:
    """Merge the results into the file in the checkout, and write page and plot from it."""
    results.write(RESULTS)
    every = read_results(RESULTS)
    PAGE.write_text(filled_in(PAGE.read_text("utf-8"), tables(every)), "utf-8")
    draw(every, PLOT)


def filled_in(page: str, content: str) -> str:
    """
    The page with this content between its markers.

    Raises:
        ValueError: The page has no markers.
    """
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError("the page has no place for the tables")
    return f"{before}{BEGIN}\n\n{content}\n\n{END}{after}"


def tables(results: Results) -> str:
    """One table for each part."""
    plot = f"![The medians of all parts]({PLOT.name})"
    return "\n\n".join([plot, *(_section(results, name, part) for name, part in results.parts.items())])


def _section(results: Results, name: str, part: PartResults) -> str:
    machine = part.machine
    where = f"{machine['processor']}, {machine['processors']} processors, {machine['memory']}; {part.at}"
    rows = _latency_rows(results, part) if name == "d" else _speed_rows(results, part)
    return "\n".join(
        [f"### {TITLES.get(name, name)}", "", f"{part.workload[0].upper()}{part.workload[1:]}. {where}.", "", *rows, *_wrong(results, part)]
    )


def _speed_rows(results: Results, part: PartResults) -> list[str]:
    costs = [cost for cost in COSTS if any(part.values(name, cost) for name in part.contestants())]
    rows = [
        _row(["", "events/s", "spread", "rowstream's best is", *(COSTS[cost] for cost in costs), "peak MB", "others"]),
        _rule(6 + len(costs)),
    ]
    for figure in compare(part, "events_per_second", more_is_better=True):
        cells = [f"{_median(part, figure.contestant, cost):.1f}" for cost in costs]
        cells += [
            f"{_median(part, figure.contestant, 'host_peak_mb'):.0f}",
            f"{_median(part, figure.contestant, 'elsewhere_processors'):.1f}",
        ]
        rows.append(_row([results.title(figure.contestant), f"{figure.median:,.0f}", _spread(figure), _times(figure), *cells]))
    return rows


def _latency_rows(results: Results, part: PartResults) -> list[str]:
    rows = [_row(["", "p50 ms", "rowstream's best is", "p99 ms", "spread", "rowstream's best is", "changes/s", "peak MB"]), _rule(8)]
    middle = compare(part, "p50_ms", more_is_better=False)
    for half, most in zip(middle, compare(part, "p99_ms", more_is_better=False), strict=True):
        pace, peak = (f"{_median(part, half.contestant, name):,.0f}" for name in ("changes_per_second", "host_peak_mb"))
        title = results.title(half.contestant)
        rows.append(_row([title, f"{half.median:.0f}", _times(half), f"{most.median:.0f}", _spread(most), _times(most), pace, peak]))
    return rows


def _wrong(results: Results, part: PartResults) -> list[str]:
    """What was found in the documents that is not in the rows."""
    lines = []
    for name in part.contestants():
        checked = [sample.checked for sample in part.samples if sample.contestant == name and sample.checked]
        different = {column: told for found in checked for column, told in found["different"].items()}
        lacking = max((abs(found["rows"] - found["documents"]) for found in checked), default=0)
        told = [f"`{column}`: {text}" for column, text in list(different.items())[:10]]
        told += [f"{lacking:,} documents too few or too many"] if lacking else []
        if told:
            lines.append(f"- {results.title(name)} has other documents than the rows ask for. {'; '.join(told)}.")
    return ["", *lines] if lines else []


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return "|---" + "|---:" * (columns - 1) + "|"


def _median(part: PartResults, contestant: str, figure: str) -> float:
    return median(part.values(contestant, figure) or [0.0])


def _spread(figure: Figure) -> str:
    return f"{figure.spread:.0%}" if figure.samples > 1 else "one sample"


def _times(figure: Figure) -> str:
    return "" if figure.ratio is None else f"{figure.ratio:.1f} times"


if __name__ == "__main__":
    publish(Results())
