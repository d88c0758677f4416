"""What the benchmarks move."""

import pytest

from bench.cpu import Reading, between
from bench.options import EVERYONE, Options
from bench.workload import Workload, large, mixed, snapshot, wide


@pytest.mark.parametrize("workload", [snapshot(1_001, 2), mixed(1_001, 2), wide(10), large(10)], ids=lambda each: each.title)
def test_every_table_is_made(workload: Workload) -> None:
    text = " ".join(workload.schema)
    assert all(f"CREATE TABLE {table} " in text for table in workload.tables)


def test_rows_and_changes_are_spread_evenly() -> None:
    assert snapshot(1_001, 2).events == mixed(1_001, 2).events == 1_000


def test_a_wide_table_has_200_columns() -> None:
    assert wide(1).schema[0].count(", ") - wide(1).schema[0].count("(12, 2)") == 199


def test_only_a_run_of_everything_at_full_size_is_whole() -> None:
    assert Options(("b", "a")).whole(["a", "b"])
    assert not Options(("a",)).whole(["a", "b"])
    assert not Options(("a", "b"), scale=0.5).whole(["a", "b"])
    assert not Options(("a", "b"), contestants=EVERYONE[:1]).whole(["a", "b"])


def test_contestants_are_chosen_by_how_their_names_begin() -> None:
    options = Options(("a",), contestants=("rowstream", "debezium"))
    assert [options.wants(name) for name in ("rowstream-2", "debezium-sink-eos", "mongo-kafka")] == [True, True, False]


def test_what_a_server_uses_when_idle_is_not_counted() -> None:
    usage = between(Reading(0.0, {"server": 5.0}, 9.0), Reading(10.0, {"server": 9.0}, 19.0), {"server": 0.1})
    assert usage.seconds == {"server": pytest.approx(3.0)}
    assert usage.elsewhere == pytest.approx(0.6)
