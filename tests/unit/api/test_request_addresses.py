"""A job request's JDBC URL and connection string are checked without quoting them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.api.requests import PLACES, changed, faults, refusal

from api.errors import ApiError
from api.jobs.submission import read_job_request
from pipeline.jobs.fault import json_path


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
    refused = refusal(changed(*PLACES[place], value=scheme + "".join(parts)))
    assert refused is None or refused.status in (400, 440)
    assert refused is None or json_path(PLACES[place]) in (refused.description or "")
