"""Arrays, ranges, addresses, geometry and types of the user's own: what PostgreSQL has beyond the rest."""

import math
from typing import Any

from bson import Int64
from tests.contract.types.everyday import EARLIER, LATER, LONG, dec, plain, types, uuid
from tests.contract.types.logical import LogicalType, Value, at

SCHEMA = (
    "CREATE SCHEMA other",
    "CREATE TYPE mood AS ENUM ('sad', 'so so', 'a,b', 'glücklich')",
    "CREATE TYPE other.mood AS ENUM ('one', 'two')",
    "CREATE TYPE pair AS (n numeric(5, 2), t text)",
    "CREATE TYPE float_range AS RANGE (subtype = float8)",
    "CREATE DOMAIN amount AS numeric",
    "CREATE DOMAIN price AS numeric(10, 2) CHECK (VALUE > -100)",
    "CREATE DOMAIN net_price AS price",
    'CREATE DOMAIN "Größe in $" AS numeric',
    "CREATE DOMAIN other.weight AS numeric(6, 3)",
    "CREATE DOMAIN amounts AS numeric[]",
    "CREATE DOMAIN cash AS money",
    "CREATE DOMAIN label AS text",
    "CREATE DOMAIN count_of AS integer",
    "CREATE DOMAIN birthday AS date",
    "CREATE DOMAIN moment AS timestamp(3)",
    "CREATE DOMAIN raw AS bytea",
    "CREATE DOMAIN settings AS jsonb",
    "CREATE DOMAIN token AS uuid",
    "CREATE DOMAIN feeling AS mood",
    "CREATE DOMAIN good_pair AS pair",
    "CREATE DOMAIN flag AS boolean",
    "CREATE DOMAIN flags AS bit(5)",
    "CREATE DOMAIN host AS inet",
    "CREATE DOMAIN span AS float_range",
    "CREATE DOMAIN spot AS point",
    "GRANT USAGE ON SCHEMA other TO PUBLIC",
)
"""What the types below need."""


def line_string(*points: list[float]) -> dict[str, Any]:
    """GeoJSON."""
    return {"type": "LineString", "coordinates": list(points)}


def polygon(*points: list[float]) -> dict[str, Any]:
    """GeoJSON."""
    return {"type": "Polygon", "coordinates": [list(points)]}


def point(x: float, y: float) -> dict[str, Any]:
    """GeoJSON."""
    return {"type": "Point", "coordinates": [x, y]}


def written(name: str, postgresql: str, *texts: tuple[str, str], keys: bool = False) -> LogicalType:
    """A type whose values are stored as PostgreSQL writes them; each is given with its literal."""
    return plain(name, postgresql, *texts, keys=keys)


NETWORKS = types(
    written("inet", "inet", ("10.0.0.1/24", "'10.0.0.1/24'"), ("::1", "'::1'"), ("10.0.0.1", "'10.0.0.1/32'"), keys=True),
    written("cidr", "cidr", ("10.0.0.0/8", "'10.0.0.0/8'"), ("::/0", "'::/0'"), keys=True),
    written("macaddr", "macaddr", ("08:00:2b:01:02:03", "'08002b:010203'"), keys=True),
    written("macaddr8", "macaddr8", ("08:00:2b:01:02:03:04:05", "'08002b0102030405'"), keys=True),
)

RANGES = types(
    written("int4range", "int4range", ("[1,11)", "'[1,10]'"), ("empty", "'empty'"), ("(,)", "'(,)'"), keys=True),
    written("int8range", "int8range", ("[9000000000,)", "'[9000000000,]'")),
    written("numrange", "numrange", ("(1.50,2.0]", "'(1.50,2.0]'"), keys=True),
    written("tsrange", "tsrange", ('["2024-01-01 00:00:00.5",infinity)', "'[2024-01-01 00:00:00.5,infinity)'")),
    written("tstzrange", "tstzrange", ('["2023-12-31 22:00:00+00",)', "'[2024-01-01 00:00+02,)'"), keys=True),
    written("daterange", "daterange", ("[2024-01-01,2024-02-02)", "'[2024-01-01,2024-02-01]'"), keys=True),
    written("int4multirange", "int4multirange", ("{[1,3),[5,7)}", "'{[1,3),[5,7)}'"), ("{}", "'{}'"), keys=True),
    written("tstzmultirange", "tstzmultirange", ('{["2023-12-31 22:00:00+00",)}', "'{[2024-01-01 00:00+02,)}'")),
    written("float_range", "float_range", ("[1.5,2.5)", "'[1.5,2.5)'"), ("empty", "'empty'"), keys=True),
    written("float_multirange", "float_multirange", ("{[1.5,2.5)}", "'{[1.5,2.5)}'")),
)

