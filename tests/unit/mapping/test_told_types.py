"""
What the connectors of SQL Server, Oracle and Db2 tell by their documentation becomes what the contract of types says of documents.

The tests in `tests/docker` ask the same of real servers, from the literals on.
"""

from collections.abc import Sequence
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from tests.contract.types import db2, oracle, sqlserver
from tests.contract.types.dialects import DB2, ORACLE, SQL_SERVER, Dialect
from tests.contract.types.logical import LogicalType, Value
from tests.contract.types.moving import TypedTables, as_bytes
from tests.contract.types.told import INT32, digits, scaled, timestamp, varying
from tests.fakes.envelopes import SOURCES, ConnectorTable

from pipeline.change.decode import Decoder
from pipeline.errors import MappingError
from pipeline.jobs.job import TablePlan
from pipeline.mapping.rows import TableMapper
from pipeline.sink.write import Insert, Replace
from pipeline.sources.db2.types import check_types as check_db2
from pipeline.sources.oracle.types import check_types as check_oracle
from pipeline.sources.source import Column, Finding, Identity, Mode, Severity, Table
from pipeline.sources.sqlserver.types import check_types as check_sqlserver

BY_DIALECT = {SQL_SERVER: sqlserver.TYPES, ORACLE: oracle.TYPES, DB2: [*db2.TYPES, *db2.READ_ONLY]}
TYPES = [(dialect.name, logical) for dialect, types in BY_DIALECT.items() for logical in types]
KEYED = [(name, logical) for name, logical in TYPES if logical.keys]


def each_of(types: Sequence[tuple[str, LogicalType]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("connector", "logical"), types, ids=[f"{name}-{logical.name}" for name, logical in types])


def named(schema: Any, name: str, *, optional: bool = True) -> dict[str, Any]:
    return {**schema, "field": name, "optional": optional}


def document(connector: str, logical: LogicalType, operation: str, told: Any, *, key: bool = False) -> dict[str, Any]:
    """What becomes of a row with this value, whose key it is or not."""
    columns = [named(INT32, "beside")] if key else [named(INT32, "id", optional=False)]
    table = ConnectorTable(connector, [*columns, named(logical.schema, "x", optional=not key)], ["x" if key else "id"])
    row = {columns[0]["field"]: 7, "x": told}
    source = SOURCES[connector]
    plan = TablePlan(
        schema_name=source["schema"],
        table=source["table"],
        topic=table.topic,
        collection="rows",
        key=tuple(table.key),
        identity=Identity.KEY,
    )
    change = Decoder().decode(table.tell(operation, row if operation == "u" else None, row))
    assert change is not None
    write = TableMapper(plan, "job", 1).write(change)
    assert isinstance(write, Insert | Replace)
    return dict(RawBSONDocument(write.document if isinstance(write.document, bytes) else bson.encode(write.document)))


def of(logical: LogicalType) -> Sequence[Value]:
    return [*logical.values, *([logical.large] if logical.large else [])]


@each_of(TYPES)
@pytest.mark.parametrize("operation", ["r", "c", "u"])
def test_a_value_becomes_what_the_contract_says(connector: str, logical: LogicalType, operation: str) -> None:
    for value in of(logical):
        found = document(connector, logical, operation, value.told)
        assert as_bytes(found) == as_bytes({"_id": 7, "x": value.stored}), value


@each_of(TYPES)
def test_null_is_null(connector: str, logical: LogicalType) -> None:
    assert document(connector, logical, "c", None) == {"_id": 7, "x": None}


@each_of(KEYED)
def test_a_key_becomes_what_the_contract_says(connector: str, logical: LogicalType) -> None:
    for value in logical.keys:
        found = document(connector, logical, "c", value.told, key=True)
        assert as_bytes(found) == as_bytes({"_id": value.id, "beside": 7}), value
    assert len({as_bytes(value.id) for value in logical.keys}) == len(logical.keys)


def test_a_number_of_38_digits_is_refused() -> None:
    logical = LogicalType("decimal", (), schema=scaled(38, 0))
    with pytest.raises(MappingError, match="34 significant digits"):
        document("sqlserver", logical, "c", digits("9" * 38))


def test_times_and_numbers_are_told_as_debeziums_documentation_has_them() -> None:
    assert timestamp(2018, 6, 20, 15, 13, 16, micros=945_104)[1] == 1_529_507_596_945_104
    assert varying("77.323")[1] == {"scale": 3, "value": "AS4L"}


def refused(dialect: Dialect, table: Table) -> list[Finding]:
    if dialect is SQL_SERVER:
        found = list(check_sqlserver(table, None))
    else:
        found = list((check_oracle if dialect is ORACLE else check_db2)(table, Mode.CDC))
    return [finding for finding in found if finding.severity is Severity.ERROR]


@pytest.mark.parametrize("dialect", [SQL_SERVER, ORACLE, DB2], ids=lambda dialect: dialect.name)
def test_readiness_takes_every_type_of_the_contract(dialect: Dialect) -> None:
    types = BY_DIALECT[dialect] if dialect is not DB2 else db2.TYPES
    columns = tuple(Column(logical.name, (logical.called(dialect.name) or "").replace(", ", ","), nullable=True) for logical in types)
    assert not refused(dialect, Table("s", "body", columns, ("id",), Identity.KEY))
    for logical, column in zip(types, columns, strict=True):
        if logical.keys:
            assert not refused(dialect, Table("s", "keyed", (column,), (logical.name,), Identity.KEY)), logical.name


@pytest.mark.parametrize("dialect", [SQL_SERVER, ORACLE, DB2], ids=lambda dialect: dialect.name)
def test_every_value_is_inserted_read_and_changed(dialect: Dialect) -> None:
    types = BY_DIALECT[dialect]
    tables = TypedTables(types, dialect)
    before, streamed = list(tables.before()), list(tables.streamed())
    for logical in types:
        for value in logical.values:
            literal = value.literal(dialect.name)
            assert literal is not None
            assert sum(literal in statement for statement in (*before, *streamed)) >= 4
    assert len(tables.names) == len(set(tables.names)) == sum(each.startswith("CREATE TABLE") for each in tables.create())
