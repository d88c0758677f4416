"""The job's replication slot: made, looked at, removed."""

import asyncio

from psycopg import AsyncConnection, errors
from psycopg.rows import DictRow
from psycopg.sql import SQL, Literal

from pipeline.errors import ConfigError, SourceError, SourceUnavailableError
from pipeline.sources.source import Ownership

PLUGIN = "pgoutput"
PATIENCE_SECONDS = 3.0
"""How long a slot that is to go may stay in use before its session is ended."""

GIVE_UP_SECONDS = 20.0
LOOK_SECONDS = 0.2

OPEN_TRANSACTIONS = """
SELECT format('pid %%s, user %%s, application %%s, database %%s, %%s', a.pid, a.usename, coalesce(nullif(a.application_name, ''), '-'),
              a.datname,
              coalesce('open for ' || date_trunc('second', now() - a.xact_start) || ', ' || a.state,
                       'its age is hidden from this user')) AS description
  FROM pg_stat_activity a
 WHERE a.backend_xid IS NOT NULL AND a.pid <> pg_backend_pid()
   AND coalesce(now() - a.xact_start >= make_interval(secs => %(seconds)s), true)
UNION ALL
SELECT format('prepared transaction %%L, user %%s, database %%s, prepared %%s ago', gid, owner, database,
              date_trunc('second', now() - prepared))
  FROM pg_prepared_xacts
"""

SLOT = """
SELECT active_pid, confirmed_flush_lsn IS NULL AS unfinished, wal_status, plugin, database = current_database() AS here,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                       restart_lsn)::bigint AS retained
  FROM pg_replication_slots WHERE slot_name = %(slot)s
"""

SESSIONS = """
SELECT pid FROM pg_stat_activity
 WHERE backend_type = 'walsender' AND pid <> pg_backend_pid() AND usename = current_user AND strpos(query, %(slot)s) > 0
"""
"""The connector's: one whose task is ended while it reads a snapshot outlives it for a while, beside the slot that it has made."""

BLOCKED_SECONDS = 5.0
"""A transaction younger than this is not told as one that blocks: most end by themselves."""


async def make_slot(connection: AsyncConnection[DictRow], owned: Ownership) -> None:
    """
    Make the slot, unless it exists; from then on every change at the source is captured.

    The publications must exist before: a change is decoded with the publications of its time.
    Waits for the transactions that are open now, at most the session's statement timeout.

    Raises:
        ConfigError: They did not end in time; the message names them. Or the name is taken by another's slot.
    """
    found = await _find(connection, owned)
    if found is not None and found["unfinished"]:  # a session that outlives its service is still making it
        await drop_slot(connection, owned)
        found = None
    if found is None:
        await _make(connection, owned.slot, temporary=False)
    elif found["plugin"] != PLUGIN or not found["here"] or found["wal_status"] == "lost":
        raise ConfigError(f"the replication slot {owned.slot} exists already and cannot be used", code="SLOT_TAKEN")


async def probe_slot(connection: AsyncConnection[DictRow], owned: Ownership) -> None:
    """
    Make and drop a temporary slot, so that whatever keeps one from being made is found now.

    Raises:
        ConfigError: As `make_slot`.
    """
    name = f"{owned.slot}_probe"
    await _make(connection, name, temporary=True)
    await connection.execute("SELECT pg_drop_replication_slot(%s)", [name])


async def find_blockers(connection: AsyncConnection[DictRow], owned: Ownership) -> list[str]:
    """The open transactions that the making of the slot waits for; empty when it waits for none."""
    found = await _find(connection, owned)
    if found is None or not found["unfinished"] or found["active_pid"] is None:
        return []
    return await _open_transactions(connection, BLOCKED_SECONDS)