SEARCH = types(
    LogicalType(
        "tsvector",
        (Value("'a':1A 'cat' 'fat':2B,3", "'a:1A fat:2B,3 cat'"), Value("", "''")),
        "tsvector",
        large=Value("'" + "x" * 2_000 + "'", "(repeat('x', 2000))::tsvector"),
    ),
    written("tsquery", "tsquery", ("'a' & !'b' <-> 'c'", "'a & !b <-> c'")),
    written("jsonpath", "jsonpath", ('$."a"[*]?(@ > 1)', "'$.a[*] ? (@ > 1)'")),
)

INTERNALS = types(
    written("pg_lsn", "pg_lsn", ("16/B374D848", "'16/B374D848'"), keys=True),
    written("pg_snapshot", "pg_snapshot", ("10:20:10,14,15", "'10:20:10,14,15'")),
    written("txid_snapshot", "txid_snapshot", ("10:20:10", "'10:20:10'")),
    written("xid", "xid", ("5", "'5'")),
    written("xid8", "xid8", ("18446744073709551615", "'18446744073709551615'"), keys=True),
    written("cid", "cid", ("5", "'5'")),
    written("tid", "tid", ("(1,2)", "'(1,2)'"), keys=True),
    written("regclass", "regclass", ("pg_class", "'pg_class'")),
    written("regtype", "regtype", ("integer", "'int4'")),
)

GEOMETRIES = types(
    plain("point", "point", (point(1.5, -2.0), "'(1.5,-2)'"), (point(math.inf, 0.0), "'(Infinity,0)'")),
    plain("line", "line", ({"a": 1.0, "b": 2.0, "c": 3.5}, "'{1,2,3.5}'")),
    plain("lseg", "lseg", (line_string([0.0, 0.0], [1.0, 1.5]), "'((0,0),(1,1.5))'")),
    plain("box", "box", (polygon([1.0, 2.0], [1.0, 0.0], [0.0, 0.0], [0.0, 2.0], [1.0, 2.0]), "'(0,0),(1,2)'")),
    plain(
        "path",
        "path",
        (line_string([0.0, 0.0], [1.0, 1.0]), "'[(0,0),(1,1)]'"),
        (line_string([0.0, 0.0], [1.0, 1.0]) | {"closed": True}, "'((0,0),(1,1))'"),
    ),
    plain("polygon", "polygon", (polygon([0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]), "'((0,0),(1,1),(1,0))'")),
    plain("circle", "circle", ({"center": point(1.0, 2.0), "radius": 3.0}, "'<(1,2),3>'")),
)

