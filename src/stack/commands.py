"""`rowstream up`, `down` and `status`."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import PipelineError
from pipeline.sources.postgresql.connection import forget_environment
from stack import sample
from stack.config import read_config
from stack.mysql import JOB_USER
from stack.progress import ConsoleProgress
from stack.stack import Stack
from stack.status import ServerStatus

Home = Annotated[Path | None, typer.Option(envvar="ROWSTREAM_HOME", help="Where the stack keeps its data; by default ~/.rowstream.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Kept for the next start.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(up)
    app.command()(down)
    app.command()(status)


def up(
    home: Home = None,
    kafka_port: Port = None,
    controller_port: Port = None,
    connect_port: Port = None,
    mongodb_port: Port = None,
    postgresql_port: Port = None,
    mysql_port: Port = None,
    mariadb_port: Port = None,
    extras: Annotated[
        str | None, typer.Option("--with", help="More servers: mysql, mariadb, or both with a comma.", show_default=False)
    ] = None,
) -> None:
    """Start the embedded stack: Kafka, Kafka Connect, MongoDB, and PostgreSQL with a sample database."""
    ports = {
        "kafka": kafka_port,
        "controller": controller_port,
        "connect": connect_port,
        "mongodb": mongodb_port,
        "postgresql": postgresql_port,
        "mysql": mysql_port,
        "mariadb": mariadb_port,
    }
    named = None if extras is None else [name.strip() for name in extras.split(",") if name.strip()]
    console = Console()
    forget_environment()
    with _errors_shown():
        stack = Stack(read_config(home, ports, named))
        stack.up(ConsoleProgress(console))
        _print_sample(console, stack)
        _print_extras(console, stack)


def down(
    home: Home = None,
    wipe: Annotated[bool, typer.Option("--wipe", help="Remove data, logs, passwords and keys too; downloads stay.")] = False,
) -> None:
    """Stop the embedded stack."""
    with _errors_shown():
        Stack(read_config(home)).down(ConsoleProgress(Console()), wipe=wipe)


def status(
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show the embedded servers, and how to connect to the sample database. Exits with 1 when one does not answer."""
    console = Console()
    forget_environment()
    with _errors_shown():
        stack = Stack(read_config(home))
        servers = stack.status()
    if as_json:
        shown = {"servers": [_shown(server) for server in servers], "sample": _sample(stack), "extras": _extras(stack)}
        typer.echo(json.dumps(shown, indent=2))
    else:
        console.print(_table(servers))
        if stack.layout.env_file.exists():
            _print_sample(console, stack)
            _print_extras(console, stack)
    if not all(server.ready for server in servers):
        raise typer.Exit(1)


def _shown(server: ServerStatus) -> dict[str, str | int | bool | None]:
    return {
        "name": server.name,
        "port": server.port,
        "pid": server.pid,
        "ready": server.ready,
        "residentBytes": server.resident_bytes,
    }


def _table(servers: Sequence[ServerStatus]) -> Table:
    table = Table("server", "port", "pid", "state", "memory")
    for server in servers:
        table.add_row(server.name, str(server.port), str(server.pid or ""), _state(server), _mebibytes(server.resident_bytes or 0))
    table.add_section()
    table.add_row("", "", "", "", _mebibytes(sum(server.resident_bytes or 0 for server in servers)))
    return table


def _state(server: ServerStatus) -> str:
    if server.pid is None:
        return "stopped"
    return "ready" if server.ready else "does not answer"


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.0f} MiB" if size else ""


def _print_sample(console: Console, stack: Stack) -> None:
    names = {"jdbcUrl": "Sample", "user": "User", "passwordFile": "Password in", "settingsFile": "Settings in"}
    for name, value in _sample(stack).items():
        console.print(f"{names[name]:<12} {value}", markup=False, highlight=False, soft_wrap=True)


def _sample(stack: Stack) -> dict[str, str]:
    return {
        "jdbcUrl": stack.sample_jdbc_url,
        "user": sample.ROLE,
        "passwordFile": str(stack.layout.password("sample")),
        "settingsFile": str(stack.layout.env_file),
    }


def _print_extras(console: Console, stack: Stack) -> None:
    for name, extra in _extras(stack).items():
        where = f"{extra['jdbcUrl']}, user {extra['user']}, password in {extra['passwordFile']}"
        console.print(f"{name:<12} {where}", markup=False, highlight=False, soft_wrap=True)


def _extras(stack: Stack) -> dict[str, dict[str, str]]:
    """How a job reaches each of the extra servers."""
    return {
        extra.name: {"jdbcUrl": extra.jdbc_url(), "user": JOB_USER, "passwordFile": str(extra.job_password_file)} for extra in stack.extras
    }


@contextmanager
def _errors_shown() -> Iterator[None]:
    try:
        yield
    except PipelineError as error:
        console = Console(stderr=True)
        console.print(f"Error: {error.message}", style="red", markup=False, highlight=False, soft_wrap=True)
        if error.suggestion:
            console.print(f"Try: {error.suggestion}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
