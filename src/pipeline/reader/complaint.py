"""Why a reader could not go on, from its process to the one that started it."""

import msgspec
from msgspec import Struct

from pipeline.connect.trace import Reason
from pipeline.errors import ConfigError, EventError, FencedError, PipelineError, SourceUnavailableError


class _Complaint(Struct):
    code: str
    cause: str
    suggestion: str | None
    final: bool
    outage: bool
    table: str | None = None
    column: str | None = None


_decode = msgspec.json.Decoder(_Complaint).decode


def complain(error: PipelineError) -> str:
    """Write down why, and whether it helps to start the reader again."""
    final, outage = isinstance(error, (ConfigError, EventError)), isinstance(error, (SourceUnavailableError, FencedError))
    table, column = (error.table, error.column) if isinstance(error, EventError) else (None, None)
    return msgspec.json.encode(_Complaint(error.code, error.message, error.suggestion, final, outage, table, column)).decode()


def understand(text: str, exit_code: int) -> Reason:
    """The reason why a reader ended before its end; one that was killed could not say any."""
    try:
        said = _decode(text)
    except msgspec.MsgspecError:
        return Reason("READER_ENDED", f"its process ended with {exit_code}", "The service's log may say why.")
    return Reason(said.code, said.cause, said.suggestion, said.final, said.outage, said.table, said.column)