USERS_OWN = types(
    plain("enumeration", "mood", ("sad", "'sad'"), ("a,b", "'a,b'"), ("glücklich", "'glücklich'"), keys=True),
    plain("namesake", "other.mood", ("two", "'two'"), keys=True),
    written("composite", "pair", ("(1.00,a)", "'(1,a)'"), ('(,"é ""q"", \\\\")', "row(NULL, 'é \"q\", \\')::pair"), keys=True),
    LogicalType(
        "domain",
        (
            Value(dec("NaN"), "'NaN'"),
            Value(dec("Infinity"), "'Infinity'"),
            Value(dec("-Infinity"), "'-Infinity'"),
            Value(dec("1.50"), "1.50"),
        ),
        "amount",
        (Value(None, "'NaN'", key=dec("NaN")), Value(None, "1.50", key=dec("1.5")), Value(None, "10", key=dec("10"))),
    ),
    plain("domain_scaled", "price", (dec("1.50"), "1.5")),
    plain("domain_of_domain", "net_price", (dec("1.50"), "1.5")),
    plain("domain_odd_name", '"Größe in $"', (dec("1.5"), "1.5")),
    plain("domain_elsewhere", "other.weight", (dec("1.500"), "1.5")),
    plain("domain_array", "amounts", ([dec("1.50"), None], "'{1.50,NULL}'"), ([], "'{}'")),
    plain("domain_money", "cash", (dec("1234.56"), "'1234.56'")),
    plain("domain_text", "label", ("NAN", "'NAN'"), ("1.50", "'1.50'"), keys=True, large=Value(LONG, "repeat('long ', 2000)")),
    plain("domain_integer", "count_of", (5, "5")),
    plain("domain_date", "birthday", (at(-43, 3, 15), "'0044-03-15 BC'"), (LATER, "'infinity'")),
    plain("domain_timestamp", "moment", (at(2024, 1, 1, 0, 0, 0, 123), "'2024-01-01 00:00:00.123'")),
    plain("domain_bytes", "raw", (b"\x00\xff", r"'\x00ff'"), large=Value(b"\x00" * 4_000, "decode(repeat('00', 4000), 'hex')")),
    plain("domain_json", "settings", ({"a": dec("1.50")}, "'{\"a\": 1.50}'"), large=Value(LONG, "to_jsonb(repeat('long ', 2000))")),
    plain("domain_uuid", "token", (uuid("0e37df36-f698-11e6-8dd4-cb9ced3df976"), "'0e37df36-f698-11e6-8dd4-cb9ced3df976'")),
    plain("domain_enumeration", "feeling", ("so so", "'so so'")),
    plain("domain_composite", "good_pair", ("(1.00,a)", "'(1,a)'")),
    plain("domain_boolean", "flag", (True, "true")),
    plain("domain_bits", "flags", (b"\x15", "B'10101'")),
    plain("domain_inet", "host", ("::1", "'::1'")),
    plain("domain_range", "span", ("[1.5,2.5)", "'[1.5,2.5)'")),
    plain("domain_point", "spot", (point(1.0, 2.0), "'(1,2)'")),
)

ERA = "a date before Christ in an array loses its era"
GAP = "a date of the ten days that the Gregorian reform left out is ten days later in an array"

