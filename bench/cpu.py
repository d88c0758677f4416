"""Processor time of processes, from the kernel's own accounts."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

QUIET_SECONDS = 2.0
QUIET_RATE = 0.08
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Reading:
    """The processor seconds that groups of processes had used at a moment, and the whole machine."""

    at: float
    seconds: Mapping[str, float]
    machine: float


def read(groups: Mapping[str, Sequence[int]]) -> Reading:
    """Read the groups now; a process that has ended counts nothing."""
    used = {name: sum(_process_seconds(pid) for pid in pids) for name, pids in groups.items()}
    return Reading(time.monotonic(), used, _machine_seconds())


def wait_until_quiet(groups: Mapping[str, Sequence[int]], patience: float) -> dict[str, float]:
    """What the groups use, in seconds a second, once that is little, or when `patience` seconds have passed."""
    ends = time.monotonic() + patience
    while True:
        first = read(groups)
        time.sleep(QUIET_SECONDS)  # the measurement's own length
        usage = between(first, read(groups))
        rates = {name: seconds / usage.wall_seconds for name, seconds in usage.seconds.items()}
        if max(rates.values()) < QUIET_RATE or time.monotonic() > ends:
            return rates


def _process_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def _machine_seconds() -> float:
    """Busy time of all processors together."""
    with Path("/proc/stat").open() as file:
        user, nice, system, _idle, _wait, irq, softirq, *_ = (int(field) for field in file.readline().split()[1:])
    return (user + nice + system + irq + softirq) / TICKS


@dataclass(frozen=True, slots=True)
class Usage:
    """What happened between two readings; `elsewhere` is the time of processes that belong to no group, as a share of one processor."""

    wall_seconds: float
    seconds: Mapping[str, float]
    elsewhere: float


def between(first: Reading, last: Reading, idle: Mapping[str, float] | None = None) -> Usage:
    """The usage between two readings, less what the groups use when idle (seconds a second, by group)."""
    wall = last.at - first.at
    gross = {name: last.seconds[name] - first.seconds[name] for name in last.seconds}
    net = {name: max(used - (idle or {}).get(name, 0.0) * wall, 0.0) for name, used in gross.items()}
    return Usage(wall, net, max(last.machine - first.machine - sum(gross.values()), 0.0) / wall)
