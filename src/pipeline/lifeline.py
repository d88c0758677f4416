"""Processes that end with the one that started them."""

import ctypes
import os
import signal
import sys

PARENT = "ROWSTREAM_WORKER_PARENT"
"""The environment variable that names the process (by pid) whose end is this one's too."""


def die_with_parent() -> None:
    """Have Linux end this process when its parent dies; elsewhere `orphaned` sees it."""
    if PARENT in os.environ and sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2)
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def orphaned() -> bool:
    """Whether the process that started this one is gone."""
    return PARENT in os.environ and str(os.getppid()) != os.environ[PARENT]
