"""The part that moves tables from PostgreSQL to MongoDB."""

from dataclasses import asdict

from bench import cpu
from bench.bench import Bench, verdict
from bench.checking import check
from bench.memory import peak_bytes
from bench.options import ROWS
from bench.pipelines.pipeline import Pipeline
from bench.results import Sample
from bench.watch import Watch
from bench.workload import Workload, snapshot

SETTLE_SECONDS = 20.0


def end_to_end(bench: Bench) -> None:
    """From the request, with everything running already, to the last document."""
    workload = snapshot(bench.options.scaled(ROWS / 2), bench.options.tables)
    bench.begin("c", workload.title)
    bench.filling.clear()
    bench.source.make((*workload.schema, *workload.rows))
    for turn in range(1, bench.options.repeat + 1):
        for pipeline in bench.pipelines:
            with bench.account.working():
                sample = _move(bench, pipeline, workload)
            bench.add(sample)
            rate = sample.figures["events_per_second"]
            bench.account.say(
                f"{turn}. {pipeline.title:<48} {rate:>9,.0f} rows/s  {sample.figures['total_cpu_us']:.0f} us a row in all processes; "
                f"{verdict(sample)}"
            )


def _move(bench: Bench, pipeline: Pipeline, workload: Workload) -> Sample:
    pipeline.prepare()
    groups = bench.servers.pids() | {pipeline.host: pipeline.pids(), "service": [bench.service.pid or 0]}
    cpu.wait_until_quiet(groups, SETTLE_SECONDS)
    first = cpu.read(groups)
    route = pipeline.begin(workload.tables)
    topics = route.ends(workload.row_count // len(workload.tables))
    try:
        watch = Watch(bench.client, route.database, pipeline.naming, topics)
        watch.wait_for_last(pipeline.check, lambda documents: bench.account.tell(f"{pipeline.title}: {documents:,} documents"))
        usage = cpu.between(first, cpu.read(groups))
        peak = peak_bytes(groups[pipeline.host])
    finally:
        pipeline.end()
    checked = check(bench.source, bench.client, route.database, pipeline.naming, topics)
    bench.client.drop_database(route.database)
    micros = {f"{group}_cpu_us": seconds / workload.row_count * 1e6 for group, seconds in usage.seconds.items()}
    figures = {
        "events": workload.row_count,
        "seconds": usage.wall_seconds,
        "events_per_second": workload.row_count / usage.wall_seconds,
        "total_cpu_us": sum(micros.values()),
        **micros,
        "host_peak_mb": peak / 1e6,
        "elsewhere_processors": usage.elsewhere,
    }
    return Sample("c", pipeline.name, figures, asdict(checked))
