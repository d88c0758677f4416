"""What can go wrong with the embedded stack."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import PipelineError


class StackError(PipelineError):
    """A server of the embedded stack cannot be had, started or reached: tell the user, and stop."""

    code = "STACK"


@contextmanager
def file_errors_told() -> Iterator[None]:
    """
    Tell which file is in the way: one of another user, one in the place of a folder.

    Raises:
        StackError: The context has raised an `OSError` that names a file.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        raise StackError(
            f"{error.filename} cannot be used: {error.strerror}",
            suggestion="choose folders of your own: --home or ROWSTREAM_HOME for the data, ROWSTREAM_CACHE for the downloads",
        ) from error
