"""`rowstream demo`."""

import shlex
import signal
import sys
from pathlib import Path
from shutil import which
from types import FrameType
from typing import Annotated, NoReturn

import typer
from psycopg import Error as PostgresError
from pymongo.errors import PyMongoError
from rich.console import Console

from pipeline.errors import PipelineError
from pipeline.sources.postgresql.connection import forget_environment
from stack.commands import Home
from stack.config import read_config
from stack.demo.account import Account
from stack.demo.demo import Demo
from stack.stack import Stack
from stack.typed import typed

INTERRUPTED = 130
NEXT = {
    "demo --keep": "the same, and everything stays up",
    "up": "the embedded servers, for jobs of your own; then:",
    "serve": "the service (README.md, docs/api.md)",
    "status": "which servers run, and how to connect to the sample",
    "down --wipe": "removes the data in {home}",
}


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(demo)


def demo(
    home: Home = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long to make live changes.")] = 20,
    keep: Annotated[bool, typer.Option("--keep", help="Keep everything up and the job streaming, until Ctrl-C.")] = False,
) -> None:
    """
    Show a CDC job on a real PostgreSQL, from nothing to documents that follow.

    Starts the embedded stack (unless it runs) and the service, moves the sample database, changes it, compares every
    row with its document, and stops what it started. Exits with 1 when something differs or fails.
    """
    account = Account(Console())
    forget_environment()
    _interrupt_once(account)
    try:
        stack = Stack(read_config(home))
        good = Demo(stack, account).run(seconds, keep=keep)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except (PipelineError, PostgresError, PyMongoError) as error:
        account.verdict(False, f"Error: {error}")
        if isinstance(error, PipelineError) and error.suggestion:
            account.say(f"Try: {error.suggestion}")
        raise typer.Exit(1) from None
    if not keep:
        _say_what_next(account, stack.layout.home)
    raise typer.Exit(0 if good else 1)


def _interrupt_once(account: Account) -> None:
    """Let the first SIGINT or SIGTERM end the demo in good order, and none after it disturb that."""

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        account.say("Ending: a moment, everything that was started is stopped")
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


def _say_what_next(account: Account, home: Path) -> None:
    program = "rowstream" if which("rowstream") else shlex.quote(str(Path(sys.executable).with_name("rowstream")))
    commands = {typed(command, home, program=program): what for command, what in NEXT.items()}
    width = max(map(len, commands))
    account.step("Where to look next")
    for command, what in commands.items():
        account.say(f"{command:<{width}}  {what.format(home=home)}")
