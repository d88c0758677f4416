"""What conditions keep of row images equals SELECT ... WHERE on the real server, for random conditions and awkward values."""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pymysql
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.contract.filters import tables
from tests.contract.filters.conditions import conditions
from tests.contract.filters.values import SampleTable, sample_table
from tests.contract.filters.weights import COLLATIONS, ascii_alike
from tests.e2e.harness.source import drop_source, make_source

from pipeline.errors import FilterError
from pipeline.filters.catalogue import FilterColumn
from pipeline.filters.collations import folds_of
from pipeline.filters.condition import Condition
from pipeline.filters.dialect import dialect_of
from pipeline.filters.faults import NotEvaluatedError
from stack.mysql import BinlogServer
from stack.stack import Stack

ROWS = 150
EXAMPLES = int(os.environ.get("ROWSTREAM_CONDITIONS", "250"))

Select = Callable[[str], set[int] | None]
"""The keys of the rows that satisfy a condition; None where the server refuses."""


class Trial:
    """A table on a server, and what conditions make of its rows."""

    def __init__(self, source_type: str, table: SampleTable, columns: Sequence[FilterColumn], select: Select) -> None:
        self.table = table
        self._dialect = dialect_of(source_type)
        self._columns = columns
        self._select = select

    def check(self, text: str) -> None:
        """See that the condition keeps what the server selects, by the user's words and by those that it is sent."""
        condition = Condition(text, self._dialect, "shop.sample", self._columns)
        try:
            condition.check()
        except NotEvaluatedError as refusal:
            event(f"refused: {refusal.message.partition(': ')[2][:60]}")
            return
        selected, sent = self._select(text), self._select(condition.sql)
        assert selected == sent, condition.sql
        kept, unknown = self._kept(condition)
        event("evaluated" if not unknown else "some rows are not evaluated")
        assert selected is not None or unknown, "the server refuses what is evaluated"
        if selected is not None:
            assert kept - unknown == selected - unknown, condition.sql

    def _kept(self, condition: Condition) -> tuple[set[int], set[int]]:
        test, kept, unknown = condition.test(self.table.schema()), set[int](), set[int]()
        for image in self.table.images():
            try:
                if test(image) is True:
                    kept.add(image["id"])
            except FilterError:
                unknown.add(image["id"])
        return kept, unknown


@pytest.fixture(scope="module")
def postgresql(stack: Stack) -> Iterator[Trial]:
    """The table of PostgreSQL."""
    table = sample_table(tables.POSTGRESQL, ROWS)
    source = make_source(stack.connections.admin_dsn, "conditions")
    source.run(*table.create("sample"))
    with source.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")

        def select(condition: str) -> set[int] | None:
            try:
                return {row[0] for row in connection.execute(f"SELECT id FROM sample WHERE {condition}".encode()).fetchall()}
            except psycopg.DataError:
                return None

        collations = {"word": "C.UTF-8", "padded": "C", "c_word": "C"}
        yield Trial("POSTGRESQL", table, [FilterColumn("id", "integer"), *_postgresql_columns(collations)], select)
    drop_source(stack.connections.admin_dsn, source)


def _postgresql_columns(collations: dict[str, str]) -> Iterator[FilterColumn]:
    names = {
        "smallint": "smallint",
        "char(8)": "character(8)",
        "timestamp": "timestamp without time zone",
        "timestamptz": "timestamp with time zone",
    }
    for column in tables.POSTGRESQL:
        declared = column.declared.partition(" COLLATE")[0].replace("varchar", "character varying")
        yield FilterColumn(column.name, names.get(declared, declared), collations.get(column.name))


@pytest.fixture(scope="module")
def binlog(binlog_server: BinlogServer) -> Iterator[Trial]:
    """The table of MySQL, then of MariaDB."""
    table = sample_table(tables.MYSQL, ROWS)
    with _database(binlog_server) as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        for statement in table.create("sample"):
            cursor.execute(statement)
        cursor.execute("SELECT column_name, column_type, collation_name FROM information_schema.columns WHERE table_schema = DATABASE()")
        columns = [FilterColumn(*row) for row in cursor.fetchall()]

        def select(condition: str) -> set[int] | None:
            try:
                cursor.execute(f"SELECT id FROM sample WHERE {condition}")
            except (pymysql.OperationalError, pymysql.DataError):
                return None
            return {row[0] for row in cursor.fetchall()}

        yield Trial("MYSQL", table, columns, select)


@contextmanager
def _database(server: BinlogServer) -> Iterator["pymysql.Connection[Any]"]:
    name = f"conditions_{secrets.token_hex(3)}"
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        cursor.execute(f"USE {name}")
        try:
            yield connection
        finally:
            cursor.execute(f"DROP DATABASE {name}")


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_conditions_keep_what_postgresql_selects(postgresql: Trial, data: st.DataObject) -> None:
    postgresql.check(data.draw(conditions(tables.POSTGRESQL, mysql=False)))


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_conditions_keep_what_mysql_and_mariadb_select(binlog: Trial, data: st.DataObject) -> None:
    binlog.check(data.draw(conditions(tables.MYSQL, mysql=True)))


def test_the_collations_are_as_the_servers_have_them(binlog_server: BinlogServer) -> None:
    with _database(binlog_server) as connection:
        for collation in COLLATIONS[binlog_server.scheme]:
            alike = ascii_alike(connection, collation)
            known = folds_of(collation.removeprefix("utf8mb4_"))
            assert known == {ord(character): text for text, characters in alike.items() for character in characters}, collation