ARRAYS = types(
    LogicalType(
        "texts",
        (
            Value(["a", None, "NULL", "a,b", "", 'q"', "[Ljava"], """'{a,NULL,"NULL","a,b","","q\\"","[Ljava"}'"""),
            Value([], "'{}'"),
            Value([None], "'{NULL}'"),
        ),
        "text[]",
        (
            Value(None, "'{a,b}'", key={"k": ["a", "b"]}),
            Value(None, "'{\"a,b\"}'", key={"k": ["a,b"]}),
            Value(None, "'{}'", key={"k": []}),
        ),
        Value(["long"] * 3_000, "array_fill('long'::text, array[3000])"),
    ),
    plain("varchars", "varchar(5)[]", (["a", None], "'{a,NULL}'"), large=Value(["long"] * 3_000, "array_fill('long'::text, array[3000])")),
    plain("chars", "char(3)[]", (["a  "], "'{a}'")),
    plain("booleans", "boolean[]", ([True, False, None], "'{t,f,NULL}'"), ([], "'{}'")),
    plain("int16s", "smallint[]", ([1, None], "'{1,NULL}'")),
    LogicalType(
        "int32s",
        (
            Value([1, None, 3], "'{1,NULL,3}'"),
            Value([], "'{}'"),
            Value([1, 2], "'[5:6]={1,2}'", distorted="the bounds of an array are lost"),
        ),
        "integer[]",
        (Value(None, "'{1,2}'", key={"k": [1, 2]}), Value(None, "'{1,NULL}'", key={"k": [1, None]})),
        Value([7] * 3_000, "array_fill(7, array[3000])"),
    ),
    plain(
        "int64s",
        "bigint[]",
        ([Int64(2**53 + 1), None], "'{9007199254740993,NULL}'"),
        large=Value([Int64(7)] * 3_000, "array_fill(7::bigint, array[3000])"),
    ),
    plain("oids", "oid[]", ([Int64(1), Int64(2**32 - 1)], "'{1,4294967295}'")),
    plain("float32s", "real[]", ([1.1, math.nan, None, -math.inf], "'{1.1,NaN,NULL,-Infinity}'")),
    plain("float64s", "double precision[]", ([0.1, math.nan, math.inf, None], "'{0.1,NaN,Infinity,NULL}'")),
    LogicalType(
        "decimals",
        (Value([dec("1.50"), None], "'{1.50,NULL}'"), Value([], "'{}'")),
        "numeric[]",
        (Value(None, "'{1.50}'", key={"k": [dec("1.5")]}), Value(None, "'{15}'", key={"k": [dec("15")]})),
    ),
    plain("decimals_scaled", "numeric(8, 3)[]", ([dec("1.500"), None], "'{1.5,NULL}'")),
    LogicalType(
        "dates",
        (
            Value([at(2024, 2, 29), None, LATER, EARLIER, at(1500, 2, 28)], "'{2024-02-29,NULL,infinity,-infinity,1500-02-28}'"),
            Value([at(44, 3, 15)], "'{0044-03-15 BC}'", distorted=ERA),
            Value([at(1582, 10, 20)], "'{1582-10-10}'", distorted=GAP),
        ),
        "date[]",
        large=Value([at(2024, 2, 29)] * 3_000, "array_fill(date '2024-02-29', array[3000])"),
    ),
    LogicalType(
        "timestamps",
        (
            Value([at(2024, 3, 31, 2, 30, 0, 123), None, LATER], "'{2024-03-31 02:30:00.123456,NULL,infinity}'"),
            Value([at(1500, 2, 28, 12), at(-43, 3, 15, 12), EARLIER], "'{1500-02-28 12:00:00,0044-03-15 12:00:00 BC,-infinity}'"),
            Value([at(1582, 10, 20, 12)], "'{1582-10-10 12:00:00}'", distorted=GAP),
        ),
        "timestamp[]",
        (
            Value(None, "'{2024-01-01 00:00:00.123456}'", key={"k": ["2024-01-01T00:00:00.123456"]}),
            Value(None, "'{1500-02-28 12:00:00}'", key={"k": ["1500-02-28T12:00:00.000000"]}),
        ),
    ),
    LogicalType(
        "instants",
        (
            Value([at(2024, 3, 31, 0, 30), None, LATER], "'{2024-03-31 02:30:00+02,NULL,infinity}'"),
            Value([at(1500, 2, 28, 12), EARLIER], "'{1500-02-28 12:00:00+00,-infinity}'"),
            Value([at(44, 3, 15, 12)], "'{0044-03-15 12:00:00+00 BC}'", distorted=ERA),
            Value([at(1582, 10, 20, 12)], "'{1582-10-10 12:00:00+00}'", distorted=GAP),
        ),
        "timestamptz[]",
    ),
    LogicalType(
        "times",
        (
            Value(["12:34:56.789000", None], "'{12:34:56.789,NULL}'"),
            Value(["12:34:56.789000"], "'{12:34:56.789012}'", distorted="times in an array are cut to milliseconds"),
            Value(["00:00:00"], "'{24:00:00}'", distorted="24:00 in an array becomes 00:00"),
        ),
        "time[]",
    ),
    plain("zoned_times", "timetz[]", (["10:34:56.789012Z"], "'{12:34:56.789012+02}'")),
    plain(
        "uuids",
        "uuid[]",
        ([uuid("00000000-0000-0000-0000-000000000001"), None], "'{00000000-0000-0000-0000-000000000001,NULL}'"),
        large=Value(
            [uuid("00000000-0000-0000-0000-000000000001")] * 500,
            "array_fill('00000000-0000-0000-0000-000000000001'::uuid, array[500])",
        ),
    ),
    plain(
        "jsons",
        "json[]",
        ([{"a": 1}, None, None], '\'{"{\\"a\\": 1}","null",NULL}\''),
        large=Value([1] * 3_000, "array_fill('1'::json, array[3000])"),
    ),
    plain(
        "jsonbs",
        "jsonb[]",
        ([{"a": dec("1.50")}, [], None], '\'{"{\\"a\\": 1.50}","[]",NULL}\''),
        large=Value([1] * 3_000, "array_fill('1'::jsonb, array[3000])"),
    ),
    plain(
        "byteses",
        "bytea[]",
        ([b"\x00\xff", b"", None], '\'{"\\\\x00ff","",NULL}\''),
        large=Value([b"\x01"] * 3_000, r"array_fill('\x01'::bytea, array[3000])"),
    ),
    plain("inets", "inet[]", (["::1", None], "'{::1,NULL}'")),
    plain("macaddrs", "macaddr[]", (["08:00:2b:01:02:03"], "'{08:00:2b:01:02:03}'")),
    plain("ranges", "int4range[]", (["[1,2)", None], "'{\"[1,2)\",NULL}'")),
    plain("instant_ranges", "tstzrange[]", (['["2023-12-31 22:00:00+00",)'], "'{\"[2024-01-01 00:00+02,)\"}'")),
    plain("multiranges", "int4multirange[]", (["{[1,2)}"], "'{\"{[1,2)}\"}'")),
    plain("tsvectors", "tsvector[]", (["'a'"], "'{a}'")),
    plain("lsns", "pg_lsn[]", (["16/B374D848"], "'{16/B374D848}'")),
    plain("enumerations", "mood[]", (["sad", "a,b"], "'{sad,\"a,b\"}'"), ([], "'{}'")),
    plain("namesakes", "other.mood[]", (["one"], "'{one}'")),
    plain("composites", "pair[]", (["(1.00,a)"], "'{\"(1,a)\"}'")),
    plain("float_ranges", "float_range[]", (["[1.5,2.5)"], "'{\"[1.5,2.5)\"}'")),
    plain("labels", "label[]", (["a", "b,c"], "'{a,\"b,c\"}'")),
)

