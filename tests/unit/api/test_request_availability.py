"""What the contract has and this version cannot do is refused by name."""

import json
from typing import Any

import pytest
from tests.unit.api.requests import changed, faults

from api.jobs.submission import read_job_request


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("verification", "enabled"), True, "$.verification.enabled: true is not available in this version"),
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
        (("options", "errorHandling"), "WARN"),
        (("options", "errorHandling"), "SKIP"),
        (("options", "errorTolerance"), 0),
        (("options", "errorTolerance"), 10**6),
        (("verification", "enabled"), False),
        (("relationalTableFilters",), {}),
        (("jdbcConnectionDetails", "savePassword"), False),
        (("jdbcConnectionDetails", "savePassword"), True),
        (("jdbcConnectionDetails", "isManualUri"), False),
        (("jdbcConnectionDetails", "isManualUri"), True),
        (("mongodbConnectionDetails", "savePassword"), True),
        (("jdbcConnectionDetails", "id"), "any"),
        (("mongodbConnectionDetails", "projectName"), "Atlas project"),
        (("mongodbConnectionDetails", "connectionString"), "mongodb+srv://u:p@cluster.example.org/shop?w=majority&unknownOption=1"),
    ],
)
def test_what_this_version_can_do_is_accepted(path: tuple[str, ...], value: Any) -> None:
    read_job_request(json.dumps(changed(*path, value=value)))


def test_an_unknown_type_is_answered_with_those_that_are_known() -> None:
    (fault,) = faults(changed("jdbcConnectionDetails", "type", value="FOXPRO"))
    assert fault.startswith(
        "$.jdbcConnectionDetails.type: is not a known database type: known are MYSQL, ORACLE, POSTGRESQL, SQL_SERVER, COCKROACHDB, "
        "DB2, SQLANYWHERE, SYBASE, SYBASEIQ, YUGABYTE, and SQLAlchemy's dialects, here "
    )
    assert "sqlite" in fault


def test_a_type_in_other_letters_is_not_taken_for_a_custom_one() -> None:
    (fault,) = faults(changed("jdbcConnectionDetails", "type", value="postgresql"))
    assert fault.startswith("$.jdbcConnectionDetails.type: is written POSTGRESQL: to have rowstream's own reader take a snapshot")


@pytest.mark.parametrize("mode", ["CDC", "CDC_ONLY"])
@pytest.mark.parametrize(
    ("source_type", "url"),
    [
        ("SYBASE", "jdbc:sybase:Tds:h:5000/shop"),
        ("SYBASEIQ", "jdbc:sybase:Tds:h:2638/shop"),
        ("SQLANYWHERE", "jdbc:sqlanywhere:Host=h:2638;DatabaseName=shop"),
        ("sqlite", "jdbc:sqlite:/data/shop.db"),
        ("postgresql+psycopg", "postgresql://h/shop"),
    ],
)
def test_changes_of_databases_without_a_connector_are_refused_with_what_to_do_instead(source_type: str, url: str, mode: str) -> None:
    document = changed("jdbcConnectionDetails", "type", value=source_type)
    document["jdbcConnectionDetails"]["url"] = url
    document["options"]["mode"] = mode
    (fault,) = faults(document)
    assert fault.startswith(f"$.options.mode: {mode} is not possible for {source_type}: ")
    assert "Use SNAPSHOT" in fault
    document["options"]["mode"] = "SNAPSHOT"
    read_job_request(json.dumps(document))
