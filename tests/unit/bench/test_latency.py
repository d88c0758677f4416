"""From when a change was committed until its document was seen."""

import pytest

from bench.latency import delays
from stack.errors import StackError


def test_a_change_has_arrived_when_its_document_is_first_seen() -> None:
    committed = [(1, 1, 10.0), (2, 2, 10.1)]
    seen = [(2, 2, 10.3), (1, 1, 10.5), (1, 1, 11.0)]
    assert delays(committed, seen) == pytest.approx([500.0, 200.0])


def test_a_later_change_of_the_row_shows_the_earlier_too() -> None:
    assert delays([(1, 1, 10.0), (1, 2, 10.1)], [(1, 2, 10.4)]) == pytest.approx([400.0, 300.0])


def test_an_earlier_change_of_the_row_does_not() -> None:
    with pytest.raises(StackError, match="change 2 of row 1 was never seen"):
        delays([(1, 2, 10.0)], [(1, 1, 10.4)])
