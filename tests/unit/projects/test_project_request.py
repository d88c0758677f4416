"""What the text of a project's settings may say, and how its faults are told."""

import json
from typing import Any

import pytest

from api.errors import BadRequestError
from api.projects.handlers import read_project, view
from pipeline.mapping.style import Names, Nulls
from pipeline.projects.choice import TableChoice
from pipeline.projects.project import Project, ProjectSettings

WHOLE = {
    "tables": {"include": ["sales.*"], "exclude": ["sales.audit"]},
    "names": "SOURCE",
    "nulls": "OMIT",
    "topicRetentionSeconds": 86_400,
}


def faults(body: Any) -> str:
    """What is said of a body that is refused."""
    with pytest.raises(BadRequestError) as refused:
        read_project(body if isinstance(body, str) else json.dumps(body))
    return refused.value.description or ""


def test_what_is_left_out_has_its_default() -> None:
    assert read_project("{}") == ProjectSettings()
    assert ProjectSettings() == ProjectSettings(
        tables=TableChoice(include=None, exclude=()), names=Names.CAMEL_CASE, nulls=Nulls.KEEP, topic_retention_seconds=None
    )


def test_all_settings_are_read() -> None:
    assert read_project(json.dumps(WHOLE)) == ProjectSettings(
        tables=TableChoice(include=("sales.*",), exclude=("sales.audit",)),
        names=Names.SOURCE,
        nulls=Nulls.OMIT,
        topic_retention_seconds=86_400,
    )


def test_settings_come_back_from_the_control_database_as_they_were() -> None:
    settings = read_project(json.dumps(WHOLE))
    assert ProjectSettings.model_validate(settings.stored()) == settings


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"more": 1}, "$.more: is not a known property"),
        ({"tables": {"includes": []}}, "$.tables.includes: is not a known property"),
        ({"tables": {"include": []}}, "$.tables.include"),
        ({"tables": {"include": ["a.b", ""]}}, "$.tables.include[1]"),
        ({"tables": {"exclude": [1]}}, "$.tables.exclude[0]"),
        ({"tables": None}, "$.tables: should not be null"),
        ({"names": "camelCase"}, "$.names"),
        ({"nulls": "omit"}, "$.nulls"),
        ({"topicRetentionSeconds": 599}, "$.topicRetentionSeconds: should be at least 600: Kafka looks for old records"),
        ({"topicRetentionSeconds": 10**12}, "$.topicRetentionSeconds"),
        ({"topicRetentionSeconds": "7 days"}, "$.topicRetentionSeconds"),
        ({"mapping": {}}, "$.mapping: is not available in this version"),
        ("[]", "$"),
        ('{"names": "SOURCE", "names": "SOURCE"}', "$.names: occurs more than once"),
    ],
)
def test_every_fault_is_told_by_its_place(body: Any, says: str) -> None:
    assert says in faults(body)


def test_faults_are_told_together() -> None:
    told = faults({"mapping": [], "nulls": 1, "more": 2})
    assert all(path in told for path in ("$.mapping", "$.nulls", "$.more"))


def test_a_project_that_was_never_written_shows_the_defaults() -> None:
    shown = view(Project(id="shop"), 604_800.0)
    assert json.loads(shown.json_text()) == {
        "projectId": "shop",
        "tables": {"exclude": []},
        "names": "CAMEL_CASE",
        "nulls": "KEEP",
        "topicRetentionSeconds": 604_800,
    }
