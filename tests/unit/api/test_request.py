"""A job request is taken to the letter, and every fault of it is told by its place."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.api.requests import PLACES, VALID, changed, faults, refusal

from api.jobs.submission import read_job_request
from pipeline.jobs.fault import json_path


def test_a_valid_request_is_read_with_its_defaults() -> None:
    request = read_job_request(json.dumps(VALID))
    assert request.options.model_dump(mode="json", by_alias=True, exclude_none=True) == {
        "dropCollections": False,
        "mode": "CDC",
        "errorHandling": "FAIL",
    }
    assert request.jdbc_connection_details.password is not None
    assert request.jdbc_connection_details.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(request)


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("projectId",), "a_b", "$.projectId: should match pattern '^[A-Za-z0-9\\-]+$'"),
        (("projectId",), "shop\n", "$.projectId: should match pattern '^[A-Za-z0-9\\-]+$'"),
        (("projectId",), 1, "$.projectId: should be a valid string"),
        (("extra",), 1, "$.extra: is not a known property"),
        (("project_id",), "x", "$.project_id: is not a known property"),
        (("options", "mode"), "cdc", "$.options.mode: should be 'SNAPSHOT', 'CDC' or 'CDC_ONLY'"),
        (("options", "extra it"), 1, "$.options['extra it']: is not a known property"),
        (("options", "dropCollections"), "true", "$.options.dropCollections: should be true or false"),
        (("options", "dropCollections"), 1, "$.options.dropCollections: should be true or false"),
        (("options", "errorTolerance"), "1", "$.options.errorTolerance: should be a valid integer"),
        (("options", "errorTolerance"), True, "$.options.errorTolerance: should be a valid integer"),
        (("options", "errorTolerance"), 0.5, "$.options.errorTolerance: should be a valid integer"),
        (("options", "errorTolerance"), -1, "$.options.errorTolerance: should be greater than or equal to 0"),
        (("verification", "enabled"), "false", "$.verification.enabled: should be true or false"),
        (("verification", "how"), 1, "$.verification.how: is not a known property"),
        (("verification",), [], "$.verification: should be an object"),
        (
            ("jdbcConnectionDetails", "password"),
            None,
            "$.jdbcConnectionDetails.password: should not be null: leave the property out instead",
        ),
        (("jdbcConnectionDetails", "password"), 7, "$.jdbcConnectionDetails.password: should be a valid string"),
        (("jdbcConnectionDetails", "extra"), 1, "$.jdbcConnectionDetails.extra: is not a known property"),
        (("mongodbConnectionDetails", "extra"), 1, "$.mongodbConnectionDetails.extra: is not a known property"),
    ],
)
def test_what_has_not_the_contracts_form_is_named_by_its_path(path: tuple[str, ...], value: Any, fault: str) -> None:
    assert faults(changed(*path, value=value)) == [fault]


def test_every_fault_is_listed_at_once() -> None:
    document = changed("options", "mode", value="x")
    document["jdbcConnectionDetails"] |= {"url": "nonsense", "savePassword": 1, "oraclePdbName": None}
    document["mongodbConnectionDetails"] = {"connectionString": "nonsense"}
    document["more"] = 1
    del document["projectId"]
    places = {fault.split(": ")[0] for fault in faults(document)}
    assert places == {
        "$.projectId",
        "$.jdbcConnectionDetails.url",
        "$.jdbcConnectionDetails.savePassword",
        "$.jdbcConnectionDetails.oraclePdbName",
        "$.mongodbConnectionDetails.connectionString",
        "$.options.mode",
        "$.more",
    }


def test_each_missing_property_is_named() -> None:
    assert set(faults({})) == {
        f"$.{name}: is required" for name in ("projectId", "jdbcConnectionDetails", "mongodbConnectionDetails", "options", "verification")
    }


@pytest.mark.parametrize("name", PLACES)
@settings(max_examples=30)
@given(
    value=st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), st.lists)
)
def test_any_value_in_any_place_is_read_or_refused(name: str, value: Any) -> None:
    refused = refusal(changed(*PLACES[name], value=value))
    assert refused is None or refused.status in (400, 440)
    assert refused is None or json_path(PLACES[name]) in (refused.description or "")
