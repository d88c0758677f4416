"""What a database, or its driver, says when it refuses: told by patterns in its words, since drivers have no common codes."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.errors import ConfigError, PipelineError, SourceError, SourceUnavailableError


class Refusal(NamedTuple):
    """
    One way to refuse.

    `pattern` finds it in the driver's words. `words` go between the server and the user, and
    `advice` says what to do; it may hold `{user}` and `{database}`. One that is an `outage` may pass by itself.
    """

    pattern: str
    code: str
    words: str
    advice: str
    outage: bool = False


class Speaker(NamedTuple):
    """Who refuses whom: `server` as people know it, the user, the database, and a secret that is not to be told."""

    server: str
    user: str
    database: str
    secret: str | None = None

    def cleaned(self, error: Exception) -> str:
        """The error's text on one line, without the secret."""
        text = " ".join(str(error).split())
        return text.replace(self.secret, "***") if self.secret else text


def explain(error: Exception, refusals: Sequence[Refusal], speaker: Speaker) -> PipelineError:
    """Return the error of ours that says what the driver's means, and what to do."""
    text = speaker.cleaned(error)
    for refusal in refusals:
        if re.search(refusal.pattern, text, re.IGNORECASE):
            advice = refusal.advice.format(user=speaker.user, database=speaker.database)
            message = f"{speaker.server} {refusal.words} the user {speaker.user} (database {speaker.database}): {text}"
            kind = SourceUnavailableError if refusal.outage else ConfigError
            return kind(message, suggestion=advice, code=refusal.code)
    return SourceError(f"{speaker.server} refused a statement: {text}")
