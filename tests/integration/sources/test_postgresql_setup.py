"""Readiness, publications and slots on a real server."""

import asyncio
import secrets

import pytest
from psycopg.pq import ExecStatus, PGconn

from pipeline.errors import ConfigError, SourceError
from pipeline.jobs.names import ownership
from pipeline.sources.source import Finding, Mode, Ownership, Severity

from .database import Database

TAKEN = [("public", "a"), ("public", "b")]


@pytest.fixture
def owned() -> Ownership:
    return ownership(secrets.token_hex(12), 1)


def errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.ERROR]


async def findings(database: Database, mode: Mode, user: str | None = None) -> list[Finding]:
    source = database.source(user=user)
    return await source.check(mode, await source.tables(mode))


@pytest.mark.parametrize("mode", list(Mode))
async def test_whoever_runs_the_remedies_is_ready(database: Database, mode: Mode) -> None:
    user = database.role("stranger")
    database.run('CREATE SCHEMA "S p"; CREATE TABLE "S p"."T\'" (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY)')
    found = errors(await findings(database, mode, user))
    expected = {"USAGE"} | ({"SELECT"} if mode.snapshots else set())
    expected |= {"OWNER", "REPLICATION", "CREATE_PUBLICATION"} if mode.streams else set()
    assert {finding.check for finding in found} == expected
    for finding in found:
        assert finding.remedy is not None
        database.run(finding.remedy, superuser=True)
    assert errors(await findings(database, mode, user)) == []
    await database.source(user=user).prepare(mode, ownership(secrets.token_hex(12), 1), await database.source().tables(mode))


async def test_an_owner_is_ready_and_told_of_limits(database: Database) -> None:
    database.run("CREATE TABLE t (id int PRIMARY KEY, v int GENERATED ALWAYS AS (id) VIRTUAL); CREATE TABLE k (v text)")
    database.run('CREATE UNLOGGED TABLE u (id int); CREATE TABLE "p*" (v text); CREATE TABLE child () INHERITS (k, "p*")')
    found = await findings(database, Mode.CDC)
    assert errors(found) == []
    warnings = {(finding.check, finding.table) for finding in found if finding.severity is Severity.WARNING}
    assert warnings == {
        ("REPLICA_IDENTITY", "public.k"),
        ("REPLICA_IDENTITY", "public.child"),
        ("GENERATED_COLUMNS", "public.t"),
        ("UNLOGGED", "public.u"),
        ("REPLICA_IDENTITY", "public.p*"),
        ("INHERITANCE", "public.p*"),
    }


async def test_the_remedy_for_a_missing_identity_mends_it(database: Database) -> None:
    database.run('CREATE TABLE "K" (id int PRIMARY KEY DEFERRABLE)')
    remedy = next(finding.remedy for finding in await findings(database, Mode.CDC) if finding.check == "REPLICA_IDENTITY")
    assert remedy is not None
    database.run(remedy)
    assert "REPLICA_IDENTITY" not in {finding.check for finding in await findings(database, Mode.CDC)}


async def test_a_table_without_a_key_is_told_of_whatever_its_identity(database: Database) -> None:
    database.run("CREATE TABLE bare (v text); CREATE TABLE whole (v text); ALTER TABLE whole REPLICA IDENTITY FULL")
    full = 'ALTER TABLE "public"."bare" REPLICA IDENTITY FULL;'
    told = {finding.table: (finding.check, finding.remedy) for finding in await findings(database, Mode.CDC) if finding.table}
    assert told == {"public.bare": ("REPLICA_IDENTITY", full), "public.whole": ("NO_KEY", None)}
    database.run(full)
    assert {finding.check for finding in await findings(database, Mode.CDC) if finding.table == "public.bare"} == {"NO_KEY"}


async def test_partitions_that_are_foreign_are_told_of(database: Database) -> None:
    database.run("CREATE FOREIGN DATA WRAPPER nowhere", "CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere", superuser=True)
    database.run("CREATE TABLE m (id int, day date) PARTITION BY RANGE (day)", superuser=True)
    database.run("CREATE FOREIGN TABLE m_1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2024-02-01') SERVER nowhere", superuser=True)
    assert "FOREIGN_PARTITION" in {finding.check for finding in await findings(database, Mode.CDC)}


async def test_row_security_that_hides_rows_stops_a_stream_and_is_told_of_a_snapshot(database: Database) -> None:
    database.run("CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY")
    severities = {mode: [f.severity for f in await findings(database, mode) if f.check == "ROW_SECURITY"] for mode in Mode}
    assert severities == {Mode.SNAPSHOT: [Severity.WARNING], Mode.CDC: [Severity.ERROR], Mode.CDC_ONLY: []}


