"""Whether a connector has come as far as the server's log."""

from typing import Any

import pytest

from pipeline.sources.mysql.gtid import holds
from pipeline.sources.mysql.position import LogPassage, Position, reaches

A, B = "3e11fa47-71ca-11e1-9e33-c80aa9429562", "4f22fb58-71ca-11e1-9e33-c80aa9429562"


@pytest.mark.parametrize(
    ("gtids", "wanted", "held"),
    [
        (f"{A}:1-10", f"{A}:1-10", True),
        (f"{A}:1-10", f"{A}:1-9", True),
        (f"{A}:1-9", f"{A}:1-10", False),
        (f"{A}:1-3:5-10", f"{A}:1-10", False),
        (f"{A}:1-3:4-10", f"{A}:1-10", True),
        (f"{A}:1-10,{B}:1-2", f"{B}:2,\n{A}:3-4", True),
        (f"{A}:1-10", f"{A}:1-10,{B}:1", False),
        (f"{A}:1-10:tag:1-2", f"{A}:1-10:tag:1-2", True),
        (f"{A}:1-10", f"{A}:1-10:tag:1", False),
        (A.upper() + ":1-10", f"{A}:1-10", True),
        ("", f"{A}:1", False),
        ("0-1-100", "0-1-100", True),
        ("0-2-100", "0-1-99", True),
        ("0-1-99", "0-1-100", False),
        ("0-1-100,1-1-5", "1-1-5,0-1-100", True),
        ("0-1-100", "0-1-100,1-1-5", False),
        ("", "0-1-1", False),
    ],
)
def test_a_set_of_transactions_holds_another(gtids: str, wanted: str, held: bool) -> None:
    assert holds(gtids, wanted) is held


async def test_the_log_is_rotated_once_for_a_connector_that_stands_still_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now, rotations = 0.0, 0

    async def rotate() -> None:
        nonlocal rotations
        rotations += 1

    monkeypatch.setattr("pipeline.sources.mysql.position.time.monotonic", lambda: now)
    passage = LogPassage(Position("b.2", 900, 7, "0-7-9"), rotate)
    for now, place in ((0, 100), (3, 500), (6, 800), (9, 800)):  # noqa: B007 - the clock reads it
        assert await passage.passed({"file": "b.2", "pos": place, "gtids": "0-7-8", "server_id": 7}) is False
        assert rotations == 0
    for now in (11, 20):  # noqa: B007 - the same
        assert await passage.passed({"file": "b.2", "pos": 800, "gtids": "0-7-8", "server_id": 7}) is False
        assert rotations == 1
    assert await passage.passed({"file": "b.3", "pos": 4, "gtids": "0-7-8", "server_id": 7}) is True


@pytest.mark.parametrize(
    ("offset", "wanted", "reached"),
    [
        ({"file": "binlog.000002", "pos": 157}, Position("binlog.000002", 157, 7), True),
        ({"file": "binlog.000002", "pos": 156}, Position("binlog.000002", 157, 7), False),
        ({"file": "binlog.000003", "pos": 4}, Position("binlog.000002", 157, 7), True),
        ({"file": "binlog.999999", "pos": 900}, Position("binlog.1000000", 4, 7), False),
        ({"file": "binlog.000002", "pos": 4, "gtids": f"{A}:1-7"}, Position("binlog.000002", 157, 7, f"{A}:1-7"), True),
        ({"file": "binlog.000009", "pos": 9999, "gtids": f"{A}:1-6"}, Position("binlog.000002", 157, 7, f"{A}:1-7"), False),
        ({"file": "b.9", "pos": 9, "gtids": f"{A}:1-6", "server_id": 8}, Position("b.2", 157, 7, f"{A}:1-7"), False),
        ({"file": "b.2", "pos": 157, "gtids": f"{A}:1-6", "server_id": 7}, Position("b.2", 157, 7, f"{A}:1-7"), True),
        ({"file": "b.2", "pos": 156, "gtids": f"{A}:1-6", "server_id": 7}, Position("b.2", 157, 7, f"{A}:1-7"), False),
        ({"file": "b.2", "pos": 157, "gtids": f"{A}:1-6"}, Position("b.2", 157, 7, f"{A}:1-7"), False),
        ({"file": "b.2", "pos": 157, "gtids": "0-7-6"}, Position("b.2", 157, 7, "0-7-7"), True),
        ({"file": "b.9", "pos": 157, "gtids": "0-8-6"}, Position("b.2", 157, 7, "0-7-7"), False),
        ({"file": "b.9", "pos": 157, "gtids": "0-7-6,1-8-1"}, Position("b.2", 157, 7, "0-7-7,1-8-1"), False),
        ({"file": "binlog.000002", "pos": 157}, Position("binlog.000002", 157, 7, f"{A}:1-7"), True),
        ({}, Position("binlog.000002", 157, 7), False),
    ],
)
def test_an_offset_is_compared_by_transactions_and_else_by_its_place_in_the_log(
    offset: dict[str, Any], wanted: Position, reached: bool
) -> None:
    assert reaches(offset, wanted) is reached