async def retained_bytes(connection: AsyncConnection[DictRow], owned: Ownership) -> int | None:
    """
    Bytes of log that the slot holds back; None where no slot exists.

    Raises:
        SourceError: The server has given the slot up, and the log it needs with it.
    """
    found = await _find(connection, owned)
    if found is None:
        return None
    if found["wal_status"] == "lost":
        raise SourceError(
            f"the server has given up the replication slot {owned.slot}: the log it needs is gone",
            suggestion="Raise max_slot_wal_keep_size (and idle_replication_slot_timeout), then post the job again with a snapshot.",
            code="SLOT_LOST",
        )
    return int(found["retained"] or 0)


async def drop_slot(connection: AsyncConnection[DictRow], owned: Ownership) -> None:
    """
    Drop the slot, and see that the sessions at it are gone; what is gone is no error. Those that stay for more than a moment are ended.

    Raises:
        SourceUnavailableError: There is one again and again.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    while True:
        found = await _find(connection, owned)
        sessions = await _sessions(connection, owned, found)
        if found is None and not sessions:
            return
        waited = loop.time() - started
        if waited > GIVE_UP_SECONDS:
            raise SourceUnavailableError(f"the replication slot {owned.slot} is still in use (pid {', '.join(map(str, sessions))})")
        if found is not None and found["active_pid"] is None:
            await _drop(connection, owned.slot)
        elif waited > PATIENCE_SECONDS or (found is not None and found["unfinished"]):
            await connection.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [sessions])
        await asyncio.sleep(LOOK_SECONDS)


def drop_statements(owned: Ownership) -> list[str]:
    """The SQL that drops the slot by hand."""
    name = SQL("{}").format(Literal(owned.slot)).as_string()
    return [f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = {name};"]  # noqa: S608 - quoted by psycopg


async def _drop(connection: AsyncConnection[DictRow], name: str) -> None:
    try:
        await connection.execute("SELECT pg_drop_replication_slot(%s)", [name])
    except (errors.ObjectInUse, errors.UndefinedObject):
        return


async def _make(connection: AsyncConnection[DictRow], name: str, *, temporary: bool) -> None:
    try:
        await connection.execute("SELECT pg_create_logical_replication_slot(%s, %s, %s)", [name, PLUGIN, temporary])
    except errors.QueryCanceled as error:
        raise await _blocked(connection) from error
    except errors.ConfigurationLimitExceeded as error:
        raise ConfigError(
            f"the server has no replication slot left: {error}",
            suggestion="Raise max_replication_slots, or drop a slot.",
            code="NO_SLOT_FREE",
        ) from error


async def _blocked(connection: AsyncConnection[DictRow]) -> ConfigError:
    seconds = await _statement_timeout_seconds(connection)
    blockers = await _open_transactions(connection, seconds)
    return ConfigError(
        f"a replication slot could not be made within {seconds:g} s because of open transactions: {'; '.join(blockers) or 'just ended'}",
        suggestion="Commit, roll back or terminate these transactions, then post the job again.",
        code="SLOT_BLOCKED",
    )


async def _statement_timeout_seconds(connection: AsyncConnection[DictRow]) -> float:
    cursor = await connection.execute("SELECT setting::float / 1000 AS seconds FROM pg_settings WHERE name = 'statement_timeout'")
    row = await cursor.fetchone()
    return float(row["seconds"]) if row else 0.0


async def _open_transactions(connection: AsyncConnection[DictRow], seconds: float) -> list[str]:
    cursor = await connection.execute(SQL(OPEN_TRANSACTIONS), {"seconds": seconds})
    return [row["description"] for row in await cursor.fetchall()]


async def _sessions(connection: AsyncConnection[DictRow], owned: Ownership, found: DictRow | None) -> list[int]:
    """The pids of whoever uses the slot, or has made it."""
    cursor = await connection.execute(SQL(SESSIONS), {"slot": owned.slot})
    using = {found["active_pid"]} if found is not None and found["active_pid"] is not None else set[int]()
    return sorted(using | {row["pid"] for row in await cursor.fetchall()})


async def _find(connection: AsyncConnection[DictRow], owned: Ownership) -> DictRow | None:
    cursor = await connection.execute(SQL(SLOT), {"slot": owned.slot})
    return await cursor.fetchone()
