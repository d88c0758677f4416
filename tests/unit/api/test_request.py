"""A job request is taken to the letter, and every fault of its text is told by its place."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import ApiError, BadRequestError
from api.jobs.submission import read_job_request
from pipeline.jobs.fault import json_path

VALID: dict[str, Any] = {
    "projectId": "shop-1",
    "jdbcConnectionDetails": {"type": "POSTGRESQL", "url": "jdbc:postgresql://127.0.0.1:5432/shop", "user": "app", "password": "hunter2"},
    "mongodbConnectionDetails": {"connectionString": "mongodb://u:hunter2@127.0.0.1:27017/shop"},
    "options": {"mode": "CDC"},
    "verification": {"enabled": False},
}
PLACES: dict[str, tuple[str, ...]] = {
    "projectId": ("projectId",),
    "url": ("jdbcConnectionDetails", "url"),
    "password": ("jdbcConnectionDetails", "password"),
    "savePassword": ("jdbcConnectionDetails", "savePassword"),
    "connectionString": ("mongodbConnectionDetails", "connectionString"),
    "dropCollections": ("options", "dropCollections"),
    "errorHandling": ("options", "errorHandling"),
    "errorTolerance": ("options", "errorTolerance"),
    "mode": ("options", "mode"),
    "enabled": ("verification", "enabled"),
}


def changed(*path: str, value: Any) -> dict[str, Any]:
    """The valid request with one value put in a place."""
    document = deepcopy(VALID)
    node = document
    for name in path[:-1]:
        node = node.setdefault(name, {})
    node[path[-1]] = value
    return document


def faults(document: Any) -> list[str]:
    """What the answer to the request would list."""
    with pytest.raises(BadRequestError) as refused:
        read_job_request(document if isinstance(document, str) else json.dumps(document))
    assert refused.value.status == 400
    assert refused.value.description is not None
    assert "hunter2" not in refused.value.description
    return refused.value.description.split("; ")


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


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("options", "errorHandling"), "WARN", "$.options.errorHandling: WARN is not available in this version"),
        (("options", "errorHandling"), "SKIP", "$.options.errorHandling: SKIP is not available in this version"),
        (("options", "errorTolerance"), 1, "$.options.errorTolerance: more than 0 is not available in this version"),
        (("verification", "enabled"), True, "$.verification.enabled: true is not available in this version"),
        (("jdbcConnectionDetails", "savePassword"), True, "$.jdbcConnectionDetails.savePassword: true is not available in this version"),
        (("jdbcConnectionDetails", "isManualUri"), True, "$.jdbcConnectionDetails.isManualUri: true is not available in this version"),
        (
            ("jdbcConnectionDetails", "existingConnectionId"),
            "x",
            "$.jdbcConnectionDetails.existingConnectionId: is not available in this version",
        ),
        (
            ("mongodbConnectionDetails", "savePassword"),
            True,
            "$.mongodbConnectionDetails.savePassword: true is not available in this version",
        ),
        (
            ("mongodbConnectionDetails", "existingConnectionId"),
            "x",
            "$.mongodbConnectionDetails.existingConnectionId: is not available in this version",
        ),
        (
            ("relationalTableFilters",),
            {"public": {"a b": {"rowCount": 3}}},
            "$.relationalTableFilters.public['a b']: a filter is not available in this version",
        ),
        (("relationalTableFilters",), {"public": {}}, "$.relationalTableFilters.public: a filter is not available in this version"),
        (("jdbcConnectionDetails", "oraclePdbName"), "x", "$.jdbcConnectionDetails.oraclePdbName: is for databases of type ORACLE only"),
    ],
)
def test_an_option_that_is_not_built_is_refused_by_name(path: tuple[str, ...], value: Any, fault: str) -> None:
    assert faults(changed(*path, value=value)) == [fault]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("options", "dropCollections"), True),
        (("options", "errorHandling"), "FAIL"),
        (("options", "errorTolerance"), 0),
        (("verification", "enabled"), False),
        (("relationalTableFilters",), {}),
        (("jdbcConnectionDetails", "savePassword"), False),
        (("jdbcConnectionDetails", "isManualUri"), False),
        (("jdbcConnectionDetails", "id"), "any"),
        (("mongodbConnectionDetails", "projectName"), "Atlas project"),
        (("mongodbConnectionDetails", "connectionString"), "mongodb+srv://u:p@cluster.example.org/shop?w=majority&unknownOption=1"),
    ],
)
def test_what_this_version_can_do_is_accepted(path: tuple[str, ...], value: Any) -> None:
    read_job_request(json.dumps(changed(*path, value=value)))


@pytest.mark.parametrize(
    "source_type", ["MYSQL", "ORACLE", "SQL_SERVER", "COCKROACHDB", "DB2", "SQLANYWHERE", "SYBASE", "SYBASEIQ", "YUGABYTE"]
)
def test_the_other_types_of_the_contract_are_not_available_yet(source_type: str) -> None:
    (fault,) = faults(changed("jdbcConnectionDetails", "type", value=source_type))
    assert fault.startswith(f"$.jdbcConnectionDetails.type: {source_type} is not available in this version")


def test_an_unknown_type_is_answered_with_those_that_are_known() -> None:
    (fault,) = faults(changed("jdbcConnectionDetails", "type", value="postgresql"))
    assert fault == (
        "$.jdbcConnectionDetails.type: is not a known database type: known are MYSQL, ORACLE, POSTGRESQL, SQL_SERVER, COCKROACHDB, "
        "DB2, SQLANYWHERE, SYBASE, SYBASEIQ, YUGABYTE"
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgresql://h/shop",
        "jdbc:postgresql://app:hunter2@h/shop",
        "jdbc:postgresql:app:hunter2@h:5432/shop",
        "jdbc:postgresql://h:x/shop",
        f"jdbc:postgresql://h:{'1' * 5000}/shop",
        f"jdbc:postgresql://h/shop?connectTimeout={'1' * 5000}",
        "jdbc:postgresql://h/shop%00",
        "jdbc:mysql://h/db",
    ],
)
def test_a_jdbc_url_that_the_driver_would_refuse_is_refused(url: str) -> None:
    (fault,) = faults(changed("jdbcConnectionDetails", "url", value=url))
    assert fault.startswith("$.jdbcConnectionDetails.url: ")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://h/shop",
        "mongodb://",
        "mongodb://u:hun@ter2@h/shop",
        "mongodb://u:hunter2/x@h/shop",
        "mongodb://h:99999/shop",
        "mongodb://h/shop?maxPoolSize=hunter2",
        "mongodb://h/shop?tlsCertificateKeyFilePassword=hunter2&tlsCertificateKeyFile",
        "mongodb://h/shop?tls=true&ssl=false",
        "mongodb://h/a.b",
        "mongodb://h/a+b",
        "mongodb://h/admin",
        f"mongodb://h/{'x' * 64}",
        f"mongodb://h:{'1' * 5000}/shop",
        f"mongodb://h/shop?maxPoolSize={'1' * 5000}",
        "mongodb://u:hunter2%00@h/shop",
        "mongodb://u:20/hunter2@h",
        "mongodb://h/shop?authMechanism=GSSAPI",
        "mongodb://h/shop?directConnection=true&loadBalanced=true",
        "mongodb+srv://h.example.org:27017/shop",
        "mongodb+srv://a.example.org,b.example.org/shop",
    ],
)
def test_a_mongodb_connection_string_that_cannot_be_used_is_refused_without_quoting_it(url: str) -> None:
    (fault,) = faults(changed("mongodbConnectionDetails", "connectionString", value=url))
    assert fault.startswith("$.mongodbConnectionDetails.connectionString: ")


@pytest.mark.parametrize("url", ["mongodb://h", "mongodb://u:hunter2@h:1,i:2/", "mongodb://h/?w=1", "mongodb+srv://a.example.org"])
def test_a_connection_string_without_a_database_is_440_when_that_is_the_only_fault(url: str) -> None:
    document = changed("mongodbConnectionDetails", "connectionString", value=url)
    with pytest.raises(ApiError) as refused:
        read_job_request(json.dumps(document))
    assert refused.value.status == 440
    document["options"]["mode"] = "x"
    assert faults(document) == ["$.options.mode: should be 'SNAPSHOT', 'CDC' or 'CDC_ONLY'"]


def test_every_fault_is_listed_at_once() -> None:
    document = changed("options", "mode", value="x")
    document["jdbcConnectionDetails"] |= {"url": "nonsense", "savePassword": True, "oraclePdbName": None}
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


@pytest.mark.parametrize("place", ["database", "host", "port", "options", "sslmode"])
def test_a_surrogate_in_any_part_of_a_url_is_answered_by_its_path(place: str) -> None:
    parts = {"host": "h", "port": "1", "database": "d", "options": "o", "sslmode": "disable"} | {place: "\ud800"}
    urls = {
        "jdbcConnectionDetails": "jdbc:postgresql://{host}:{port}/{database}?options={options}&sslmode={sslmode}",
        "mongodbConnectionDetails": "mongodb://{host}:{port}/{database}?appName={options}&{sslmode}=1",
    }
    for details, name in (("jdbcConnectionDetails", "url"), ("mongodbConnectionDetails", "connectionString")):
        (fault,) = faults(changed(details, name, value=urls[details].format(**parts)))
        assert fault.startswith(f"$.{details}.{name}: ")


def test_a_surrogate_pair_is_a_character_like_others() -> None:
    text = json.dumps(changed("mongodbConnectionDetails", "projectName", value="\U0001f600"))
    assert "\\ud83d\\ude00" in text
    assert read_job_request(text).mongodb_connection_details.project_name == "\U0001f600"


def test_properties_that_occur_twice_are_faults() -> None:
    text = json.dumps(VALID).replace('"options": {', '"options": {"mode": "SNAPSHOT", "mode": "CDC", ')
    assert faults(text) == ["$.options.mode: occurs more than once"]


@pytest.mark.parametrize("name", PLACES)
@settings(max_examples=30)
@given(
    value=st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), st.lists)
)
def test_any_value_in_any_place_is_read_or_refused(name: str, value: Any) -> None:
    refusal = _refusal(changed(*PLACES[name], value=value))
    assert refusal is None or refusal.status in (400, 440)
    assert refusal is None or json_path(PLACES[name]) in (refusal.description or "")


@settings(max_examples=300)
@given(
    place=st.sampled_from(["url", "connectionString"]),
    parts=st.lists(
        st.sampled_from([*"/:@,?&=;[]%h", "//", "%00", "%ff", "\ud800", "1" * 5000, "authMechanismProperties="]) | st.text(max_size=3),
        max_size=12,
    ),
)
def test_any_text_after_the_scheme_of_a_url_is_read_or_refused(place: str, parts: list[str]) -> None:
    scheme = "jdbc:postgresql:" if place == "url" else "mongodb://"
    refusal = _refusal(changed(*PLACES[place], value=scheme + "".join(parts)))
    assert refusal is None or refusal.status in (400, 440)
    assert refusal is None or json_path(PLACES[place]) in (refusal.description or "")


def _refusal(document: Any) -> ApiError | None:
    try:
        read_job_request(json.dumps(document))
    except ApiError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("parts", "path"),
    [([], "$"), (["a", "b1"], "$.a.b1"), (["a", 0, "b"], "$.a[0].b"), (["it's", 'a"b', "ä"], "$['it\\'s']['a\"b']['\\u00e4']")],
)
def test_json_paths_quote_what_is_not_a_plain_name(parts: list[str | int], path: str) -> None:
    assert json_path(parts) == path
