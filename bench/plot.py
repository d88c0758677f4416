"""The results as a picture."""

from pathlib import Path

from bench.ratios import OURS, Figure, compare
from bench.results import Results

PANELS = (
    ("a", "events_per_second", "(a) snapshot topic, events/s"),
    ("b", "events_per_second", "(b) mixed stream, events/s"),
    ("c", "events_per_second", "(c) end to end, rows/s"),
    ("d", "p99_ms", "(d) commit to document, p99 ms"),
    ("e", "events_per_second", "(e) fifty tables, events/s"),
    ("f-wide", "events_per_second", "(f) 200 columns, events/s"),
)
OUR_COLOUR, THEIR_COLOUR = "#1b6ca8", "#b0b7bf"


def draw(results: Results, path: Path) -> None:
    """Draw a bar for each contestant's median in each part that was measured, with the ratio beside it."""
    from matplotlib.figure import Figure as Canvas  # comes with the extra `bench`; measuring does without

    panels = [panel for panel in PANELS if panel[0] in results.parts]
    if not panels:
        return
    canvas = Canvas(figsize=(11, 2.4 * ((len(panels) + 1) // 2)), layout="constrained")
    for number, (part, figure, title) in enumerate(panels, 1):
        axes = canvas.add_subplot((len(panels) + 1) // 2, 2, number)
        found = compare(results.parts[part], figure, more_is_better=figure == "events_per_second")[::-1]
        colours = [OUR_COLOUR if each.contestant.startswith(OURS) else THEIR_COLOUR for each in found]
        bars = axes.barh([results.title(each.contestant) for each in found], [each.median for each in found], color=colours)
        axes.bar_label(bars, [_label(each) for each in found], padding=3, fontsize=8)
        axes.margins(x=0.3)
        axes.set_title(title, loc="left", fontsize=10)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    canvas.savefig(path, dpi=120)


def _label(figure: Figure) -> str:
    return f"{figure.median:,.0f}" + ("" if figure.ratio is None else f" (rowstream: {figure.ratio:.1f} times)")
