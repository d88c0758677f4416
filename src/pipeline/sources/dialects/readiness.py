"""What a database that SQLAlchemy reads still lacks for a job."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, literal_column, select, text
from sqlalchemy.exc import SQLAlchemyError

from pipeline.sources.dialects.catalogue import read_catalogue
from pipeline.sources.dialects.expressions import as_written, rows_of
from pipeline.sources.dialects.tables import FoundTable
from pipeline.sources.findings import condition_refused
from pipeline.sources.source import Finding, Severity, Table


def check_tables(connection: Connection, tables: Sequence[Table]) -> list[Finding]:
    """Every finding on these tables, warnings and errors."""
    if not tables:
        message = "the database has no tables that this user sees"
        suggestion = "Grant the user SELECT on them, and check the database's (or schema's) name in the URL."
        return [Finding("NO_TABLES", Severity.ERROR, message, suggestion)]
    taken = {(table.schema, table.name) for table in tables}
    found = [each for each in read_catalogue(connection) if (each.schema, each.name) in taken]
    conditions = [finding for table in tables for finding in _condition(connection, table)]
    return [*conditions, *_blocked_writers(connection), *(finding for each in found for finding in _check_table(connection, each))]


def _condition(connection: Connection, table: Table) -> Iterator[Finding]:
    """Whether the database takes the condition of the table's filter: none of its rows is asked for."""
    if table.condition is not None:
        rows = rows_of(connection.dialect, table.schema, table.name, [])
        try:
            connection.execute(select(literal_column("1")).select_from(rows).where(as_written(table.condition), as_written("1 = 0")))
        except SQLAlchemyError as error:
            connection.rollback()
            yield condition_refused(table, " ".join(str(getattr(error, "orig", None) or error).split()))


def _check_table(connection: Connection, found: FoundTable) -> Iterator[Finding]:
    name = f"{found.schema}.{found.name}"
    wires = found.wire_types(connection.dialect.name)
    if not found.key:
        yield Finding(
            "NO_KEY",
            Severity.WARNING,
            f"{name} has no key: it is read in one go, and if the reading is interrupted, all tables are read again from the beginning",
            "Give it a primary key.",
            table=name,
        )
    elif not all(wires[column].compares for column in found.key):
        yield Finding(
            "KEY_NOT_COMPARABLE",
            Severity.WARNING,
            f"the key of {name} has a type whose values cannot be given back to the database exactly: if the reading of it is "
            "interrupted, all tables are read again from the beginning",
            table=name,
        )
    for column in found.columns:
        if wires[column.name].is_only_text:
            yield Finding(
                "TYPE_AS_TEXT",
                Severity.WARNING,
                f'the column "{column.name}" of {name} has the type {column.type_name}, of which the database makes a text',
                table=name,
            )


def _blocked_writers(connection: Connection) -> Iterator[Finding]:
    """A SQLite file without a write-ahead log takes no writes while it is read."""
    if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA journal_mode")).scalar() != "wal":
        yield Finding(
            "WRITERS_WAIT",
            Severity.WARNING,
            "the SQLite file has no write-ahead log: whoever writes to it waits while a table is read",
            "Switch it on, or run the job while nobody writes.",
            "PRAGMA journal_mode = WAL",
        )
