"""The tables and changes that are moved, made by SQL alone so that PostgreSQL makes them fast, and the same each time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

MIXED_COLUMNS = """
    id bigint PRIMARY KEY,
    quantity integer NOT NULL,
    price numeric(12, 2) NOT NULL,
    ratio double precision,
    note text,
    active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    due date,
    attributes jsonb,
    token uuid NOT NULL
"""

WIDE_COLUMNS = 200
WIDE = (
    ("integer", "mod({id} + {number}, 100000)::integer"),
    ("bigint", "{id} * 1000 + {number}"),
    ("numeric(12, 2)", "mod({id} * {number}, 1000000) / 100.0"),
    ("text", "'text ' || {id} || ' of column {number}'"),
    ("boolean", "mod({id} + {number}, 2) = 0"),
    ("timestamptz", "timestamptz '2024-01-01 00:00:00+00' + {id} * interval '1 second'"),
    ("date", "date '2020-01-01' + mod({id} + {number}, 3650)::integer"),
    ("double precision", "mod({id}, 997) / 7.0::double precision"),
    ("varchar(40)", "md5({id}::text)"),
    ("text", "NULL"),
)
"""Types and values of the columns of wide rows; every tenth is null."""

PROBE = "INSERT INTO {table} VALUES (0, 0, 0, 0, '', true, now(), now(), '{{}}', gen_random_uuid())"
"""A row that comes before all others."""

MIXED_VALUES = """
    mod({id} * 7919, 1000)::integer,
    mod({id} * 104729, 10000000) / 100.0,
    mod({id}, 997) / 7.0::double precision,
    'The row ' || {id} || ' says: ' || repeat(md5({id}::text), 3),
    mod({id}, 3) = 0,
    timestamptz '2024-01-01 00:00:00+00' + {id} * interval '1.017 seconds',
    date '2020-01-01' + mod({id}, 3650)::integer,
    jsonb_build_object('colour', 'red', 'sizes', jsonb_build_array(1, 2, mod({id}, 10)), 'weight', mod({id}, 100) / 8.0),
    md5({id}::text)::uuid
"""
"""The nine values of a row, as functions of its key."""


@dataclass(frozen=True, slots=True)
class Workload:
    """
    What a part of the benchmarks moves.

    `schema` makes the tables and `rows` fills them before the job begins; `changes` are
    statements that make `change_count` changes once it streams. Every table's key is a bigint `id`.
    `condition` is that of each table's filter; all rows satisfy it, so that there is as much to write.
    """

    title: str
    tables: tuple[str, ...]
    schema: tuple[str, ...]
    rows: tuple[str, ...] = ()
    row_count: int = 0
    changes: tuple[str, ...] = ()
    change_count: int = 0
    condition: str | None = None

    @property
    def events(self) -> int:
        """How many records its topics hold in the end."""
        return self.row_count + self.change_count


CONDITION = "quantity >= 0 AND (active OR note LIKE '%row%' OR note LIKE 'changed%') AND created_at >= '2024-01-01' AND due IS NOT NULL"
"""A filter of some columns, of the kinds that are dear to evaluate."""


def filtered(workload: Workload) -> Workload:
    """The same with a filter on every table."""
    return replace(workload, title=f"{workload.title}, each with a filter", condition=CONDITION)


def snapshot(rows: int, tables: int) -> Workload:
    """Rows of ten columns of mixed types."""
    names = table_names("events", tables)
    each = rows // tables
    return Workload(
        f"snapshot of {each * tables:,} rows in {tables} tables",
        names,
        tuple(f"CREATE TABLE {name} ({MIXED_COLUMNS})" for name in names),
        (*(_fill(name, each) for name in names), *_settle(names)),
        each * tables,
    )


def mixed(changes: int, tables: int) -> Workload:
    """
    A stream of changes: two thirds updates, the rest inserts and deletes.

    It begins with a ninth of the changes as inserts, so that updates find many rows; then
    random updates of any row, inserts, and deletes of the oldest, in transactions of ten.
    The last change is an insert, which tells by its document that all is done.
    """
    names = table_names("events", tables)
    each = changes // tables
    return Workload(
        f"stream of {each * tables:,} changes in {tables} tables",
        names,
        (*(f"CREATE TABLE {name} ({MIXED_COLUMNS})" for name in names), PROCEDURE.format(values=MIXED_VALUES.format(id="new.id"))),
        changes=tuple(f"CALL change('{name}', {each})" for name in names),
        change_count=each * tables,
    )


def wide(rows: int) -> Workload:
    """Rows of 200 columns."""
    columns = [(f"c{number:03}", *WIDE[number % len(WIDE)]) for number in range(1, WIDE_COLUMNS)]
    declared = ", ".join(f"{name} {kind}" for name, kind, _ in columns)
    values = ", ".join(value.format(id="id", number=number) for number, (_, _, value) in enumerate(columns))
    return Workload(
        f"snapshot of {rows:,} rows of {WIDE_COLUMNS} columns",
        ("wide1",),
        (f"CREATE TABLE wide1 (id bigint PRIMARY KEY, {declared})",),
        (f"INSERT INTO wide1 SELECT id, {values} FROM generate_series(1::bigint, {rows}) AS id", *_settle(["wide1"])),
        rows,
    )


def large(rows: int) -> Workload:
    """Rows of 100 kB of text that does not compress well."""
    body = "(SELECT string_agg(md5(id::text || part), '') FROM generate_series(1, 3125) AS part)"
    return Workload(
        f"snapshot of {rows:,} rows of 100 kB",
        ("large1",),
        ("CREATE TABLE large1 (id bigint PRIMARY KEY, body text NOT NULL)", "ALTER TABLE large1 ALTER body SET STORAGE EXTERNAL"),
        (f"INSERT INTO large1 SELECT id, {body} FROM generate_series(1::bigint, {rows}) AS id", *_settle(["large1"])),
        rows,
    )


def table_names(stem: str, count: int) -> tuple[str, ...]:
    """Names of tables that are names of collections too."""
    return tuple(f"{stem}{number}" for number in range(1, count + 1))


def _fill(name: str, rows: int) -> str:
    return f"INSERT INTO {name} SELECT id, {MIXED_VALUES.format(id='id')} FROM generate_series(1::bigint, {rows}) AS id"


def _settle(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"VACUUM ANALYZE {name}" for name in names)


PROCEDURE = """
CREATE PROCEDURE change(name text, changes integer) LANGUAGE plpgsql AS $procedure$
DECLARE
    low bigint := 1;
    high bigint := 0;
    dice double precision;
    creation text := format('INSERT INTO %I ', name) || $text$ SELECT new.id, {values} FROM (SELECT $1::bigint AS id) AS new $text$;
    modification text := format('UPDATE %I ', name)
        || $text$ SET quantity = $2, note = 'changed ' || $2, created_at = created_at + interval '1 day' WHERE id = $1 $text$;
    removal text := format('DELETE FROM %I WHERE id = $1', name);
BEGIN
    PERFORM setseed(0.5);
    FOR number IN 1..changes LOOP
        dice := random();
        IF number <= changes / 9 OR number = changes OR dice >= 0.875 THEN
            high := high + 1;
            EXECUTE creation USING high;
        ELSIF dice < 0.75 THEN
            EXECUTE modification USING low + floor(random() * (high - low + 1))::bigint, number;
        ELSE
            EXECUTE removal USING low;
            low := low + 1;
        END IF;
        IF mod(number, 10) = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
END $procedure$
"""
"""Three quarters of the eight ninths that are mixed are updates: two thirds of all."""
