"""Random tables."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.model.columns import KEYS, VALUES, WIDE_VALUES, Column, Dice, Value

SPACE = 3_000
"""Keys of a table are made of numbers below; so they come back."""

PARTITIONS = {0: (0, 3), 1: (1, 4)}
"""The values of a partitioned table's first key column in each partition; the rest are in a third."""


@dataclass(slots=True)
class Table:
    """
    A table, its columns as they are now, and how PostgreSQL tells its rows apart.

    `identity`: DEFAULT, FULL, or USING INDEX, with which the key is another column than the primary key.
    `fixed`: its columns stay as they are.
    """

    name: str
    key: tuple[Column, ...]
    body: tuple[Column, ...]
    identity: str = "DEFAULT"
    partitioned: bool = False
    deferrable: bool = False
    fixed: bool = False
    changed: bool = False

    @property
    def quoted(self) -> str:
        """The name in SQL."""
        return '"' + self.name + '"'

    @property
    def keys(self) -> str:
        """The key's columns in SQL, as a row."""
        return "ROW(" + ", ".join(column.quoted for column in self.key) + ")"

    @property
    def narrow(self) -> list[Column]:
        """The columns outside the key that hold small values only."""
        return [column for column in self.body if not column.wide]

    def create(self) -> Iterator[str]:
        """The statements that make the table."""
        columns = ", ".join(column.definition for column in (*self.key, *self.body))
        names = ", ".join(column.quoted for column in self.key)
        serial = "serial bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, " if self.identity == "USING INDEX" else ""
        unique = "UNIQUE" if serial else "PRIMARY KEY"
        constraint = f", CONSTRAINT {self.index} {unique} ({names})" + (" DEFERRABLE" if self.deferrable else "") if self.key else ""
        parts = f" PARTITION BY LIST ({self.key[0].quoted})" if self.partitioned else ""
        yield f"CREATE TABLE {self.quoted} ({serial}{columns}{constraint}){parts}"
        for column in self.body:
            if column.wide:
                yield f"ALTER TABLE {self.quoted} ALTER {column.quoted} SET STORAGE EXTERNAL"
        if self.partitioned:
            for part, values in PARTITIONS.items():
                yield f"CREATE TABLE {self.index}_{part} PARTITION OF {self.quoted} FOR VALUES IN ({', '.join(map(str, values))})"
            yield f"CREATE TABLE {self.index}_rest PARTITION OF {self.quoted} DEFAULT"
        if self.identity == "FULL":
            yield f"ALTER TABLE {self.quoted} REPLICA IDENTITY FULL"
        if self.identity == "USING INDEX":
            yield f"ALTER TABLE {self.quoted} REPLICA IDENTITY USING INDEX {self.index}"

    @property
    def index(self) -> str:
        """The name of the key's index."""
        return f"i_{sum(map(ord, self.name))}_{len(self.name)}"

    def partition(self, key: tuple[Value, ...]) -> int:
        """The partition that a row with this key is in."""
        return next((part for part, values in PARTITIONS.items() if int(key[0] or 0) in values), 2) if self.partitioned else 0

    def where(self, key: tuple[Value, ...]) -> str:
        """The condition that the row with this key satisfies."""
        return " AND ".join(f"{column.quoted} = {column.literal(value)}" for column, value in zip(self.key, key, strict=True))

    def any_key(self, dice: Dice) -> tuple[Value, ...]:
        """A key that a row may have or not."""
        return self.key_of(dice.randrange(SPACE), dice)

    def key_of(self, number: int, dice: Dice) -> tuple[Value, ...]:
        """The key of this number."""
        return tuple(KEYS[column.type](number // (1 + place), dice) for place, column in enumerate(reversed(self.key)))[::-1]


def random_tables(dice: Dice) -> list[Table]:
    """One table of each kind, its columns at random; every table has a first column that stays."""

    def body() -> tuple[Column, ...]:
        narrow = [Column(f"col {place}" if place % 3 else f"col_{place}", dice.choice(list(VALUES))) for place in range(dice.randint(2, 7))]
        wide = [Column(f"Wide{place}", dice.choice(list(WIDE_VALUES)), wide=True) for place in range(dice.randint(0, 2))]
        return (Column("note", "text"), *narrow, *wide)

    def key(*types: str) -> tuple[Column, ...]:
        return tuple(Column(f"key_{place}", type_, key=True) for place, type_ in enumerate(types))

    return [
        Table("simple", key("bigint"), (*body(), Column("always wide", "text", wide=True))),
        Table("Composite Key", key("text", "bigint"), body()),
        Table("by_uuid", key("uuid"), body(), identity="FULL"),
        Table("by.number", key("numeric"), body()),
        Table("by_moment", key("timestamptz"), body()),
        Table("by_index", key("text"), body(), identity="USING INDEX"),
        Table("parts", key("smallint", "bigint"), body(), partitioned=True),
        Table("shifted", key("bigint"), body(), identity="FULL", deferrable=True),
        Table("without_key", (), body(), identity="FULL"),
        Table("without_identity", (), body()),
    ]
