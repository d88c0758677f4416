"""When a connector has read all that Oracle had committed at one moment."""

from typing import Any

import pytest
from tests.fakes.database import RecordedDatabase

from pipeline.sources.oracle import position
from pipeline.sources.oracle.position import ScnPassage, read_scn


@pytest.mark.parametrize(
    ("offset", "passed"),
    [
        ({"scn": "100", "commit_scn": "90:1:0a000b"}, False),
        ({"scn": "101", "commit_scn": "90:1:0a000b"}, True),
        ({"scn": "50", "commit_scn": "100:1:0a000b"}, False),
        ({"scn": "50", "commit_scn": "101:1:0a000b-0a000c"}, True),
        ({"scn": "50", "commit_scn": "101:1:,99:2:0a000c"}, False),
        ({"scn": "50", "commit_scn": "101:1:,102:2:0a000c"}, True),
        ({"scn": "50", "commit_scn": None, "snapshot": "INITIAL"}, False),
        ({}, False),
    ],
)
async def test_an_offset_tells_what_is_behind_the_connector(offset: dict[str, Any], passed: bool) -> None:
    recorded = RecordedDatabase({position.NOW: [{"scn": "100"}]})
    assert await ScnPassage(await read_scn(recorded)).passed(offset) is passed
