"""The command line: `python -m bench`."""

import signal
from pathlib import Path
from typing import Annotated, Any

import typer
from pymongo import MongoClient
from rich.console import Console

from bench.account import Account
from bench.bench import Bench
from bench.disk import GB, check_disk
from bench.options import EVERYONE, Options
from bench.parts import PARTS
from bench.report import publish as publish_results
from bench.servers import Servers
from pipeline.errors import PipelineError
from pipeline.sources.postgresql.connection import forget_environment
from stack.config import read_config

HOME = Path("/var/tmp/rowstream-bench")  # noqa: S108 - a folder of its own; data must be where other users may pass


def main(
    parts: Annotated[str, typer.Option(help=f"Letters of the parts to run, of {','.join(PARTS)}.")] = ",".join(PARTS),
    scale: Annotated[float, typer.Option(min=0.001, help="Multiplies all sizes.")] = 1.0,
    repeat: Annotated[int, typer.Option(min=1, help="How often each drain is measured.")] = 3,
    tables: Annotated[int, typer.Option(min=1, help="Over how many tables parts a and b are spread.")] = 2,
    workers: Annotated[str, typer.Option(help="Numbers of rowstream's workers to try.")] = "1,2",
    contestants: Annotated[str, typer.Option(help="Whom to measure.")] = ",".join(EVERYONE),
    home: Annotated[Path, typer.Option(help="Where the servers keep their data.")] = HOME,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the servers running and the last topics filled, for the next run.")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="Write the documentation's figures, as a whole run does.")] = False,
) -> None:
    """Measure rowstream and its peers on real servers."""
    console = Console()
    options = Options(
        tuple(parts.split(",")), scale, repeat, tables, tuple(int(number) for number in workers.split(",")), tuple(contestants.split(","))
    )
    forget_environment()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that whatever was started is stopped
    try:
        _run(options, Servers(home.resolve(), read_config().cache), Account(console), keep=keep, publishes=publish or options.whole(PARTS))
    except PipelineError as error:
        console.print(f"Error: {error.message}", style="red", markup=False, highlight=False, soft_wrap=True)
        if error.suggestion:
            console.print(f"Try: {error.suggestion}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


def _run(options: Options, servers: Servers, account: Account, *, keep: bool, publishes: bool) -> None:
    home = servers.layout.home
    needed, free = check_disk(options, home)
    account.say(f"Disk: at most {needed / GB:.1f} GB are needed in {home}, {free / GB:.1f} GB are free")
    account.step("The servers")
    try:
        servers.up(account.progress)
        with MongoClient[dict[str, Any]](servers.mongodb.url) as client:
            bench = Bench(options, servers, client, account)
            try:
                for letter in options.parts:
                    title, part = PARTS[letter]
                    account.step(f"({letter}) {title}")
                    part(bench)
                    bench.results.write(home / "results.json")
                if publishes:
                    publish_results(bench.results)
            finally:
                bench.service.stop()
    finally:
        if not keep:
            servers.down(wipe=True)
