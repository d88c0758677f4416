"""What the catalogue of a real server is read as."""

import psycopg
import pytest

from pipeline.errors import ConfigError
from pipeline.jobs.names import ownership
from pipeline.sources.source import Identity, Mode, Table

from .database import Database

SCHEMA = """
CREATE TABLE keyed (id int PRIMARY KEY, v varchar(10), n numeric(12, 2)[] NOT NULL);
CREATE TABLE composed (a int, b int, c int, PRIMARY KEY (c, a));
CREATE TABLE late (id int PRIMARY KEY DEFERRABLE);
CREATE TABLE late_full (id int PRIMARY KEY DEFERRABLE);
ALTER TABLE late_full REPLICA IDENTITY FULL;
CREATE TABLE keyless (a int);
CREATE TABLE keyless_full (a int);
ALTER TABLE keyless_full REPLICA IDENTITY FULL;
CREATE TABLE silent (id int PRIMARY KEY);
ALTER TABLE silent REPLICA IDENTITY NOTHING;
CREATE TABLE indexed (id int PRIMARY KEY, b int NOT NULL, a int NOT NULL);
CREATE UNIQUE INDEX indexed_identity ON indexed (a, b) INCLUDE (id);
ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_identity;
CREATE TABLE unindexed (id int PRIMARY KEY, a int NOT NULL);
CREATE UNIQUE INDEX lost_identity ON unindexed (a);
ALTER TABLE unindexed REPLICA IDENTITY USING INDEX lost_identity;
DROP INDEX lost_identity;
CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE TABLE parted_keyless (id int) PARTITION BY RANGE (id);
CREATE TABLE parted_keyless_1 PARTITION OF parted_keyless FOR VALUES FROM (0) TO (10);
ALTER TABLE parted_keyless REPLICA IDENTITY FULL;
CREATE TABLE parted_full (id int) PARTITION BY RANGE (id);
CREATE TABLE parted_full_1 PARTITION OF parted_full FOR VALUES FROM (0) TO (10);
ALTER TABLE parted_full_1 REPLICA IDENTITY FULL;
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY);
CREATE TEMPORARY TABLE temporary (id int PRIMARY KEY);
CREATE VIEW seen AS SELECT * FROM keyed;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM keyed;
CREATE TABLE computed (id int PRIMARY KEY, s int GENERATED ALWAYS AS (id + 1) STORED, w int GENERATED ALWAYS AS (id + 2) VIRTUAL);
CREATE SCHEMA "Sales";
CREATE TABLE "Sales"."Odd.T" ("K y" int PRIMARY KEY);
INSERT INTO keyed SELECT i, 'x', '{}' FROM generate_series(1, 500) i;
ANALYZE keyed;
"""

ROWS = (
    "INSERT INTO composed VALUES (5, 5, 5)",
    "INSERT INTO indexed VALUES (5, 5, 5)",
    "INSERT INTO unindexed VALUES (5, 5)",
    *(f"INSERT INTO {name} VALUES (5)" for name in ("late", "late_full", "keyless", "keyless_full", "silent", "computed")),
    *(f"INSERT INTO {name} VALUES (5)" for name in ("parted", "parted_keyless", "parted_full", '"Sales"."Odd.T"')),
)

EXPECTED = {
    "keyed": (("id",), Identity.KEY),
    "composed": (("c", "a"), Identity.KEY),
    "late": (("id",), Identity.NOTHING),
    "late_full": (("id",), Identity.FULL),
    "keyless": ((), Identity.NOTHING),
    "keyless_full": ((), Identity.FULL),
    "silent": (("id",), Identity.NOTHING),
    "indexed": (("a", "b"), Identity.KEY),
    "unindexed": (("id",), Identity.NOTHING),
    "parted": (("id",), Identity.KEY),
    "parted_keyless": ((), Identity.NOTHING),
    "parted_full": ((), Identity.NOTHING),  # its next partition would have no identity
    "computed": (("id",), Identity.KEY),
    "Odd.T": (("K y",), Identity.KEY),
}


