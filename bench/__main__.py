"""`python -m bench`."""

import typer

from bench.commands import main

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(main)
app(prog_name="python -m bench")
