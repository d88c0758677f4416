"""What the jobs ask of a source database: one module a database type implements it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable


class Mode(StrEnum):
    """What a job does: initial read, initial read then changes, or changes from now on."""

    SNAPSHOT = "SNAPSHOT"
    CDC = "CDC"
    CDC_ONLY = "CDC_ONLY"

    @property
    def streams(self) -> bool:
        """Whether the job follows changes."""
        return self is not Mode.SNAPSHOT

    @property
    def snapshots(self) -> bool:
        """Whether the job reads the rows that exist."""
        return self is not Mode.CDC_ONLY


class Identity(StrEnum):
    """What a change of the table tells about the row it was: its key, its whole old image, or nothing."""

    KEY = "key"
    FULL = "full"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column as the catalogue has it; `type` is the source's own name of its type.

    `published` is False for a column whose value does not travel with changes (some
    generated columns): jobs that stream leave it out. `domain_base` is the type that a
    domain stands for, None for other types. `dimensions` is what an array was declared with,
    0 for other types. `unreadable` says why the connector would not read the column's
    values for what they are, or None where it does. `hidden`: SELECT * leaves the column out.
    `declared` is the type with its length and digits where `type` lacks them; `collation` says how
    texts compare, in the words of the source's filters (`pipeline.filters.catalogue`), where the catalogue tells.
    """

    name: str
    type: str
    nullable: bool
    published: bool = True
    domain_base: str | None = None
    dimensions: int = 0
    unreadable: str | None = None
    hidden: bool = False
    declared: str | None = None
    collation: str | None = None

    @property
    def base(self) -> str:
        """The type that the values have: what a domain stands for, or the type itself."""
        return self.domain_base or self.type


@dataclass(frozen=True, slots=True)
class Table:
    """
    A table as the catalogue has it.

    `key` holds the columns of the primary key, or of the replica identity's index, in key
    order; empty for a table without either. `estimated_rows` is the planner's guess, or
    None where there is none. `deferrable_key`: the key may be checked at the commit, so that
    two rows hold it for a moment. `inherited`: other tables inherit from it, whose rows a plain SELECT of it shows, too.
    `condition` is that of the job's filter, as it is sent to the source, and `row_count` how many rows the first reading takes at
    most, in key order; None where all are taken.
    """

    schema: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    identity: Identity
    estimated_rows: int | None = None
    deferrable_key: bool = False
    inherited: bool = False
    condition: str | None = None
    row_count: int | None = None

    @property
    def narrowed(self) -> bool:
        """Whether not all rows are taken."""
        return self.condition is not None or self.row_count is not None

    @property
    def qualified_name(self) -> str:
        """schema.table, unquoted, for people."""
        return f"{self.schema}.{self.name}"


class Severity(StrEnum):
    """How a finding bears on a job: it cannot run, it runs with a limit, or all is well."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    OK = "OK"


@dataclass(frozen=True, slots=True)
class Finding:
    """One readiness check: what was found and, unless all is well, what to do (`remedy`: SQL to run)."""

    check: str
    severity: Severity
    message: str
    suggestion: str | None = None
    remedy: str | None = None
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Ownership:
    """
    The names of everything one generation of a job owns, at the source and in Kafka.

    They are a function of the job's id and the generation's number (see `pipeline.jobs.names`),
    so whatever a crash left behind can be found and removed by name.
    """

    job_id: str
    generation: int
    connector: str
    topic_prefix: str
    slot: str
    publication: str
    notification_topic: str
    signal_topic: str
    position_topic: str


@runtime_checkable
class Markers(Protocol):
    """A source whose changes can be marked, so that what proves that they were read reaches a topic of its own."""

    async def emit_marker(self) -> Callable[[bytes], bool]:
        """
        Mark what is committed now, and make what tells of a value of the marker topic whether it proves that all of that was read.

        It is the barrier: what follows in the topic may prove it, nothing that is there already.
        """
        ...

    def marker_topic(self, owned: Ownership) -> str:
        """Name the topic on which markers arrive."""
        ...


class Passage(Protocol):
    """Tells when a connector has read everything that the source had committed at one moment."""

    async def passed(self, offset: Mapping[str, Any]) -> bool:
        """Whether a connector that goes on from this offset has; may ask the database."""
        ...


class Positions(Protocol):
    """A source whose log takes none: the connector's offsets are compared with positions in it."""

    async def passage(self, tables: Sequence[tuple[str, str]]) -> Passage:
        """Begin a passage for the changes of these tables (schema, name), now."""
        ...


