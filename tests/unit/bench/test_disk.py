"""The disk that a run needs is said and checked before it begins."""

from pathlib import Path

import pytest

from bench.disk import SERVERS_BYTES, check_disk, needed_bytes
from bench.options import Options
from stack.errors import StackError


def test_parts_follow_one_another_so_the_largest_counts() -> None:
    assert needed_bytes(Options(("a", "h"))) == needed_bytes(Options(("h",))) > needed_bytes(Options(("a",)))


def test_it_grows_with_the_scale() -> None:
    of_part = needed_bytes(Options(("a",))) - SERVERS_BYTES
    assert needed_bytes(Options(("a",), scale=3.0)) - SERVERS_BYTES == pytest.approx(3 * of_part)


def test_a_part_that_moves_little_needs_the_servers_only() -> None:
    assert needed_bytes(Options(("d",))) == SERVERS_BYTES


def test_too_little_room_is_told_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"need .* GB in .*not-yet.* are free") as told:
        check_disk(Options(("a",), scale=1e6), tmp_path / "not-yet")
    assert "--scale" in (told.value.suggestion or "")
