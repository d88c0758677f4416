"""Every type of section "Types" has its BSON, and an unknown one is refused."""

from base64 import b64encode
from struct import pack
from typing import Any
from uuid import UUID

import bson
import pytest
from bson.binary import Binary
from bson.datetime_ms import DatetimeMS
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from hypothesis import given
from hypothesis import strategies as st

from pipeline.change.schema import FieldSchema
from pipeline.mapping.types import NewTypeError, UnknownTypeError, converter, known_as

GEO = "io.debezium.data.geometry."
TIME = "io.debezium.time."


def field(kind: str, logical: str | None = None, source_type: str | None = None, **more: Any) -> FieldSchema:
    """A column's schema; `more` are further parameters."""
    parameters = {name: str(value) for name, value in more.items() if name not in ("element", "fields")}
    if source_type is not None:
        parameters["__debezium.source.column.type"] = source_type
    return FieldSchema("c", kind, logical, True, parameters, more.get("element"), more.get("fields", ()))


def converted(schema: FieldSchema, value: Any) -> Any:
    """What becomes of a JSON value."""
    convert = converter(schema)
    return value if convert is None else convert(value)


def b64(raw: bytes) -> str:
    """As Connect writes bytes."""
    return b64encode(raw).decode()


def wkb(*parts: bytes, kind: int, order: str = "<") -> bytes:
    """Well-known binary of a geometry."""
    return pack(f"{order}BI", order == "<", kind) + b"".join(parts)


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (field("boolean"), True, True),
        (field("int16"), -5, -5),
        (field("int32"), 2**31 - 1, 2**31 - 1),
        (field("int32", "io.debezium.time.Year"), 2024, 2024),
        (field("double"), "Infinity", float("inf")),
        (field("float"), "-Infinity", float("-inf")),
        (field("double"), 1.5, 1.5),
        (field("string"), "12.50", "12.50"),
        (field("string", None, "TEXT"), "NAN", "NAN"),
        (field("string", None, "numeric"), "12.50", Decimal128("12.50")),
        (field("string", None, "MONEY"), "-1.00", Decimal128("-1.00")),
        (field("bytes", "org.apache.kafka.connect.data.Decimal", scale=2), b64(b"\xff\x7f"), Decimal128("-1.29")),
        (field("struct", "io.debezium.data.VariableScaleDecimal"), {"scale": 3, "value": b64(b"\x05")}, Decimal128("0.005")),
        (field("string", "io.debezium.data.Enum"), "ok", "ok"),
        (field("string", "io.debezium.data.EnumSet"), "a,b", ["a", "b"]),
        (field("string", "io.debezium.data.EnumSet"), "", []),
        (field("string", "io.debezium.data.Xml"), "<a/>", "<a/>"),
        (field("string", "io.debezium.data.Tsvector"), "'a'", "'a'"),
        (field("string", "io.debezium.data.Ltree"), "a.b", "a.b"),
        (field("string", "io.debezium.time.Interval"), "P1Y2M3DT4H5M6.7S", "P1Y2M3DT4H5M6.7S"),
        (field("string", "io.debezium.time.ZonedTime"), "10:34:56.5Z", "10:34:56.5Z"),
        (field("int64", "io.debezium.time.MicroTime"), 1, "00:00:00.000001"),
        (field("int32", "io.debezium.time.Time"), 1, "00:00:00.001"),
        (field("int64", "io.debezium.time.NanoTime"), 1, "00:00:00.000000001"),
        (field("int32", "io.debezium.time.Date"), -1, DatetimeMS(-86_400_000)),
        (field("int64", "io.debezium.time.Timestamp"), 5, DatetimeMS(5)),
        (field("int64", "io.debezium.time.MicroTimestamp"), -1, DatetimeMS(-1)),
        (field("int64", "io.debezium.time.NanoTimestamp"), 1_999_999, DatetimeMS(1)),
        (field("int32", "org.apache.kafka.connect.data.Date"), 1, DatetimeMS(86_400_000)),
        (field("bytes"), b64(b"\x00\xff"), b"\x00\xff"),
        (field("bytes", None, "BYTEA"), b64(b"\x00\xff"), b"\x00\xff"),
        (field("bytes", None, '"SHOP"."PAIR"'), b64(b"(1,\xc3\xa9)"), "(1,é)"),
        (field("bytes", "io.debezium.data.Bits", length=12), b64(b"\x02\x01"), b"\x01\x02"),
        (field("bytes", "io.debezium.data.Bits", length=12), b64(b""), b"\x00\x00"),
        (field("bytes", "io.debezium.data.Bits", length=2**31 - 1), b64(b"\x05"), b"\x05"),
        (field("struct", GEO + "Point"), {"x": 1.5, "y": -2.0, "wkb": None}, {"type": "Point", "coordinates": [1.5, -2.0]}),
        (
            field("struct", GEO + "Circle"),
            {"center": {"x": 1.0, "y": 2.0}, "radius": 3.0},
            {"center": {"type": "Point", "coordinates": [1.0, 2.0]}, "radius": 3.0},
        ),
        (field("struct", GEO + "Line"), {"a": 1.0, "b": 2.0, "c": "NaN"}, None),
        (field("array", "io.debezium.data.DoubleVector", element=field("double")), [1.0, 2.5], [1.0, 2.5]),
        (field("array", "io.debezium.data.FloatVector", element=field("float")), [1.0], [1.0]),
        (
            field("struct", "io.debezium.data.SparseDoubleVector"),
            {"dimensions": 5, "vector": [[1, 0.5], [4, 2.0]]},
            {"dimensions": 5, "vector": {"1": 0.5, "4": 2.0}},
        ),
        (field("array", element=field("string")), ["a", None], ["a", None]),
        (field("array", element=field("string")), [None, None], [None, None]),
        (field("array", element=field("string")), ["[L", "[Ljava.lang.String;@zz"], ["[L", "[Ljava.lang.String;@zz"]),
        (field("array", element=field("int32")), [], []),
        (field("array", element=field("int32")), [None, 1], [None, 1]),
        (field("array", element=field("int64", TIME + "MicroTimestamp")), [-63_517_953_600_000_000], [DatetimeMS(-63_517_780_800_000)]),
        (field("array", element=field("int64", TIME + "Timestamp")), [-14_825_937_600_000], [DatetimeMS(-14_826_715_200_000)]),
        (
            field("struct", GEO + "Geometry"),
            {"wkb": b64(wkb(pack("<I4d", 2, 0, 0, 1, 1), kind=2)), "srid": None, "extensions": {"type": "path", "closed": "true"}},
            {"type": "LineString", "coordinates": [[0.0, 0.0], [1.0, 1.0]], "closed": True},
        ),
        (field("array", None, "_NUMERIC", element=field("string")), ["1.5", None, "NAN"], None),
        (field("array", element=field("array", element=field("double"))), [["NaN"], None, [1.0, None]], None),
        (field("map", element=field("string")), {"a": "1", "b": None}, {"a": "1", "b": None}),
        (field("map", element=field("double")), {"a": "Infinity", "b": None}, {"a": float("inf"), "b": None}),
    ],
)
def test_a_value_becomes_the_bson_of_its_type(schema: FieldSchema, value: Any, expected: Any) -> None:
    found = converted(schema, value)
    if expected is not None:
        assert found == expected
        assert type(found) is type(expected)
    bson.encode({"value": found})


