"""What the cluster, the user and the tables still lack for a job that follows changes."""

import re
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, text

from pipeline.errors import PipelineError
from pipeline.sources.cockroachdb.changefeed import VERSION, version_of
from pipeline.sources.dialects.engine import Database, connection
from pipeline.sources.queries import quoted
from pipeline.sources.source import Finding, Severity, Table

OLDEST = (23, 1)
"""From this version on SELECT is the one privilege that a changefeed without a sink needs."""

USER = "SELECT current_user"
RANGEFEED = "SHOW CLUSTER SETTING kv.rangefeed.enabled"
GRANTED = "SELECT has_table_privilege(current_user, :name, 'SELECT')"
HISTORY = "SHOW ZONE CONFIGURATION FROM TABLE {}"

SHORT_SECONDS = 4 * 3600
"""CockroachDB's own setting: a reader that is away for longer has to begin anew."""

UNSPOKEN_KEYS = re.compile(r".*\[\]|JSONB|TSVECTOR|TSQUERY|GEOMETRY.*|GEOGRAPHY.*|VECTOR.*|.* COLLATE .*")
"""Types whose values a changefeed does not tell so that a row can be found by them."""

_TTL = re.compile(r"gc\.ttlseconds = (\d+)")


def check_cluster(opened: Connection, database: Database, tables: Sequence[Table]) -> list[Finding]:
    """Every finding on cluster, user and tables."""
    version, user = (str(opened.execute(text(each)).scalar_one()) for each in (VERSION, USER))
    findings = [_version(version), _rangefeed(database, user)]
    for table in tables:
        findings += [*_privilege(opened, table, user), *_key(table), *_history(database, table)]
    return findings


def _version(version: str) -> Finding:
    found = version_of(version)
    if found is None or found >= OLDEST:
        return Finding("SERVER_VERSION", Severity.OK, version)
    needed = ".".join(map(str, OLDEST))
    return Finding("SERVER_VERSION", Severity.ERROR, f"{version}: changes are followed from version {needed} on", "Upgrade the cluster.")


def _rangefeed(database: Database, user: str) -> Finding:
    try:
        with connection(database) as opened:
            setting = str(opened.exec_driver_sql(RANGEFEED).scalar_one())
    except PipelineError:
        return Finding(
            "RANGEFEED",
            Severity.WARNING,
            f"The user {user} may not see whether kv.rangefeed.enabled is set, without which nobody is told changes",
            None,
            f"GRANT SYSTEM VIEWCLUSTERSETTING TO {quoted(user)};",
        )
    if setting.lower() in ("true", "t", "on"):
        return Finding("RANGEFEED", Severity.OK, "kv.rangefeed.enabled is set")
    return Finding(
        "RANGEFEED",
        Severity.ERROR,
        "kv.rangefeed.enabled is not set: the cluster tells nobody its changes",
        "An administrator runs it.",
        "SET CLUSTER SETTING kv.rangefeed.enabled = true;",
    )


def _privilege(opened: Connection, table: Table, user: str) -> Iterator[Finding]:
    name = f"{quoted(table.schema)}.{quoted(table.name)}"
    if not opened.execute(text(GRANTED), {"name": name}).scalar_one():
        message = f"{table.qualified_name}: the user {user} may not read it"
        yield Finding("SELECT", Severity.ERROR, message, None, f"GRANT SELECT ON TABLE {name} TO {quoted(user)};", table.qualified_name)


def _key(table: Table) -> Iterator[Finding]:
    if not table.key:
        message = f"{table.qualified_name}: it has no primary key of its own, so that its rows are told apart by a hidden column"
        yield Finding("NO_KEY", Severity.ERROR, message, "Give it a primary key.", table=table.qualified_name)
    for column in table.columns:
        if column.name in table.key and UNSPOKEN_KEYS.fullmatch(column.type):
            message = f'{table.qualified_name}: no row can be found by its key, as "{column.name}" is of the type {column.type}'
            advice = "Give it a key of another type, or post a SNAPSHOT job."
            yield Finding("KEY_TYPE", Severity.ERROR, message, advice, table=table.qualified_name)


def _history(database: Database, table: Table) -> Iterator[Finding]:
    """How long the cluster can show rows as they were; where that cannot be seen, nothing is said."""
    name = f"{quoted(table.schema)}.{quoted(table.name)}"
    try:
        with connection(database) as opened:
            told = " ".join(str(value) for row in opened.exec_driver_sql(HISTORY.format(name)) for value in row)
    except PipelineError:
        return
    found = _TTL.search(told)
    if found is not None and int(found[1]) < SHORT_SECONDS:
        message = f"{table.qualified_name}: the cluster forgets its rows' past after {found[1]} s: a reader may not be away for longer"
        remedy = f"ALTER TABLE {name} CONFIGURE ZONE USING gc.ttlseconds = 90000;"
        yield Finding("HISTORY", Severity.WARNING, message, None, remedy, table.qualified_name)
