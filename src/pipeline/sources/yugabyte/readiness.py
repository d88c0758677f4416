"""What the cluster, the user and the tables still lack for a job that follows changes."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from pipeline.sources.queries import quoted
from pipeline.sources.source import Finding, Severity, Table

OLDEST = (2025, 1)
"""From this version on YSQL is PostgreSQL 15, and slots are made for replica identities that pgoutput takes."""

SERVER = """
SELECT version() AS version, current_database() AS database, r.rolname AS user_name, r.rolsuper AS is_super,
       r.rolsuper OR r.rolreplication AS may_replicate, has_database_privilege(current_database(), 'CREATE') AS may_publish,
       current_schema() AS schema, coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
       coalesce(has_function_privilege(to_regprocedure('set_yb_read_time(text)'), 'EXECUTE'), false)
   AND coalesce(has_function_privilege(to_regprocedure('disable_catalog_version_check()'), 'EXECUTE'), false) AS may_look_back
  FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user
"""

TABLE = """
SELECT c.relreplident AS identity, c.relkind AS kind, pg_get_userbyid(c.relowner) AS owner, pg_has_role(c.relowner, 'USAGE') AS owns,
       EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary) AS has_key
  FROM pg_catalog.pg_class AS c WHERE c.oid = to_regclass(:name)
"""

PROCEDURES = """CREATE SCHEMA IF NOT EXISTS {user} AUTHORIZATION {user};
CREATE OR REPLACE PROCEDURE {user}.set_yb_read_time(value TEXT) LANGUAGE plpgsql AS $$
BEGIN EXECUTE 'SET LOCAL yb_read_time = ' || quote_literal(value); END; $$ SECURITY DEFINER;
CREATE OR REPLACE PROCEDURE {user}.disable_catalog_version_check() LANGUAGE plpgsql AS $$
BEGIN EXECUTE 'SET yb_disable_catalog_version_check = true'; END; $$ SECURITY DEFINER;
REVOKE EXECUTE ON PROCEDURE {user}.set_yb_read_time FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE {user}.disable_catalog_version_check FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE {user}.set_yb_read_time TO {user};
GRANT EXECUTE ON PROCEDURE {user}.disable_catalog_version_check TO {user};"""
"""As YugabyteDB's documentation has them ("Advanced topics" of logical replication: "Permissions")."""

DEFAULT, FULL, PARTITIONED = "d", "f", "p"
IDENTITIES = {"c": "CHANGE", "n": "NOTHING", "i": "USING INDEX"}

_VERSION = re.compile(r"-YB-(\d+)\.(\d+)")


def check_cluster(opened: Connection, tables: Sequence[Table]) -> list[Finding]:
    """Every finding on cluster, user and tables."""
    server = opened.execute(text(SERVER)).one()
    findings = [_version(server.version), *_user(server)]
    identities = set[str]()
    for table in tables:
        name = f"{quoted(table.schema)}.{quoted(table.name)}"
        found = opened.execute(text(TABLE), {"name": name}).one_or_none()
        if found is not None:
            identities.add(found.identity)
            findings += _table(found, table, name, server.user_name)
    if DEFAULT in identities:
        findings.append(_before_images())
    return findings


def _version(version: str) -> Finding:
    found = _VERSION.search(version)
    if found is not None and (int(found[1]), int(found[2])) >= OLDEST:
        return Finding("SERVER_VERSION", Severity.OK, version)
    needed = ".".join(map(str, OLDEST))
    advice = "Upgrade the cluster, or post a SNAPSHOT job."
    return Finding("SERVER_VERSION", Severity.ERROR, f"{version}: changes are followed from YugabyteDB {needed} on", advice)


def _user(server: Row[Any]) -> Iterator[Finding]:
    user, role = server.user_name, quoted(server.user_name)
    if not server.may_replicate:
        remedy = f"ALTER ROLE {role} REPLICATION;"
        yield Finding("REPLICATION", Severity.ERROR, f"The user {user} may not make replication slots", None, remedy)
    if not server.may_publish:
        message = f"The user {user} may not make publications in the database {server.database}"
        remedy = f"GRANT CREATE ON DATABASE {quoted(server.database)} TO {role};"
        yield Finding("CREATE_PUBLICATION", Severity.ERROR, message, None, remedy)
    if not server.may_create:
        message = f"The user {user} has no schema in which to make the table of the job's markers"
        remedy = f"GRANT CREATE ON SCHEMA {quoted(server.schema or 'public')} TO {role};"
        yield Finding("MARKER_TABLE", Severity.ERROR, message, None, remedy)
    if not server.is_super and not server.may_look_back:
        message = f"The user {user} may not read rows as they were (yb_read_time)"
        advice = "A superuser makes two procedures for it, in a schema of the user's search path."
        yield Finding("READ_TIME", Severity.ERROR, message, advice, PROCEDURES.format(user=role))


def _table(found: Row[Any], table: Table, name: str, user: str) -> Iterator[Finding]:
    if not found.has_key:
        message = f"{table.qualified_name}: it has no primary key, without which no change is told"
        yield Finding("NO_KEY", Severity.ERROR, message, "Give it a primary key.", table=table.qualified_name)
    if found.kind == PARTITIONED:
        message = f"{table.qualified_name}: it is partitioned, and its changes would be told as its partitions'"
        yield Finding("PARTITIONED", Severity.ERROR, message, "Post a SNAPSHOT job for it.", table=table.qualified_name)
    if found.identity not in (DEFAULT, FULL):
        identity = IDENTITIES.get(found.identity, found.identity)
        message = f"{table.qualified_name}: its replica identity is {identity}, with which pgoutput does not tell which rows change"
        remedy = f"ALTER TABLE {name} REPLICA IDENTITY DEFAULT;"
        yield Finding("REPLICA_IDENTITY", Severity.ERROR, message, None, remedy, table.qualified_name)
    if not found.owns:
        advice = "Only a table's owner can publish it: make the user a member of the owning role, or its owner."
        remedy = f"GRANT {quoted(found.owner)} TO {quoted(user)};"
        yield Finding(
            "OWNER", Severity.ERROR, f"{table.qualified_name}: the user {user} does not own it", advice, remedy, table.qualified_name
        )


def _before_images() -> Finding:
    return Finding(
        "BEFORE_IMAGE",
        Severity.WARNING,
        "A transaction that changes or deletes a row which it has inserted itself stops the stream, unless the cluster is told not to; "
        "whether it is, nobody can ask",
        "Set the flag cdc_send_null_before_image_if_not_exists (or cdc_enable_intra_transactional_before_image, from 2025.2.4 on) of the "
        "tablet servers.",
    )