def test_nan_is_nan_wherever_it_stands() -> None:
    for schema, value in [
        (field("double"), "NaN"),
        (field("array", None, "_NUMERIC", element=field("string")), ["NAN"]),
        (field("array", element=field("array", element=field("double"))), [["NaN"]]),
        (field("struct", GEO + "Line"), {"a": "NaN", "b": 0.0, "c": 0.0}),
    ]:
        assert "nan" in str(converted(schema, value)).lower()


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_bigint_is_an_int64_also_where_it_would_fit_32_bits(number: int) -> None:
    stored = bson.decode(bson.encode({"n": converted(field("int64"), number)}))["n"]
    assert type(stored) is Int64
    assert stored == number


@given(st.uuids())
def test_a_uuid_is_a_uuid(token: UUID) -> None:
    value = converted(field("string", "io.debezium.data.Uuid"), str(token))
    assert (value.subtype, bytes(value)) == (4, token.bytes)
    assert value == Binary.from_uuid(token)


@given(st.text("01", min_size=1, max_size=70))
def test_bits_are_the_number_that_they_write(bits: str) -> None:
    number = int(bits, 2)
    sent = number.to_bytes((number.bit_length() + 7) // 8, "little")
    found = converted(field("bytes", "io.debezium.data.Bits", length=len(bits)), b64(sent))
    assert int.from_bytes(found, "big") == number
    assert len(found) == (len(bits) + 7) // 8


LINE = pack("<I", 2) + pack("<4d", 0, 0, 1, 1)
RING = pack("<I", 4) + pack("<8d", 0, 0, 1, 0, 1, 1, 0, 0)
POINT = wkb(pack("<2d", 1, 2), kind=1)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (POINT, {"type": "Point", "coordinates": [1.0, 2.0]}),
        (wkb(pack(">2d", 1, 2), kind=1, order=">"), {"type": "Point", "coordinates": [1.0, 2.0]}),
        (wkb(pack("<3d", 1, 2, 3), kind=1001), {"type": "Point", "coordinates": [1.0, 2.0, 3.0]}),
        (wkb(pack("<I3d", 4326, 1, 2, 3), kind=0xA0000001), {"type": "Point", "coordinates": [1.0, 2.0, 3.0]}),
        (wkb(pack("<2d", float("nan"), float("nan")), kind=1), {"type": "Point", "coordinates": []}),
        (wkb(LINE, kind=2), {"type": "LineString", "coordinates": [[0.0, 0.0], [1.0, 1.0]]}),
        (wkb(pack("<I", 1), RING, kind=3), {"type": "Polygon", "coordinates": [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]]}),
        (wkb(pack("<I", 2), POINT, POINT, kind=4), {"type": "MultiPoint", "coordinates": [[1.0, 2.0], [1.0, 2.0]]}),
        (wkb(pack("<I", 1), wkb(LINE, kind=2), kind=5), {"type": "MultiLineString", "coordinates": [[[0.0, 0.0], [1.0, 1.0]]]}),
        (
            wkb(pack("<I", 2), POINT, wkb(LINE, kind=2), kind=7),
            {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Point", "coordinates": [1.0, 2.0]},
                    {"type": "LineString", "coordinates": [[0.0, 0.0], [1.0, 1.0]]},
                ],
            },
        ),
    ],
)
def test_a_geometry_is_geojson(raw: bytes, expected: dict[str, Any]) -> None:
    assert converted(field("struct", GEO + "Geometry"), {"wkb": b64(raw), "srid": 4326}) == expected
    assert converted(field("struct", GEO + "Geography"), {"wkb": b64(raw), "srid": None}) == expected
    assert converted(field("struct", GEO + "Geometry"), {"wkb": b64(raw), "srid": 3857}) == expected | {"srid": 3857}


