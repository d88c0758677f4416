"""Memory of processes, from the kernel's own accounts."""

from collections.abc import Sequence
from pathlib import Path


def peak_bytes(pids: Sequence[int]) -> int:
    """The most memory that one of the processes has held so far (`VmHWM`)."""
    return max((_peak(pid) for pid in pids), default=0)


def _peak(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
