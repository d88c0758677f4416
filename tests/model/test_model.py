"""Whatever an application does to its tables, and whatever breaks meanwhile: documents equal rows, and counts equal changes."""

import os
import random
from pathlib import Path

import pytest
from tests.model.round import Round

from stack.stack import Stack

FIXED = 20_240_229
SECONDS = float(os.environ.get("ROWSTREAM_MODEL_SECONDS", "25"))


NAMED = os.environ.get("ROWSTREAM_MODEL_SEED")
"""The seed that is asked for; without one, there is a round of a seed that is always the same, and one of a seed that never is."""


@pytest.mark.parametrize("seed", [int(NAMED)] if NAMED else [FIXED, None], ids=lambda seed: f"seed {seed}")
def test_documents_and_counts_stay_exact_whatever_is_changed_and_whatever_breaks(stack: Stack, tmp_path: Path, seed: int | None) -> None:
    seed = random.SystemRandom().randrange(2**32) if seed is None else seed
    print(Round(stack, tmp_path, seed, SECONDS).run())  # noqa: T201 - shown with a failed test, and with -s
