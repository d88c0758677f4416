"""The query of GET /jobs is read, or refused by the parameter's name."""

import pytest
from multidict import MultiDict

from api.errors import BadRequestError
from api.jobs.query import JobQuery, read_query
from api.page import Page
from pipeline.jobs.status import Status


def test_without_parameters_the_newest_twenty_of_all_are_wanted() -> None:
    assert read_query(MultiDict()) == JobQuery(None, (), Page(20, None))


def test_each_parameter_is_read_and_status_may_be_repeated() -> None:
    query = MultiDict([("projectId", "p-1"), ("status", "RUNNING"), ("status", "FAILED"), ("limit", "100"), ("cursor", "a" * 24)])
    assert read_query(query) == JobQuery("p-1", (Status.RUNNING, Status.FAILED), Page(100, "a" * 24))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", "1.0"),
        ("limit", "\uff11"),
        ("limit", ""),
        ("limit", "9" * 5000),
        ("status", "running"),
        ("status", ""),
        ("projectId", "a_b"),
        ("projectId", ""),
        ("cursor", "x"),
        ("cursor", "A" * 24),
        ("cursor", "a" * 24 + "\n"),
        ("page", "2"),
    ],
)
def test_a_parameter_that_is_unknown_or_malformed_is_named(name: str, value: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        read_query(MultiDict([(name, value)]))
    assert (refused.value.description or "").startswith(f"?{name}: ")


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(BadRequestError) as refused:
        read_query(MultiDict([("limit", "1"), ("limit", "2"), ("cursor", "a" * 24), ("cursor", "b" * 24)]))
    assert refused.value.description == "?limit: may be given once; ?cursor: may be given once"
