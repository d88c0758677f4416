"""The publications of a job: made by rowstream, so that the application's own statements never fail for them."""

from collections.abc import Iterable, Sequence

from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg.sql import SQL, Composed, Identifier, Literal

from pipeline.errors import SourceError
from pipeline.sources.source import Identity, Ownership, Table

LONGEST_NAME = 63
"""PostgreSQL cuts longer names, where they are made and where they are looked for."""

EVERYTHING = "insert, update, delete, truncate"
INSERTS = "insert, truncate"
GENERATED_COLUMNS_SINCE = 180000

UNPUBLISHED = """
SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest(%(schemas)s::text[], %(names)s::text[]))
   AND NOT EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
                    WHERE r.prrelid = c.oid AND p.pubname = ANY (%(publications)s::text[]))
 ORDER BY 1, 2
"""


PUBLISHED = """
SELECT n.nspname AS schema, c.relname AS name
  FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
  JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE p.pubname = ANY (%(publications)s::text[])
"""


def publication_names(owned: Ownership, tables: Sequence[Table]) -> list[str]:
    """The publications that a stream of these tables reads."""
    return [name for name, members, _ in _publications(owned, tables) if members]


async def make_publications(connection: AsyncConnection[DictRow], owned: Ownership, tables: Sequence[Table]) -> None:
    """
    Make the publications, or set them right if they exist.

    PostgreSQL refuses an UPDATE or DELETE of a table without usable replica identity as soon
    as a publication publishes it. So such tables are in a publication of their own that has
    only inserts and truncates. Debezium asks for one publication of the name it is given,
    although PostgreSQL takes a list: an empty third one bears the list as its name. Without ONLY, a
    publication takes the tables that inherit from a member with it, whatever their identity.
    """
    wanted = [publication for publication in _publications(owned, tables) if publication[1]]
    async with connection.transaction():
        existing = await _existing(connection, owned)
        for name, members, operations in wanted:
            for statement in _set(connection, name, members, operations, exists=name in existing):
                await connection.execute(statement)
        if len(wanted) > 1 and _list_name(owned) not in existing:
            await connection.execute(SQL("CREATE PUBLICATION {}").format(Identifier(_list_name(owned))))


async def drop_publications(connection: AsyncConnection[DictRow], owned: Ownership) -> None:
    """Drop the generation's publications; those that are gone are no error."""
    for name in await _existing(connection, owned):
        await connection.execute(SQL("DROP PUBLICATION IF EXISTS {}").format(Identifier(name)))


async def check_publications(connection: AsyncConnection[DictRow], owned: Ownership, tables: Sequence[tuple[str, str]]) -> None:
    """
    Check that nobody dropped a publication that the generation's stream reads, or took one of the tables (schema, name) out of it.

    A table that does not exist any more has no changes to lose.

    Raises:
        SourceError: One is gone. Since version 18 the server streams on without its tables
            and only writes a warning to its log, so nothing else would tell.
    """
    wanted = {"schemas": [schema for schema, _ in tables], "names": [name for _, name in tables], "publications": list(all_names(owned))}
    cursor = await connection.execute(UNPUBLISHED.encode(), wanted)
    unpublished = [f"{row['schema']}.{row['name']}" for row in await cursor.fetchall()]

    # Asked after the tables: one dropped between the two questions is told as what it is.
    existing = await _existing(connection, owned)
    everything, inserts, names = all_names(owned)
    needed = {everything, inserts} if names in existing else {next(iter({everything, inserts} & existing), everything)}
    if gone := sorted(needed - existing):
        raise _gone(f"the publication {', '.join(gone)} of the job was dropped")
    if unpublished:
        raise _gone(f"{', '.join(unpublished)}: the table was taken out of the job's publication, or another has its name now")


async def published_tables(connection: AsyncConnection[DictRow], owned: Ownership) -> set[tuple[str, str]]:
    """The tables (schema, name) that the generation's publications have."""
    cursor = await connection.execute(PUBLISHED.encode(), {"publications": list(all_names(owned))})
    return {(row["schema"], row["name"]) for row in await cursor.fetchall()}


def _gone(what: str) -> SourceError:
    return SourceError(
        f"{what}: changes made since then are lost", suggestion="Post the job again with a snapshot.", code="PUBLICATION_GONE"
    )


def all_names(owned: Ownership) -> tuple[str, str, str]:
    """The names the generation's publications may have: with everything, with inserts only, and the list of both."""
    return owned.publication, f"{owned.publication}_ins", _list_name(owned)


def drop_statements(owned: Ownership) -> list[str]:
    """The SQL that drops the publications by hand."""
    return [f'DROP PUBLICATION IF EXISTS "{name}";' for name in all_names(owned)]


def _publications(owned: Ownership, tables: Sequence[Table]) -> list[tuple[str, list[Table], str]]:
    everything, inserts, _ = all_names(owned)
    usable = [table for table in tables if table.identity is not Identity.NOTHING]
    others = [table for table in tables if table.identity is Identity.NOTHING]
    return [(everything, usable, EVERYTHING), (inserts, others, INSERTS)]


def _list_name(owned: Ownership) -> str:
    return f"{owned.publication},{owned.publication}_ins"[:LONGEST_NAME]


def _set(connection: AsyncConnection[DictRow], name: str, tables: list[Table], operations: str, *, exists: bool) -> Iterable[Composed]:
    members = SQL(", ").join(SQL("ONLY {}").format(Identifier(table.schema, table.name)) for table in tables)
    options = SQL("publish = {}, publish_via_partition_root = true").format(Literal(operations))
    if connection.info.server_version >= GENERATED_COLUMNS_SINCE:
        options += SQL(", publish_generated_columns = stored")
    if exists:
        yield SQL("ALTER PUBLICATION {} SET TABLE {}").format(Identifier(name), members)
        yield SQL("ALTER PUBLICATION {} SET ({})").format(Identifier(name), options)
    else:
        yield SQL("CREATE PUBLICATION {} FOR TABLE {} WITH ({})").format(Identifier(name), members, options)


async def _existing(connection: AsyncConnection[DictRow], owned: Ownership) -> set[str]:
    cursor = await connection.execute("SELECT pubname FROM pg_publication WHERE pubname = ANY (%s::text[])", [list(all_names(owned))])
    return {row["pubname"] for row in await cursor.fetchall()}