class Source(Protocol):
    """
    A source database of one job.

    Every method may be repeated after a crash of the service. All of them raise
    `SourceUnavailableError` when the database does not answer, and `ConfigError` (with a
    suggestion) when it refuses in a way that only a person can mend.

    `connector_class` is known once the source has been asked anything.
    `captures_when_prepared`: the changes of a CDC_ONLY job are captured from `prepare` on (by a
    slot); otherwise from where the connector has begun, which its notifications tell.
    `takes_further_tables`: a job that streams may be told the changes of tables that it did not have before.
    `tells_order`: the events tell their place in the order of commits, by which changes told twice are known.
    `silent_after_seconds`: how long the connector may write no heartbeat until it has lost its source
    without noticing; None for one that notices.
    """

    connector_class: str
    password: str | None
    captures_when_prepared: bool
    takes_further_tables: bool
    tells_order: bool
    silent_after_seconds: float | None

    async def check(self, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
        """Say what the database still lacks for a job of this mode on these tables (privileges, settings, slots)."""
        ...

    async def tables(self, mode: Mode) -> list[Table]:
        """List the tables that a job of this mode takes, in name order: system schemas, views and partitions left out."""
        ...

    async def present_tables(self, mode: Mode, owned: Ownership) -> dict[tuple[str, str], bool]:
        """The tables (schema, name) that a job of this mode would take now, and of each whether its changes are told to the generation."""
        ...

    async def types(self) -> dict[str, str]:
        """
        What the types are that the events name only: the name they travel by, and that of the type which says how values are read.

        A name that is not among them is of a type made later.
        """
        ...

    async def prepare(self, mode: Mode, owned: Ownership, tables: Sequence[Table]) -> None:
        """Make what the connector needs at the source (with PostgreSQL publications and, for CDC_ONLY, the slot)."""
        ...

    async def publish(self, owned: Ownership, tables: Sequence[Table]) -> None:
        """Have the source tell the changes of exactly these tables to a job that streams already."""
        ...

    def connector_config(self, mode: Mode, owned: Ownership, tables: Sequence[Table], password: str | None, kafka: str) -> dict[str, str]:
        """
        Build the connector's configuration, constants of `connector_configs/` included.

        `password` is what stands in the configuration: a config provider's reference, or
        the password itself where the operator asked for that. `kafka` is Kafka as Connect
        reaches it, for the signals.
        """
        ...

    def signal_name(self, table: Table) -> str:
        """What a signal calls the table: a regular expression that matches its name alone."""
        ...

    def signal_selects(self, mode: Mode, tables: Sequence[Table]) -> dict[str, str]:
        """The SELECT statements, by what a signal calls their tables, with which some of these are read again."""
        ...

    async def row_selects(self, mode: Mode, table: Table, ids: Sequence[Any]) -> dict[str, str] | None:
        """The same that reads only the rows with these `_id`s; None where the source has no way to name one of them."""
        ...

    def topic(self, owned: Ownership, table: Table) -> str:
        """Name the change topic that Debezium writes the table's changes to."""
        ...

    def extra_topics(self, owned: Ownership) -> list[str]:
        """Name the other topics the connector writes to (heartbeats, messages)."""
        ...

    def lasting_topics(self, owned: Ownership) -> list[str]:
        """Name the topics in which the connector keeps what it goes on from: nothing of them may expire while it lives."""
        ...

    def groups(self, owned: Ownership) -> list[str]:
        """Name the consumer groups that the connector joins, beside that of the signals."""
        ...

    async def blockers(self, owned: Ownership) -> list[str]:
        """Describe what keeps the connector from beginning (open transactions, with their pids); empty when nothing does."""
        ...

    async def retained_bytes(self, owned: Ownership, tables: Sequence[tuple[str, str]]) -> int | None:
        """
        Bytes of log the job holds back at the source, or None where it holds none.

        Raises:
            SourceError: Changes of one of the tables (schema, name) are being lost.
        """
        ...

    @property
    def barrier(self) -> Markers | Positions:
        """How it is proven that the connector has read everything until now: by markers in the log, or by positions in it."""
        ...

    def is_noted(self, offset: Mapping[str, Any], marker: bytes | None) -> bool:
        """Whether a connector that goes on from the offset has the initial read behind it, and the marker (its record), if one is given."""
        ...

    async def clean_up(self, owned: Ownership) -> None:
        """Remove everything the generation owns at the source; what is gone already is no error."""
        ...

    def leftovers(self, owned: Ownership) -> list[str]:
        """The SQL that removes by hand what `clean_up` would."""
        ...