async def test_publications_follow_the_tables_and_may_be_made_again(database: Database, owned: Ownership) -> None:
    database.run("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (v text); CREATE TABLE c (id int PRIMARY KEY)")
    source = database.source()
    members = "SELECT p.pubname, t.tablename FROM pg_publication p JOIN pg_publication_tables t USING (pubname) ORDER BY 1, 2"
    for _ in range(2):
        await source.prepare(Mode.CDC, owned, await source.tables(Mode.CDC))
        assert database.run(members) == [(owned.publication, "a"), (owned.publication, "c"), (f"{owned.publication}_ins", "b")]
    database.run("DROP TABLE c; ALTER TABLE b REPLICA IDENTITY FULL")
    await source.prepare(Mode.CDC, owned, [table for table in await source.tables(Mode.CDC) if table.name == "b"])
    assert database.run(members)[0] == (owned.publication, "b")


async def test_a_table_that_inherits_is_not_published_with_its_parent(database: Database, owned: Ownership) -> None:
    database.run("CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (v text) INHERITS (parent)")
    source = database.source()
    for _ in range(2):
        await source.prepare(Mode.CDC, owned, await source.tables(Mode.CDC))
    members = database.run("SELECT p.pubname, t.tablename FROM pg_publication p JOIN pg_publication_tables t USING (pubname) ORDER BY 1, 2")
    assert members == [(owned.publication, "parent"), (f"{owned.publication}_ins", "child")]
    database.run("INSERT INTO child VALUES (1, 'x')", "UPDATE child SET v = 'y'", "DELETE FROM child")


@pytest.mark.parametrize("root", ["id int, day date", "id int, day date, PRIMARY KEY (id, day)"], ids=["without key", "with key"])
async def test_a_partition_made_later_takes_updates_and_deletes(database: Database, owned: Ownership, root: str) -> None:
    database.run(f"CREATE TABLE m ({root}) PARTITION BY RANGE (day)")
    database.run("CREATE TABLE m_1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')")
    database.run("ALTER TABLE m_1 REPLICA IDENTITY FULL; ALTER TABLE m REPLICA IDENTITY FULL")
    source = database.source()
    await source.prepare(Mode.CDC, owned, await source.tables(Mode.CDC))
    database.run("CREATE TABLE m_2 PARTITION OF m FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')")
    database.run("INSERT INTO m VALUES (1, '2024-02-02')", "UPDATE m SET id = 2", "DELETE FROM m")
    assert len(database.run("SELECT FROM pg_publication_tables")) == 1


async def test_a_job_of_keyed_tables_makes_one_publication(database: Database, owned: Ownership) -> None:
    database.run("CREATE TABLE a (id int PRIMARY KEY)")
    await database.source().prepare(Mode.CDC, owned, await database.source().tables(Mode.CDC))
    assert database.run("SELECT pubname FROM pg_publication") == [(owned.publication,)]


async def test_a_snapshot_makes_nothing_at_the_source(database: Database, owned: Ownership) -> None:
    database.run("CREATE TABLE a (id int PRIMARY KEY)")
    await database.source().prepare(Mode.SNAPSHOT, owned, await database.source().tables(Mode.SNAPSHOT))
    assert database.run("SELECT FROM pg_publication") == []
    assert await database.source().retained_bytes(owned, TAKEN) is None


@pytest.mark.parametrize("mode", [Mode.CDC, Mode.CDC_ONLY])
async def test_a_slot_that_open_transactions_block_is_told_with_their_pids(database: Database, owned: Ownership, mode: Mode) -> None:
    database.run("CREATE TABLE a (id int PRIMARY KEY)")
    with database.session(autocommit=False) as blocker:
        blocker.execute("INSERT INTO a VALUES (1)")
        with pytest.raises(ConfigError) as caught:
            await database.source(slot_timeout_seconds=1).prepare(mode, owned, await database.source().tables(mode))
        assert caught.value.code == "SLOT_BLOCKED"
        assert f"pid {blocker.info.backend_pid}, user {database.name}" in caught.value.message
        blocker.rollback()
    assert database.run("SELECT FROM pg_replication_slots WHERE database = current_database()") == []


async def test_blockers_are_told_while_a_slot_is_being_made_and_only_then(database: Database, owned: Ownership) -> None:
    database.run("CREATE TABLE a (id int PRIMARY KEY)")
    source = database.source()
    with database.session(autocommit=False) as blocker:
        blocker.execute("INSERT INTO a VALUES (1)")
        assert await source.blockers(owned) == []
        making = asyncio.create_task(source.prepare(Mode.CDC_ONLY, owned, await source.tables(Mode.CDC_ONLY)))
        ours = f"pid {blocker.info.backend_pid},"
        while not any(ours in description for description in await source.blockers(owned)):
            pass  # the server's own transactions may be waited for first
        blocker.rollback()
        await making
    assert await source.blockers(owned) == []


