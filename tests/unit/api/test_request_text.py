"""The text of a job request is JSON that a database can hold, or its fault is told by its place."""

import json

import pytest
from tests.unit.api.requests import VALID, changed, faults

from api.jobs.submission import read_job_request
from pipeline.jobs.fault import json_path


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "$: the body is not JSON: Expecting value at line 1 column 1"),
        ('{\n  "a": 1,\n}', "line 3 column 1"),
        ("[1, NaN]", "$: the body is not JSON: NaN is not a JSON number"),
        ("[" * 100_000, "$: the body is nested too deeply"),
        ("1" * 5000, "$: the body is not JSON"),
        ("[]", "$: should be an object"),
        ("null", "$: should be an object"),
        ('"text"', "$: should be an object"),
        ('{"projectId": "\\ud800"}', "$"),
    ],
)
def test_what_is_not_a_json_object_is_told_by_line_and_column(text: str, fault: str) -> None:
    assert any(fault in found for found in faults(text))


@pytest.mark.parametrize("character", ["\0", "\ud800"])
@pytest.mark.parametrize(
    "path",
    [
        ("projectId",),
        ("jdbcConnectionDetails", "type"),
        ("jdbcConnectionDetails", "url"),
        ("jdbcConnectionDetails", "user"),
        ("jdbcConnectionDetails", "password"),
        ("mongodbConnectionDetails", "connectionString"),
        ("mongodbConnectionDetails", "projectName"),
        ("options", "mode"),
        ("more",),
    ],
)
def test_a_text_that_no_database_takes_is_a_fault_wherever_it_stands(path: tuple[str, ...], character: str) -> None:
    fault = "holds a NUL or half of a surrogate pair, which no database takes"
    assert faults(changed(*path, value=f"hunter2{character}")) == [f"{json_path(path)}: {fault}"]
    name = f"odd{character}name"
    assert faults(changed(*path[:-1], name, value=1)) == [f"{json_path([*path[:-1], name])}: {fault}"]


def test_a_surrogate_pair_is_a_character_like_others() -> None:
    text = json.dumps(changed("mongodbConnectionDetails", "projectName", value="\U0001f600"))
    assert "\\ud83d\\ude00" in text
    assert read_job_request(text).mongodb_connection_details.project_name == "\U0001f600"


def test_properties_that_occur_twice_are_faults() -> None:
    text = json.dumps(VALID).replace('"options": {', '"options": {"mode": "SNAPSHOT", "mode": "CDC", ')
    assert faults(text) == ["$.options.mode: occurs more than once"]
