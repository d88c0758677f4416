"""The place of a fault as a path."""

import pytest

from pipeline.jobs.fault import json_path


@pytest.mark.parametrize(
    ("parts", "path"),
    [([], "$"), (["a", "b1"], "$.a.b1"), (["a", 0, "b"], "$.a[0].b"), (["it's", 'a"b', "ä"], "$['it\\'s']['a\"b']['\\u00e4']")],
)
def test_json_paths_quote_what_is_not_a_plain_name(parts: list[str | int], path: str) -> None:
    assert json_path(parts) == path
