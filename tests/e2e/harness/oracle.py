"""
What documents a source's rows ask for, worked out a second time, from the rows themselves.

Nothing of the project is used here: the rules are written down again from its documentation,
so that a mistake in `pipeline.mapping` cannot hide itself.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import psycopg
from bson import Binary, Decimal128, Int64
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads
from tests.e2e.harness.source import SourceDatabase

Document = dict[str, Any]
KeyRules = dict[str, Callable[[Any], Any]]

COLUMNS = """
SELECT a.attname AS name, CASE WHEN t.typtype = 'e' THEN 'enum' ELSE t.typname END AS type, a.atttypmod AS modifier,
       CASE WHEN e.typtype = 'e' THEN 'enum' ELSE e.typname END AS element
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
 WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
KEY = """
SELECT a.attname AS name, t.typname AS type
  FROM pg_index i JOIN pg_class r ON r.oid = i.indrelid CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
  JOIN pg_type t ON t.oid = a.atttypid
 WHERE i.indrelid = %s::regclass AND CASE WHEN r.relreplident = 'i' THEN i.indisreplident ELSE i.indisprimary END ORDER BY k.place
"""


@dataclass(frozen=True, slots=True)
class Style:
    """How a project wants documents: names as the source has them, NULLs left out."""

    source_names: bool = False
    omitted_nulls: bool = False

    def named(self, name: str) -> str:
        """The name of a table or column in MongoDB."""
        return name if self.source_names else camel(name)

    def leaves_out(self, raw: Any) -> bool:
        """Whether a document has no field for what a driver read."""
        return raw is None and self.omitted_nulls


USUAL = Style()
JSON_NULL = object()


@dataclass(frozen=True, slots=True)
class ExpectedTable:
    """The documents a table asks for: by the key's columns (a tuple), or, without a key, without `_id`."""

    keyed: bool
    documents: Iterator[Document]


def read_expected(source: SourceDatabase, table: str, style: Style = USUAL) -> ExpectedTable:
    """The documents that the rows of a table ask for; `table` is written as in SQL, quoted where it has to be."""
    with psycopg.connect(source.admin_dsn, row_factory=dict_row) as connection:
        columns = connection.execute(COLUMNS, [table]).fetchall()
        key = {row["name"]: _KEY_RULES.get(row["type"], _same) for row in connection.execute(KEY, [table])}
    return ExpectedTable(bool(key), _documents(source, table, columns, key, style))


def _documents(source: SourceDatabase, table: str, columns: list[dict[str, Any]], key: KeyRules, style: Style) -> Iterator[Document]:
    names = {column["name"]: style.named(column["name"]) for column in columns}
    body = {name: "_id_" if field == "_id" else field for name, field in names.items() if name not in key}
    rules = {column["name"]: _rule(column) for column in columns}
    listed = ", ".join(_selected(column) for column in columns)
    with psycopg.connect(source.admin_dsn) as connection, connection.cursor("rows") as cursor:
        set_json_loads(_read_json, cursor)
        cursor.execute(f"SELECT {listed} FROM {table}".encode())
        for values in cursor:
            raw = dict(zip(names, values, strict=True))
            row = {name: None if value is None else rules[name](value) for name, value in raw.items()}
            parts = {names[name]: row[name] if rule is _same else rule(raw[name]) for name, rule in key.items()}
            yield _identity(parts) | {field: row[name] for name, field in body.items() if not style.leaves_out(raw[name])}


def _identity(parts: Document) -> Document:
    if not parts:
        return {}
    return {"_id": next(iter(parts.values())) if len(parts) == 1 else parts}


def camel(name: str) -> str:
    """`name` in camelCase, as the documentation has it."""
    leading = re.match("_*", name)
    words = [word for word in re.split("[-_ ]+", name) if word]
    if not words:
        return name
    plain = [word.lower() if word == word.upper() else _lower_first_run(word) for word in words]
    return (leading[0] if leading else "") + plain[0] + "".join(word[:1].upper() + word[1:] for word in plain[1:])


def _lower_first_run(word: str) -> str:
    run = re.match("[A-Z]+(?=[A-Z][a-z])|[A-Z]+", word)
    return word if run is None else run[0].lower() + word[run.end() :]


def _selected(column: Mapping[str, Any]) -> str:
    name = '"' + column["name"].replace('"', '""') + '"'
    if column["element"] == "enum":
        return f"{name}::text[]"
    return f"{name}::text" if column["type"] in AS_TEXT else name


def _rule(column: Mapping[str, Any]) -> Callable[[Any], Any]:
    if column["element"] is not None:
        element = _RULES[column["element"]]
        return lambda values: [None if value is None else element(value) for value in values]
    if column["type"] == "bit" and column["modifier"] == 1:
        return lambda bits: bool(bits == "1")
    return _RULES[column["type"]]


def _same(value: Any) -> Any:
    return value


def _decimal(value: Decimal) -> Decimal128:
    return Decimal128(value)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _instant(moment: datetime) -> datetime:
    """In UTC (a timestamp without a zone counts as UTC), and cut to the millisecond."""
    aware = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.replace(microsecond=aware.microsecond // 1000 * 1000)


def _clock(moment: time) -> str:
    return moment.isoformat()


def _read_json(text: str | bytes) -> Any:
    """The value of a JSON text; its null is no NULL."""
    value = json.loads(text, parse_float=Decimal)
    return JSON_NULL if value is None else value


def _from_json(value: Any) -> Any:
    if value is JSON_NULL:
        return None
    if isinstance(value, dict):
        return {name: _from_json(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_from_json(inner) for inner in value]
    return Decimal128(value) if isinstance(value, Decimal) else value


def _bits(bits: str) -> bytes:
    return int(bits, 2).to_bytes((len(bits) + 7) // 8, "big")


def _vector(text: str) -> list[float]:
    return [float(part) for part in text.strip("[]").split(",")]


def _point(text: str) -> Document:
    return {"type": "Point", "coordinates": [float(part) for part in text.strip("()").split(",")]}


def _money(text: str) -> Decimal128:
    return Decimal128(Decimal(re.sub("[$,]", "", text)))


def _moment_key(moment: datetime) -> str:
    """Six digits of the second, and a Z where there is a zone."""
    plain = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return plain.isoformat(timespec="microseconds") + ("Z" if moment.tzinfo else "")


def _decimal_key(value: Decimal) -> Decimal128:
    """Without superfluous zeros, but never with an exponent."""
    short = value.normalize()
    return Decimal128(short.quantize(Decimal(1)) if short == short.to_integral_value() else short)


_KEY_RULES: KeyRules = {"timestamp": _moment_key, "timestamptz": _moment_key, "numeric": _decimal_key}
"""Where a key's value is not what the body has; keys hold no nulls."""

AS_TEXT = {"money", "int4range", "macaddr", "tsvector", "point", "vector", "bit", "enum"}
"""Types whose text says all."""

_RULES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("bool", "int2", "int4", "text", "varchar", "bpchar", "name", "enum"), _same),
    **dict.fromkeys(("int4range", "macaddr", "tsvector"), _same),
    **dict.fromkeys(("float4", "float8"), float),
    **dict.fromkeys(("timestamp", "timestamptz"), _instant),
    **dict.fromkeys(("json", "jsonb"), _from_json),
    "int8": Int64,
    "numeric": _decimal,
    "money": _money,
    "date": _midnight,
    "time": _clock,
    "uuid": Binary.from_uuid,
    "bytea": bytes,
    "bit": _bits,
    "inet": str,
    "point": _point,
    "vector": _vector,
}
