"""The command `rowstream`."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from pipeline.errors import ConfigError, PipelineError
from pipeline.log import configure_logging
from pipeline.settings import Settings, read_settings

app = typer.Typer(
    help="Moves relational databases into MongoDB and keeps them in step.", no_args_is_help=True, pretty_exceptions_enable=False
)

OTHER_COMMANDS = ("stack.commands", "stack.demo.commands")
"""Modules that register commands of their own, in the order in which help lists them."""


@app.command()
def serve(
    workers: Annotated[int, typer.Option(min=0, help="How many worker processes to start beside the service.")] = 1,
) -> None:
    """Serve the API and drive the jobs, until interrupted."""
    with _errors_shown():
        settings = _settings()
        from api.serve import serve as serve_until_stopped  # the clients of all servers: the other commands start without them

        asyncio.run(serve_until_stopped(settings, workers))


@app.command()
def worker() -> None:
    """Run one worker: it takes part in every live job, until interrupted."""
    with _errors_shown():
        settings = _settings()
        from pipeline.worker.process import main as work_until_stopped  # as above

        work_until_stopped(settings)


@app.command()
def check(
    file: Annotated[typer.FileText, typer.Argument(help="A job request in JSON, as for POST /api/v1/jobs; - for standard input.")],
    json: Annotated[bool, typer.Option("--json", help="Print the answer of POST /api/v1/jobs/readiness.")] = False,
) -> None:
    """Say what source, target and Kafka Connect still lack for a job, without starting it; exit with 1 if it cannot start."""
    with _errors_shown():
        settings = _settings()
        from api import check as checking  # as above

        answer = asyncio.run(checking.check(file.read(), settings))
        if json:
            typer.echo(answer.json_text())
        else:
            checking.show(answer, Console())
        raise typer.Exit(0 if answer.ready else 1)


@app.command()
def replay(
    job: Annotated[str, typer.Argument(help="The job's id.")],
    start: Annotated[
        list[str],
        typer.Option("--from", help="beginning, a time with its zone, as 2026-01-01T12:00:00Z, or TOPIC=OFFSET (repeatable)."),
    ],
    table: Annotated[list[str] | None, typer.Option(help="A table, as schema.table; may be repeated. All, if left out.")] = None,
    into: Annotated[str | None, typer.Option(help="Write other collections: this is added to their names.")] = None,
) -> None:
    """Have the service apply a job's changes again, and wait until it has."""
    with _errors_shown():
        settings = _settings()
        from api import replay as replaying  # as above

        body = replaying.request_body(start, table, into)
        raise typer.Exit(0 if asyncio.run(replaying.replay(job, body, settings, Console())) else 1)


def main() -> None:
    """Run the command line."""
    for name in OTHER_COMMANDS:
        if _exists(name):
            import_module(name).register(app)
    app()


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _settings() -> Settings:
    try:
        settings = read_settings()
        configure_logging(settings.log_level)
    except ValidationError as error:
        faults = "; ".join(f"ROWSTREAM_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}" for fault in error.errors())
        raise ConfigError(f"the settings are wrong: {faults}") from None
    except KeyError as error:
        raise ConfigError(f"ROWSTREAM_LOG_LEVEL: there is no level {error}") from None
    return settings


@contextmanager
def _errors_shown() -> Iterator[None]:
    """Show what the operator can mend in a line or two, and exit with 1."""
    try:
        yield
    except PipelineError as error:
        typer.secho(f"Error: {error.message}", fg="red", err=True)
        if error.suggestion:
            typer.echo(f"Try: {error.suggestion}", err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    main()