async def test_a_slot_is_made_once_and_holds_the_log_from_then_on(database: Database, owned: Ownership) -> None:
    database.run("CREATE TABLE a (id int PRIMARY KEY)")
    source = database.source()
    tables = await source.tables(Mode.CDC_ONLY)
    await source.prepare(Mode.CDC_ONLY, owned, tables)
    made = database.run("SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = '" + owned.slot + "'")
    database.run("INSERT INTO a SELECT generate_series(1, 10000)")
    await source.prepare(Mode.CDC_ONLY, owned, tables)
    assert database.run("SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = '" + owned.slot + "'") == made
    retained = await source.retained_bytes(owned, TAKEN)
    assert retained is not None
    assert retained > 500_000


async def test_a_publication_that_somebody_dropped_is_found(database: Database, owned: Ownership) -> None:
    database.run("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (v text)")
    source = database.source()
    await source.prepare(Mode.CDC_ONLY, owned, await source.tables(Mode.CDC_ONLY))
    assert await source.retained_bytes(owned, TAKEN) is not None
    database.run(f'DROP PUBLICATION "{owned.publication}_ins"')
    with pytest.raises(SourceError) as caught:
        await source.retained_bytes(owned, TAKEN)
    assert caught.value.code == "PUBLICATION_GONE"


@pytest.mark.parametrize(
    "change", ['ALTER PUBLICATION "{}" DROP TABLE a', "ALTER TABLE a RENAME TO away; CREATE TABLE a (id int PRIMARY KEY)"]
)
async def test_a_table_that_is_no_longer_published_is_found(database: Database, owned: Ownership, change: str) -> None:
    database.run("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)")
    source = database.source()
    await source.prepare(Mode.CDC_ONLY, owned, await source.tables(Mode.CDC_ONLY))
    database.run("DROP TABLE b")
    assert await source.retained_bytes(owned, TAKEN) is not None
    database.run(change.format(owned.publication))
    with pytest.raises(SourceError, match=r"public\.a") as caught:
        await source.retained_bytes(owned, TAKEN)
    assert caught.value.code == "PUBLICATION_GONE"


async def test_a_slot_that_a_session_is_still_making_is_made_anew(database: Database, owned: Ownership) -> None:
    """As a killed service leaves it: PostgreSQL goes on waiting for open transactions, and nobody would know since when it captures."""
    database.run("CREATE TABLE a (id int PRIMARY KEY)")
    source = database.source()
    tables = await source.tables(Mode.CDC_ONLY)
    with database.session(autocommit=False) as blocker:
        blocker.execute("INSERT INTO a VALUES (1)")
        making = asyncio.create_task(source.prepare(Mode.CDC_ONLY, owned, tables))
        while not await source.blockers(owned):
            pass
        again = asyncio.create_task(source.prepare(Mode.CDC_ONLY, owned, tables))
        with pytest.raises(SourceError):
            await making
        blocker.rollback()
        await again
    assert database.run("SELECT confirmed_flush_lsn IS NOT NULL FROM pg_replication_slots WHERE slot_name = '" + owned.slot + "'") == [
        (True,)
    ]


async def test_cleaning_up_ends_whoever_reads_the_slot_and_may_be_repeated(database: Database, owned: Ownership) -> None:
    database.run("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (v text)")
    source = database.source()
    await source.prepare(Mode.CDC_ONLY, owned, await source.tables(Mode.CDC_ONLY))
    reader = PGconn.connect(database.dsn(replication="database").encode())
    options = f"proto_version '1', publication_names '\"{owned.publication}\"'"
    assert reader.exec_(f'START_REPLICATION SLOT "{owned.slot}" LOGICAL 0/0 ({options})'.encode()).status == ExecStatus.COPY_BOTH
    await source.clean_up(owned)
    await source.clean_up(owned)
    reader.finish()
    assert database.run("SELECT pubname FROM pg_publication") == []
    assert database.run("SELECT FROM pg_replication_slots WHERE database = current_database()") == []


async def test_cleaning_up_ends_whoever_has_made_the_slot_and_reads_nothing_yet(database: Database, owned: Ownership) -> None:
    """As a connector that is deleted in its snapshot leaves it: the task's session is idle, and the slot free to go."""
    reader = PGconn.connect(database.dsn(replication="database").encode())
    assert reader.exec_(f'CREATE_REPLICATION_SLOT "{owned.slot}" LOGICAL pgoutput'.encode()).status == ExecStatus.TUPLES_OK

    await database.source().clean_up(owned)

    assert database.run("SELECT FROM pg_replication_slots WHERE database = current_database()") == []
    assert database.run(f"SELECT FROM pg_stat_activity WHERE pid = {reader.backend_pid}") == []
    reader.finish()


async def test_what_is_told_as_left_over_removes_it(database: Database, owned: Ownership) -> None:
    database.run("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (v text)")
    source = database.source()
    await source.prepare(Mode.CDC_ONLY, owned, await source.tables(Mode.CDC_ONLY))
    for _ in range(2):
        database.run(*source.leftovers(owned))
    assert database.run("SELECT pubname FROM pg_publication") == []
    assert await source.retained_bytes(owned, TAKEN) is None
