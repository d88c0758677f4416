"""Round after round with new seeds, for hours: `make soak`, or `python -m tests.model.soak`."""

import os
import random
import sys
import time
from pathlib import Path

from tests.conftest import embedded_stack
from tests.model.round import Round

MINUTES = float(os.environ.get("MINUTES", "120"))
SECONDS = float(os.environ.get("ROWSTREAM_MODEL_SECONDS", "180"))
EVIDENCE = Path(os.environ.get("ROWSTREAM_MODEL_EVIDENCE", "soak"))


def main() -> int:
    """Run rounds until the time is over or one fails; returns the exit code."""
    end = time.monotonic() + MINUTES * 60
    with embedded_stack() as stack:
        while time.monotonic() < end:
            seed = random.SystemRandom().randrange(2**32)
            try:
                print(Round(stack, EVIDENCE.resolve() / str(seed), seed, SECONDS).run(), flush=True)  # noqa: T201 - a program's output
            except AssertionError as error:
                print(error, flush=True)  # noqa: T201 - the same
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