async def tables(database: Database, query: str = "", mode: Mode = Mode.CDC) -> dict[str, Table]:
    return {table.name: table for table in await database.source(query).tables(mode)}


async def test_tables_come_with_the_key_and_identity_that_their_changes_have(database: Database) -> None:
    database.run(SCHEMA)
    assert {name: (table.key, table.identity) for name, table in (await tables(database)).items()} == EXPECTED


async def test_the_identity_is_what_the_server_itself_makes_of_the_table(database: Database) -> None:
    """PostgreSQL refuses an UPDATE of a published table exactly when it finds no usable identity."""
    database.run(SCHEMA, *ROWS)
    database.run("CREATE PUBLICATION p FOR ALL TABLES WITH (publish_via_partition_root = true)", superuser=True)
    found = await tables(database)
    assert {name for name, table in found.items() if refuses_updates(database, table)} == {
        name for name, (_, identity) in EXPECTED.items() if identity is Identity.NOTHING and name != "parted_full"
    }


def refuses_updates(database: Database, table: Table) -> bool:
    column = table.columns[0].name
    try:
        database.run(f'UPDATE "{table.schema}"."{table.name}" SET "{column}" = "{column}"')
    except psycopg.errors.ObjectNotInPrerequisiteState as error:
        assert "does not have a replica identity" in str(error)  # noqa: PT017 - whether it is raised is the result
        return True
    return False


async def test_columns_have_the_servers_names_of_types_and_say_what_does_not_travel(database: Database) -> None:
    database.run(SCHEMA)
    found = await tables(database)
    assert [(column.name, column.type, column.nullable) for column in found["keyed"].columns] == [
        ("id", "integer", False),
        ("v", "character varying(10)", True),
        ("n", "numeric(12,2)[]", False),
    ]
    assert [(column.name, column.published) for column in found["computed"].columns] == [("id", True), ("s", True), ("w", False)]


async def test_rows_are_estimated_where_the_planner_knows(database: Database) -> None:
    database.run(SCHEMA)
    found = await tables(database)
    assert (found["keyed"].estimated_rows, found["keyless"].estimated_rows) == (500, None)


async def test_unlogged_tables_are_taken_only_where_changes_are_not_followed(database: Database) -> None:
    database.run(SCHEMA)
    assert "unlogged" in await tables(database, mode=Mode.SNAPSHOT)
    assert "unlogged" not in await tables(database, mode=Mode.CDC_ONLY)


async def test_current_schema_narrows_the_tables_and_is_compared_exactly(database: Database) -> None:
    database.run(SCHEMA)
    assert set(await tables(database, "?currentSchema=Sales")) == {"Odd.T"}
    with pytest.raises(ConfigError) as caught:
        await tables(database, "?currentSchema=sales")
    assert "Did you mean Sales?" in (caught.value.suggestion or "")


async def test_no_table_is_an_error_and_never_an_empty_job(database: Database) -> None:
    database.run("CREATE VIEW v AS SELECT 1 AS a")
    with pytest.raises(ConfigError, match="no table that can be taken"):
        await tables(database)


async def test_tables_of_wide_rows_are_fetched_in_smaller_portions(database: Database) -> None:
    database.run("CREATE TABLE narrow (id int PRIMARY KEY); INSERT INTO narrow SELECT generate_series(1, 5000)")
    assert await fetch_size(database) == 5000
    database.run("CREATE TABLE wide (id int PRIMARY KEY, v bytea); ALTER TABLE wide ALTER v SET STORAGE EXTERNAL")
    database.run("INSERT INTO wide SELECT i, decode(repeat('00', 1000000), 'hex') FROM generate_series(1, 20) i", "ANALYZE wide")
    assert 1 < await fetch_size(database) < 20


async def fetch_size(database: Database) -> int:
    source = database.source()
    tables = await source.tables(Mode.SNAPSHOT)
    return int(source.connector_config(Mode.SNAPSHOT, ownership("0" * 24, 1), tables, None, "unused:9092")["snapshot.fetch.size"])
