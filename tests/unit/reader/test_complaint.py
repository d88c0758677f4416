"""What a reader says at its end tells whether it is to be started again."""

import pytest

from pipeline.connect.trace import Reason
from pipeline.errors import (
    ConfigError,
    EngineUnavailableError,
    FencedError,
    MappingError,
    PipelineError,
    SourceError,
    SourceUnavailableError,
)
from pipeline.reader.complaint import complain, understand


@pytest.mark.parametrize(
    ("error", "final", "outage"),
    [
        (ConfigError("no"), True, False),
        (MappingError("no"), True, False),
        (SourceUnavailableError("no"), False, True),
        (EngineUnavailableError("no"), False, True),
        (FencedError("no"), False, True),
        (SourceError("no"), False, False),
    ],
)
def test_it_is_started_again_where_that_may_help(error: PipelineError, final: bool, outage: bool) -> None:
    reason = understand(complain(error), 1)
    assert (reason.code, reason.cause, reason.final, reason.outage) == (error.code, "no", final, outage)


def test_the_table_the_column_and_what_to_do_are_told() -> None:
    error = MappingError("it is no number", suggestion="Change it.", table="main.t", column="price")
    assert understand(complain(error), 1) == Reason("MAPPING", "it is no number", "Change it.", True, False, "main.t", "price")


@pytest.mark.parametrize("said", ["", "half a {", '{"code": 1}'])
def test_one_that_was_killed_is_started_again(said: str) -> None:
    reason = understand(said, -9)
    assert (reason.code, reason.final, reason.outage) == ("READER_ENDED", False, False)
    assert "-9" in reason.cause
