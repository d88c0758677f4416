"""What a test can prove of a database type, with `@pytest.mark.proves(kind, type)`."""

from enum import StrEnum


class Kind(StrEnum):
    """A column of the table of sources; the value is its heading."""

    VALIDATED = "configuration validated by the real plugin"
    RUN = "run on a real server"
    STANDIN = "run on a stand-in"
    CONTAINER = "run in a container"


class Verdict(StrEnum):
    """What the last run of a kind's tests came to."""

    PASSED = "yes"
    FAILED = "failed"
    NOT_RUN = "written, not run"
