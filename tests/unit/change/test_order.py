"""The order of changes, as PostgreSQL's connector tells it."""

import json

import pytest

from pipeline.change.order import order_of


def value(**source: object) -> bytes:
    return json.dumps({"schema": {}, "payload": {"before": {"sequence": '["9","9"]'}, "source": source}}).encode()


def test_the_order_is_that_of_commits_then_of_positions() -> None:
    assert order_of(value(sequence='["24023128","24023200"]')) == (24023128, 24023200)
    assert order_of(value(sequence='[null,"24023200"]')) == (0, 24023200)


@pytest.mark.parametrize("unordered", [value(), value(sequence="[null,null]"), value(sequence="odd"), value(sequence=None), b"{}", None])
def test_a_change_of_which_no_order_is_told_has_none(unordered: bytes | None) -> None:
    assert order_of(unordered) is None
