"""What can go wrong with the embedded stack."""

from pipeline.errors import PipelineError


class StackError(PipelineError):
    """A server of the embedded stack cannot be had, started or reached: tell the user, and stop."""

    code = "STACK"
