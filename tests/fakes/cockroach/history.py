"""The past of a PostgreSQL database: moments at which it can be read as it was, and which rows changed between them."""

import threading
import time
from dataclasses import dataclass, field
from typing import LiteralString

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

KEPT = 100
"""Moments that can be read; a connection each."""

TICK_SECONDS = 0.5

SET_UP = """
CREATE SCHEMA standin;
GRANT USAGE ON SCHEMA standin TO PUBLIC;
CREATE TABLE standin.change (
    id bigserial PRIMARY KEY, number oid NOT NULL, key jsonb, ended text);
GRANT INSERT ON standin.change TO PUBLIC;
GRANT USAGE ON SEQUENCE standin.change_id_seq TO PUBLIC;
CREATE FUNCTION standin.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO standin.change (number, ended) VALUES (TG_RELID, 'truncated');
    RETURN NULL;
  END IF;
  INSERT INTO standin.change (number, key)
  SELECT DISTINCT TG_RELID, (SELECT jsonb_agg(image -> part ORDER BY place) FROM unnest(TG_ARGV) WITH ORDINALITY AS k (part, place))
    FROM unnest(ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END]) AS image
   WHERE image IS NOT NULL;
  RETURN NULL;
END $$;
CREATE FUNCTION standin.watch() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE made record; parts text;
BEGIN
  FOR made IN SELECT c.oid, n.nspname, c.relname FROM pg_event_trigger_ddl_commands() AS d
                JOIN pg_class AS c ON c.oid = d.objid JOIN pg_namespace AS n ON n.oid = c.relnamespace
               WHERE d.command_tag = 'CREATE TABLE' AND c.relkind = 'r' LOOP
    SELECT string_agg(quote_literal(a.attname), ', ' ORDER BY k.place) INTO parts
      FROM pg_index AS i, unnest(i.indkey) WITH ORDINALITY AS k (attnum, place), pg_attribute AS a
     WHERE i.indrelid = made.oid AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.attnum;
    EXECUTE format('CREATE TRIGGER standin_rows AFTER INSERT OR UPDATE OR DELETE ON %I.%I FOR EACH ROW EXECUTE FUNCTION standin.note(%s)',
                   made.nspname, made.relname, parts);
    EXECUTE format('CREATE TRIGGER standin_all AFTER TRUNCATE ON %I.%I FOR EACH STATEMENT EXECUTE FUNCTION standin.note()',
                   made.nspname, made.relname);
  END LOOP;
END $$;
CREATE EVENT TRIGGER standin_watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION standin.watch();
CREATE FUNCTION standin.note_drop() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO standin.change (number, ended)
  SELECT objid, 'dropped' FROM pg_event_trigger_dropped_objects() WHERE object_type = 'table' AND schema_name <> 'standin';
END $$;
CREATE EVENT TRIGGER standin_drop ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION standin.note_drop();
CREATE VIEW standin.columns AS
SELECT table_catalog, table_schema, table_name, column_name, ordinal_position, is_nullable,
       CASE column_name WHEN 'crdb_region' THEN 'YES' ELSE 'NO' END AS is_hidden,
       CASE data_type WHEN 'bigint' THEN 'INT8' WHEN 'integer' THEN 'INT4' WHEN 'smallint' THEN 'INT2' WHEN 'boolean' THEN 'BOOL'
                      WHEN 'text' THEN 'STRING' WHEN 'numeric' THEN 'DECIMAL' WHEN 'double precision' THEN 'FLOAT8'
                      WHEN 'bytea' THEN 'BYTES' WHEN 'real' THEN 'FLOAT4' WHEN 'character varying' THEN 'VARCHAR'
                      WHEN 'time without time zone' THEN 'TIME' WHEN 'time with time zone' THEN 'TIMETZ'
                      WHEN 'ARRAY' THEN CASE udt_name WHEN '_text' THEN 'STRING' ELSE upper(substr(udt_name, 2)) END || '[]'
                      WHEN 'timestamp with time zone' THEN 'TIMESTAMPTZ' WHEN 'timestamp without time zone' THEN 'TIMESTAMP'
                      ELSE upper(data_type) END AS crdb_sql_type
  FROM information_schema.columns WHERE table_schema <> 'standin';
GRANT SELECT ON standin.columns TO PUBLIC;
"""

CHANGES = "DELETE FROM standin.change RETURNING number::text, key::text, ended"
TABLES = (
    "SELECT n.nspname, c.relname, c.oid::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
)


@dataclass(slots=True)
class Moment:
    """A moment, the snapshot that shows it, and the rows (number of the table, key) changed before; without a key how a table was ended."""

    text: str
    snapshot: str
    changes: list[tuple[str, str | None, str | None]]
    holder: Connection[TupleRow] = field(repr=False)


class History:
    """Keeps the last moments of a database. A context manager; `dsn` is a superuser's."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._moments: list[Moment] = []
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> "History":
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(_trusted(SET_UP))
        self.take()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        for moment in self._moments:
            moment.holder.close()

    def take(self) -> Moment:
        """Keep the present moment: everything committed until now is in it."""
        with self._lock:
            return self._take()

    def after(self, text: str) -> list[Moment]:
        """The moments that are later than this one."""
        with self._lock:
            return [moment for moment in self._moments if moment.text > text]

    def find(self, text: str) -> Moment | None:
        """The last moment that is not later; None where it is not kept any more."""
        with self._lock:
            return next((moment for moment in reversed(self._moments) if moment.text <= text), None)

    def forget(self) -> None:
        """Forget everything until now."""
        with self._lock:
            for moment in self._moments:
                moment.holder.close()
            self._moments.clear()

    def tables(self, moment: Moment) -> dict[tuple[str, str], str]:
        """The numbers of the tables that were there at the moment."""
        with psycopg.connect(self._dsn) as connection:
            connection.execute(_trusted("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            connection.execute(_trusted(f"SET TRANSACTION SNAPSHOT '{moment.snapshot}'"))
            return {(schema, name): number for schema, name, number in connection.execute(_trusted(TABLES))}

    def _take(self) -> Moment:
        with psycopg.connect(self._dsn) as clearing:
            clearing.execute(_trusted("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            changes = clearing.execute(_trusted(CHANGES)).fetchall()
            (snapshot,) = clearing.execute(_trusted("SELECT pg_export_snapshot()")).fetchone() or ("",)
            holder = psycopg.connect(self._dsn)
            holder.execute(_trusted("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            holder.execute(_trusted(f"SET TRANSACTION SNAPSHOT '{snapshot}'"))
            (snapshot,) = holder.execute(_trusted("SELECT pg_export_snapshot()")).fetchone() or ("",)
        moment = Moment(f"{time.time_ns()}.0000000000", snapshot, changes, holder)
        self._moments.append(moment)
        while len(self._moments) > KEPT:
            self._moments.pop(0).holder.close()
        return moment

    def _tick(self) -> None:
        while not self._ended.wait(TICK_SECONDS):
            self.take()


def _trusted(text: str) -> LiteralString:
    return text  # type: ignore[return-value] # statements of the tests are their own