VECTORS = [
    LogicalType("vector", (Value([1.0, 2.5, -3.0], "'[1,2.5,-3]'"),), "vector(3)", needs="vector"),
    LogicalType("half_vector", (Value([1.0, 2.5], "'[1,2.5]'"),), "halfvec(2)", needs="vector"),
    LogicalType(
        "sparse_vector",
        (
            Value({"dimensions": 5, "vector": {"1": 1.5, "3": 2.0}}, "'{1:1.5,3:2}/5'"),
            Value({"dimensions": 5, "vector": {}}, "'{}/5'"),
        ),
        "sparsevec(5)",
        needs="vector",
    ),
    LogicalType("vectors", (Value([[1.0, 2.0]], "'{\"[1,2]\"}'"),), "vector(2)[]", needs="vector"),
]

EXTENSIONS = [
    LogicalType(
        "hstore",
        (
            Value({"a": "1", "b": None, "c d": 'e"f'}, """'a=>1,b=>NULL,"c d"=>"e\\"f"'"""),
            Value({}, "''"),
            Value({"$x.y": ""}, "'$x.y=>\"\"'"),
        ),
        "hstore",
        large=Value({"a": LONG}, "hstore('a', repeat('long ', 2000))"),
        needs="hstore",
    ),
    LogicalType("hstores", (Value([{"a": "1"}, {"b": None}, None], '\'{"a=>1","b=>NULL",NULL}\''),), "hstore[]", needs="hstore"),
    LogicalType(
        "citext",
        (Value("AbC", "'AbC'"),),
        "citext",
        (Value("AbC", "'AbC'"), Value("abd", "'abd'")),
        Value(LONG, "repeat('long ', 2000)"),
        needs="citext",
    ),
    LogicalType("citexts", (Value(["AbC", None], "'{AbC,NULL}'"),), "citext[]", needs="citext"),
    LogicalType("ltree", (Value("a.b.C", "'a.b.C'"), Value("", "''")), "ltree", (Value("a.b", "'a.b'"),), needs="ltree"),
    LogicalType("ltrees", (Value(["a.b", "c"], "'{a.b,c}'"),), "ltree[]", needs="ltree"),
    LogicalType("lquery", (Value("*.a.*", "'*.a.*'"),), "lquery", needs="ltree"),
    LogicalType("cube", (Value("(1, 2),(3, 4)", "'(1,2),(3,4)'"),), "cube", needs="cube"),
    LogicalType("isbn", (Value("0-393-04002-X", "'978-0-393-04002-9'"),), "isbn", needs="isn"),
    LogicalType("ean13", (Value("978-0-393-04002-9", "'978-0-393-04002-9'"),), "ean13", needs="isn"),
    LogicalType("seg", (Value("1.5 .. 2.50", "'1.5 .. 2.50'"),), "seg", needs="seg"),
    LogicalType(
        "xml",
        (Value('<a b="c">x</a>', "'<a b=\"c\">x</a>'"), Value("text", "'text'")),
        "xml",
        large=Value(f"<a>{LONG}</a>", "('<a>' || repeat('long ', 2000) || '</a>')::xml"),
        needs="libxml",
    ),
]

ALL = [*NETWORKS, *RANGES, *SEARCH, *INTERNALS, *GEOMETRIES, *USERS_OWN, *ARRAYS, *VECTORS, *EXTENSIONS]