@pytest.mark.parametrize("raw", [b"", POINT[:-1], wkb(pack("<2d", 1, 2), kind=2001), wkb(kind=8), wkb(kind=99)])
def test_a_geometry_that_geojson_does_not_have_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"GeoJSON|well-known"):
        converted(field("struct", GEO + "Geometry"), {"wkb": b64(raw)})


@pytest.mark.parametrize(
    "schema",
    [
        field("struct"),
        field("array"),
        field("string", "com.example.Odd"),
        field("int64", "io.debezium.time.MicroDuration"),
        field("array", element=field("struct", "com.example.Odd")),
        field("int128"),
    ],
)
def test_a_type_that_is_not_known_is_refused_by_name(schema: FieldSchema) -> None:
    with pytest.raises(UnknownTypeError) as refused:
        converter(schema)
    assert (schema.logical or schema.type) in str(refused.value) or "Odd" in str(refused.value)
    assert refused.value.column == "c"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (field("array", element=field("string")), ["[Ljava.lang.String;@3a056231", "[Ljava.lang.String;@278288eb"]),
        (field("array", element=field("string", "io.debezium.data.Uuid")), ["[Ljava.util.UUID;@6a21232a"]),
        (field("array", element=field("string", "io.debezium.data.Json")), ["[[Ljava.lang.String;@7b723c3"]),
        (field("array", element=field("int32")), [None, None]),
        (field("array", element=field("double")), [None]),
        (field("array", element=field("bytes")), [None]),
        (field("array", None, "_NUMERIC", element=field("string")), [None]),
        (field("array", element=field("string", "io.debezium.time.ZonedTimestamp")), [None]),
    ],
)
def test_an_array_that_may_be_one_of_arrays_is_refused(schema: FieldSchema, value: Any) -> None:
    with pytest.raises(ValueError, match="array of arrays"):
        converted(schema, value)


TYPES = {"AMOUNT": "NUMERIC", "AMOUNTS": "_NUMERIC", "RAW": "BYTEA", "PAIR": "PAIR", "_LABEL": "_TEXT", "NUMERIC": "NUMERIC"}
"""As `pipeline.sources.postgresql.types.read_types` has them."""


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (field("string", None, "amount"), "1.50", Decimal128("1.50")),
        (field("string", None, "NUMERIC"), "1.50", Decimal128("1.50")),
        (field("array", None, "AMOUNTS", element=field("string")), ["1.50", None], [Decimal128("1.50"), None]),
        (field("bytes", None, "RAW"), b64(b"\x00"), b"\x00"),
        (field("bytes", None, "PAIR"), b64(b"(1,a)"), "(1,a)"),
        (field("array", None, "_LABEL", element=field("bytes")), [b64(b"a")], ["a"]),
        (field("string", "io.debezium.data.Enum", "MADE_LATER"), "a", "a"),
        (field("array", None, "_MADE_LATER", element=field("string", "io.debezium.data.Enum")), ["a"], ["a"]),
        (field("int32"), 5, 5),
    ],
)
def test_a_domain_is_read_as_what_it_stands_for(schema: FieldSchema, value: Any, expected: Any) -> None:
    assert converted(known_as(schema, TYPES), value) == expected


@pytest.mark.parametrize("schema", [field("string", None, "MADE_LATER"), field("array", None, "_AMOUNT", element=field("bytes"))])
def test_a_type_that_was_made_after_the_job_had_begun_is_refused(schema: FieldSchema) -> None:
    with pytest.raises(NewTypeError, match=schema.source_type):
        known_as(schema, TYPES)
    assert known_as(schema, {}) is schema, "a source without such types names none"
