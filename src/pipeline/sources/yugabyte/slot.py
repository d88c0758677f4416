"""
What a job makes in the database to be told its changes: a table for its markers, a publication, a slot.

The slot is the last, since it keeps to what the others were when it was made (YugabyteDB's documentation: "Logical replication:
Key concepts").
"""

import re
from collections.abc import Sequence
from typing import Any

from psycopg import Connection, errors
from psycopg import Error as DriverError
from psycopg.sql import SQL, Composed, Identifier, Literal

from pipeline.errors import ConfigError, SourceError, SourceUnavailableError
from pipeline.sources.following import Place
from pipeline.sources.source import Ownership, Table

PLUGIN = "pgoutput"
WRITER = 1

MARKER_NAME = re.compile(r"rowstream_[0-9a-f]{24}_g[0-9]+")
"""The tables of all jobs' markers are called so: no job takes one."""

MARKER = """
SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relname = %s AND c.relkind = 'r'
"""
PUBLICATION = "SELECT 1 FROM pg_catalog.pg_publication WHERE pubname = %s"
SLOT = "SELECT 1 FROM pg_catalog.pg_replication_slots WHERE slot_name = %s"
DROP_SLOT = "SELECT pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = %s"

UNPUBLISHED = """
SELECT w.schema, w.name
  FROM unnest(%s::text[], %s::text[]) AS w (schema, name)
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_publication_tables AS p
                    WHERE p.pubname = %s AND p.schemaname = w.schema AND p.tablename = w.name)
"""

_IN_USE = re.compile(r"replication slot .* is active")


def make_slot(connection: Connection[Any], owned: Ownership, tables: Sequence[Table]) -> None:
    """
    Make the job's table, publication and slot, each unless it exists; from then on every change of the tables is kept.

    Raises:
        ConfigError: The database has no slot left.
    """
    connection.execute(SQL("CREATE TABLE IF NOT EXISTS {} (writer int PRIMARY KEY, moment bigint NOT NULL)").format(Identifier(owned.slot)))
    marker = find_marker(connection, owned.slot)
    connection.execute(SQL("ALTER TABLE {} REPLICA IDENTITY DEFAULT").format(Identifier(*marker)))
    if connection.execute(PUBLICATION, [owned.publication]).fetchone() is None:
        connection.execute(publication(owned, [*((table.schema, table.name) for table in tables), marker]))
    if connection.execute(SLOT, [owned.slot]).fetchone() is not None:
        return
    try:
        connection.execute("SELECT pg_create_logical_replication_slot(%s, %s)", [owned.slot, PLUGIN])
    except errors.ConfigurationLimitExceeded as error:
        suggestion = "Raise the flag max_replication_slots, or drop a slot."
        raise ConfigError(f"the database has no replication slot left: {error}", suggestion=suggestion, code="NO_SLOT_FREE") from error


def publication(owned: Ownership, places: Sequence[Place]) -> Composed:
    """The statement that publishes the tables."""
    return SQL("CREATE PUBLICATION {} FOR TABLE {}").format(
        Identifier(owned.publication), SQL(", ").join(Identifier(*place) for place in places)
    )


def find_marker(connection: Connection[Any], name: str) -> Place:
    """
    The place of the table of a job's markers.

    Raises:
        ConfigError: It is gone.
    """
    found = connection.execute(MARKER, [name]).fetchone()
    if found is None:
        raise ConfigError(
            f"the table {name}, in which the job marks its moments, is gone", suggestion="Post the job again.", code="SLOT_GONE"
        )
    return found[0], found[1]


def marking(marker: Place) -> Composed:
    """The statement that marks a moment."""
    return SQL("INSERT INTO {} VALUES ({}, %s) ON CONFLICT (writer) DO UPDATE SET moment = excluded.moment").format(
        Identifier(*marker), Literal(WRITER)
    )


def check_published(connection: Connection[Any], owned: Ownership, places: Sequence[Place]) -> None:
    """
    See that the publication has the tables that exist.

    Raises:
        SourceError: It lacks one: its changes are being lost.
    """
    wanted = [[schema for schema, _ in places], [name for _, name in places], owned.publication]
    found = connection.execute(UNPUBLISHED, wanted).fetchall()
    if found:
        names = ", ".join(f"{schema}.{name}" for schema, name in found)
        message = f"{names}: the table is not in the job's publication (any more): changes made since then are lost"
        raise SourceError(message, suggestion="Post the job again with a snapshot.", code="PUBLICATION_GONE")


def drop_slot(connection: Connection[Any], owned: Ownership) -> None:
    """
    Drop all that `make_slot` made; what is gone is no error.

    Raises:
        SourceUnavailableError: The slot counts as in use, as it does for some minutes after its reader is gone.
    """
    try:
        connection.execute(DROP_SLOT, [owned.slot])
    except DriverError as error:
        if _IN_USE.search(str(error)):
            raise SourceUnavailableError(f"the replication slot {owned.slot} still counts as in use: {error}") from error
        raise
    connection.execute(SQL("DROP PUBLICATION IF EXISTS {}").format(Identifier(owned.publication)))
    for place in connection.execute(MARKER, [owned.slot]).fetchall():
        connection.execute(SQL("DROP TABLE IF EXISTS {}").format(Identifier(*place)))


def drop_statements(owned: Ownership) -> list[str]:
    """The SQL that does the same by hand."""
    return [
        SQL("SELECT pg_drop_replication_slot({});").format(Literal(owned.slot)).as_string(),
        SQL("DROP PUBLICATION IF EXISTS {};").format(Identifier(owned.publication)).as_string(),
        SQL("DROP TABLE IF EXISTS {};").format(Identifier(owned.slot)).as_string(),
    ]
