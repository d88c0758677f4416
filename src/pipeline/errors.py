"""Errors, sorted by what the caller must do about them, not by where they arose."""

from typing import Self


class PipelineError(Exception):
    """
    Something went wrong that the project has a name for.

    `code` is stable and machine-readable (the `errorCode` of a job update); `suggestion`
    tells the user what to do next, in a sentence. Neither ever holds a secret.
    """

    code = "PIPELINE_ERROR"

    def __init__(self, message: str, *, suggestion: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion
        if code is not None:
            self.code = code


class ConfigError(PipelineError):
    """A setting, a job request or a server's set-up is wrong: stop, retrying cannot help."""

    code = "CONFIGURATION"


class EventError(PipelineError):
    """
    This one event cannot be applied: the job's error policy decides.

    `table` (schema.table) and `column` say where, as far as it is known.
    """

    code = "EVENT"

    def __init__(
        self, message: str, *, suggestion: str | None = None, code: str | None = None, table: str | None = None, column: str | None = None
    ) -> None:
        super().__init__(message, suggestion=suggestion, code=code)
        self.table = table
        self.column = column


class DecodeError(EventError):
    """The record is not a Debezium envelope that can be read."""

    code = "DECODE"


class MappingError(EventError):
    """A value cannot be turned into BSON without loss."""

    code = "MAPPING"


class UnsupportedChangeError(EventError):
    """The change is of a kind that is not applied (yet)."""

    code = "UNSUPPORTED_CHANGE"


class FilterError(EventError):
    """It cannot be told whether the row satisfies its table's filter."""

    code = "FILTER"


class WriteRefusedError(EventError):
    """
    The sink looked at this write and said no.

    `position` is that of its record, where it is known that no change before it in its batch has to do with the refusal.
    """

    code = "WRITE_REFUSED"
    position: tuple[str, int, int] | None = None

    def at(self, position: tuple[str, int, int] | None) -> Self:
        """The same error, of the write of the record at this position."""
        self.position = position
        return self


class SinkUnavailableError(PipelineError):
    """The sink did not answer: rewind to the checkpoint and try again after `retry_after` seconds."""

    code = "SINK_UNAVAILABLE"

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message, suggestion="Check that MongoDB runs and that the hosts of its connection string can be reached.")
        self.retry_after = retry_after


class BatchAbortedError(PipelineError):
    """The sink gave the batch up as a whole, perhaps because it is too much at once: apply it in halves."""

    code = "BATCH_ABORTED"


class SourceError(PipelineError):
    """The source database or its connector needs attention."""

    code = "SOURCE"


class SourceUnavailableError(SourceError):
    """The source database did not answer: wait and try again (while setting up: tell the user)."""

    code = "SOURCE_UNAVAILABLE"


class EngineUnavailableError(SourceUnavailableError):
    """Kafka or Kafka Connect did not answer: wait and try again."""

    code = "ENGINE_UNAVAILABLE"


class FencedError(PipelineError):
    """Another worker owns this partition now: drop the batch."""

    code = "FENCED"
