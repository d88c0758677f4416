"""The part that measures latency."""

from bench.bench import Bench
from bench.latency import measure
from bench.memory import peak_bytes
from bench.pipelines.pipeline import Pipeline
from bench.results import Sample
from bench.statistics import percentile
from bench.watch import Watch
from bench.workload import PROBE, mixed

PACE = 1_000.0
SECONDS = 60.0
WARM_UP_SECONDS = 15.0


def commit_to_document(bench: Bench) -> None:
    """A thousand changes a second for a minute."""
    workload = mixed(1, 1)
    seconds = max(bench.options.scaled(SECONDS), 5)
    bench.begin("d", f"{PACE:,.0f} changes a second for {seconds} s, inserts and updates in turns, 5 in a transaction")
    bench.filling.clear()
    for turn in range(1, bench.options.repeat + 1):
        for pipeline in bench.pipelines:
            bench.source.make(workload.schema)
            with bench.account.working():
                bench.account.tell(f"{pipeline.title}: {PACE:,.0f} changes a second")
                sample = _follow(bench, pipeline, workload.tables[0], seconds)
            bench.add(sample)
            bench.account.say(f"{turn}. {pipeline.title:<44} {_line(sample)}")


def _line(sample: Sample) -> str:
    found = sample.figures
    pace = f"{found['changes_per_second']:,.0f} changes/s, the writer was late by {found['late_ms']:.0f} ms at most"
    return f"p50 {found['p50_ms']:6.0f} ms  p99 {found['p99_ms']:6.0f} ms  (at most {found['max_ms']:.0f} ms; {pace})"


def _follow(bench: Bench, pipeline: Pipeline, table: str, seconds: float) -> Sample:
    pipeline.prepare()
    route = pipeline.begin([table])
    try:
        bench.source.run([PROBE.format(table=table)])
        probe = route.ends(0)
        Watch(bench.client, route.database, pipeline.naming, probe).wait_for_first(pipeline.check)
        target = bench.client[route.database]
        collection = pipeline.naming.collection(probe[0])
        found = measure(bench.source.dsn, table, target, collection, PACE, seconds, WARM_UP_SECONDS)
        peak = peak_bytes(pipeline.pids())
    finally:
        pipeline.end()
    bench.client.drop_database(route.database)
    figures = {
        "events": len(found.milliseconds),
        "p50_ms": percentile(found.milliseconds, 0.5),
        "p99_ms": percentile(found.milliseconds, 0.99),
        "max_ms": max(found.milliseconds),
        "changes_per_second": found.changes_per_second,
        "late_ms": found.late_seconds * 1000,
        "host_peak_mb": peak / 1e6,
    }
    return Sample("d", pipeline.name, figures)
