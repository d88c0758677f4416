"""What an answer is when a job's source, its target or Kafka must be asked, and cannot be."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.errors import ApiError
from pipeline.errors import ConfigError, EngineUnavailableError, SinkUnavailableError, SourceUnavailableError


@contextmanager
def asking(refusal: str, job_id: str | None = None) -> Iterator[None]:
    """Refuse the request when who is asked within does not answer (503), or answers that it cannot be done (409, `refusal`)."""
    try:
        yield
    except (SourceUnavailableError, SinkUnavailableError) as error:
        raise ApiError(503, f"{_silent(error)} does not answer", error.message, job_id=job_id, headers={"Retry-After": "5"}) from error
    except ConfigError as error:
        told = f"{error.message}. {error.suggestion}" if error.suggestion else error.message
        raise ApiError(409, refusal, told, job_id=job_id) from error


def _silent(error: SourceUnavailableError | SinkUnavailableError) -> str:
    if isinstance(error, EngineUnavailableError):
        return "Kafka or Kafka Connect"
    return "The target" if isinstance(error, SinkUnavailableError) else "The source"
