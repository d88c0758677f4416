"""Sets of global transaction identifiers, and whether one holds the other."""

import re
from collections import defaultdict
from typing import TypeAlias

Intervals: TypeAlias = list[tuple[int, int]]

_TAG = re.compile(r"[A-Za-z_]\w*")


def holds(gtids: str, wanted: str) -> bool:
    """
    Whether all transactions of `wanted` are in `gtids`, both as the same kind of server writes them.

    MySQL has `uuid:1-5:7,uuid:tag:1-3`. MariaDB names the last transaction of each domain,
    `0-1-100`, and numbers grow in a domain whatever server wrote.
    """
    if is_mysql(gtids) or is_mysql(wanted):
        mine = _intervals(gtids)
        return all(_covers(mine[source], intervals) for source, intervals in _intervals(wanted).items())
    reached = _domains(gtids)
    return all(reached.get(domain, -1) >= sequence for domain, sequence in _domains(wanted).items())


def writers(gtids: str) -> set[int]:
    """The numbers of the servers that wrote the last transactions; MySQL's name none."""
    return set() if is_mysql(gtids) else {int(part.split("-")[1]) for part in gtids.split(",") if part.strip()}


def is_mysql(gtids: str) -> bool:
    """Whether the text is a set of MySQL's."""
    return ":" in gtids


def _intervals(gtids: str) -> dict[str, Intervals]:
    found: dict[str, Intervals] = defaultdict(list)
    for part in filter(None, (each.strip() for each in gtids.replace("\n", "").split(","))):
        source, *members = part.split(":")
        tag = ""
        for member in members:
            if _TAG.fullmatch(member.strip()):
                tag = member.strip().lower()
                continue
            first, _, last = member.partition("-")
            found[f"{source.lower()}:{tag}"].append((int(first), int(last or first)))
    return found


def _covers(mine: Intervals, wanted: Intervals) -> bool:
    merged: Intervals = []
    for first, last in sorted(mine):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return all(any(first <= low and high <= last for first, last in merged) for low, high in wanted)


def _domains(gtids: str) -> dict[int, int]:
    reached: dict[int, int] = {}
    for part in filter(None, (each.strip() for each in gtids.split(","))):
        domain, _, sequence = (int(number) for number in part.split("-"))
        reached[domain] = max(sequence, reached.get(domain, -1))
    return reached
