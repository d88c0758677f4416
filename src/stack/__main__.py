"""`python -m stack`: the stack's commands without the service."""

import typer

from stack.commands import register

app = typer.Typer(no_args_is_help=True, add_completion=False)
register(app)

if __name__ == "__main__":
    app(prog_name="python -m stack")
