"""What was measured, kept in a file, compared, and told on a page."""

from pathlib import Path

import pytest

from bench.ratios import compare
from bench.report import BEGIN, END, filled_in, tables
from bench.results import Results, Sample, read_results


def results(part: str = "a", **speeds: list[float]) -> Results:
    """Results of one part: the speeds of each contestant."""
    made = Results()
    made.begin(part, "rows of some kind", {"scale": 1.0})
    for name, samples in speeds.items():
        contestant = name.replace("_", "-")
        made.tell(contestant, f"The {contestant}", {"drains": {}})
        for speed in samples:
            checked = {"rows": 10, "documents": 9, "compared": 5, "missing": 1, "different": {"due": "a date, an int"}}
            made.add(Sample(part, contestant, {"events_per_second": speed, "p50_ms": speed, "p99_ms": speed, "host_cpu_us": 20.0}, checked))
    return made


def test_a_ratio_compares_the_best_of_ours_with_each_peer() -> None:
    found = compare(
        results(rowstream_1=[30.0], rowstream_2=[40.0, 50.0, 60.0], peer=[9.0, 10.0, 14.0]).parts["a"],
        "events_per_second",
        more_is_better=True,
    )
    assert [(each.contestant, each.median, each.ratio) for each in found] == [
        ("rowstream-1", 30.0, None),
        ("rowstream-2", 50.0, None),
        ("peer", 10.0, 5.0),
    ]


def test_where_less_is_better_the_ratio_is_the_other_way_round() -> None:
    found = compare(results(rowstream_1=[50.0], rowstream_2=[40.0], peer=[80.0]).parts["a"], "p99_ms", more_is_better=False)
    assert found[-1].ratio == pytest.approx(2.0)


def test_without_ours_there_are_no_ratios() -> None:
    assert [each.ratio for each in compare(results(peer=[1.0]).parts["a"], "events_per_second", more_is_better=True)] == [None]


def test_the_file_gives_back_what_was_written(tmp_path: Path) -> None:
    written = results(rowstream_1=[30.0], peer=[10.0])
    written.write(tmp_path / "results.json")
    assert read_results(tmp_path / "results.json") == written


def test_a_second_run_replaces_its_parts_and_keeps_the_others(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    results("b", rowstream_1=[1.0]).write(file)
    results("a", rowstream_1=[2.0]).write(file)
    results("b", peer=[3.0]).write(file)
    merged = read_results(file)
    assert list(merged.parts) == ["a", "b"]
    assert merged.parts["b"].contestants() == ["peer"]
    assert merged.title("rowstream-1") == "The rowstream-1"


def test_the_tables_tell_speed_ratio_and_what_is_wrong_in_the_documents() -> None:
    text = tables(results(rowstream_1=[50_000.0, 60_000.0], peer=[10_000.0]))
    assert "| The rowstream-1 | 55,000 | 18% |  | 20.0 |" in text
    assert "| The peer | 10,000 | one sample | 5.5 times | 20.0 |" in text
    assert "- The peer has other documents than the rows ask for. `due`: a date, an int; 1 documents too few or too many." in text


def test_latencies_have_a_table_of_their_own() -> None:
    text = tables(results("d", rowstream_1=[50.0], peer=[100.0]))
    assert "| The peer | 100 | 2.0 times | 100 | one sample | 2.0 times |" in text


def test_only_what_is_between_the_markers_is_written_anew() -> None:
    assert filled_in(f"before {BEGIN} old {END} after", "new") == f"before {BEGIN}\n\nnew\n\n{END} after"
    with pytest.raises(ValueError, match="no place"):
        filled_in("a page without markers", "new")
