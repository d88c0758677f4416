"""Columns of every kind, and random values for them, as PostgreSQL reads them."""

import json
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

WIDE = 3_000
"""Characters of a value that PostgreSQL stores apart from its row, so that an update of other columns does not tell it."""

WORDS = ("plain", "naïve", "O'Neil", "tab\there", '},"payload":{', "back\\slash", "北京", "", " space ", "$ref", "a.b")

Dice = random.Random
Value = str | None


def _word(dice: Dice) -> str:
    return dice.choice(WORDS)


def _moment(dice: Dice) -> str:
    return (
        f"20{dice.randrange(10, 40)}-0{dice.randrange(1, 10)}-{dice.randrange(10, 28)} 0{dice.randrange(10)}:30:{dice.random() * 59:09.6f}"
    )


def _json(dice: Dice) -> str:
    value = dice.choice([None, {"n": dice.randrange(-(2**40), 2**40), "list": [1, 2.5, None, _word(dice)]}, [], {}, _word(dice), True])
    return json.dumps(value, ensure_ascii=dice.random() < 0.5)


def _long(dice: Dice) -> str:
    return "".join(f"{dice.getrandbits(64):016x}" for _ in range(WIDE // 16))


def _longs(dice: Dice, one: Callable[[Dice], str], count: int) -> str:
    return "{" + ",".join(one(dice) for _ in range(count)) + "}"


VALUES: dict[str, Callable[[Dice], str]] = {
    "smallint": lambda dice: str(dice.randrange(-(2**15), 2**15)),
    "int": lambda dice: str(dice.randrange(-(2**31), 2**31)),
    "bigint": lambda dice: str(dice.randrange(-(2**63), 2**63)),
    "numeric(12,2)": lambda dice: f"{dice.randrange(-(10**11), 10**11) / 100:.2f}",
    "numeric": lambda dice: f"{dice.randrange(-(10**15), 10**15)}." + "0" * dice.randrange(3) + f"{dice.randrange(10**9)}",
    "float8": lambda dice: repr(dice.uniform(-1e9, 1e9)),
    "boolean": lambda dice: dice.choice(["true", "false"]),
    "text": _word,
    "varchar(40)": lambda dice: _word(dice) + str(dice.randrange(1000)),
    "date": lambda dice: _moment(dice)[:10],
    "timestamp": _moment,
    "timestamp(0)": lambda dice: _moment(dice)[:19],
    "timestamptz": lambda dice: _moment(dice) + dice.choice(["+00", "+05:30", "-08"]),
    "time": lambda dice: _moment(dice)[11:],
    "uuid": lambda dice: str(uuid.UUID(int=dice.getrandbits(128))),
    "jsonb": _json,
    "json": _json,
    "bytea": lambda dice: "\\x" + dice.randbytes(dice.randrange(20)).hex(),
    "text[]": lambda dice: '{a,"b c",NULL,"' + str(dice.randrange(99)) + '"}',
    "int[]": lambda dice: _longs(dice, VALUES["int"], dice.randrange(5)),
    "bigint[]": lambda dice: _longs(dice, VALUES["bigint"], dice.randrange(5)),
    "uuid[]": lambda dice: _longs(dice, VALUES["uuid"], dice.randrange(5)),
}
WIDE_VALUES: dict[str, Callable[[Dice], str]] = {
    "text": _long,
    "jsonb": lambda dice: json.dumps({"long": _long(dice)}),
    "bytea": lambda dice: "\\x" + _long(dice),
    "text[]": lambda dice: _longs(dice, lambda inner: f"{inner.getrandbits(256):064x}", WIDE // 64),
    "int[]": lambda dice: _longs(dice, VALUES["int"], WIDE // 4),
    "bigint[]": lambda dice: _longs(dice, VALUES["bigint"], WIDE // 8),
    "uuid[]": lambda dice: _longs(dice, VALUES["uuid"], WIDE // 16),
}
RETYPED = {
    "smallint": "int",
    "int": "bigint",
    "bigint": "numeric",
    "numeric(12,2)": "numeric",
    "varchar(40)": "text",
    "timestamp(0)": "timestamp",
    "float8": "text",
    "uuid": "text",
}
"""Types that hold all that another holds, and read it: not timestamp for date, as docs/sources/postgresql.md says among the limits."""

KEYS: dict[str, Callable[[int, Dice], str]] = {
    "bigint": lambda number, _: str(number),
    "smallint": lambda number, _: str(number % 6),
    "text": lambda number, _: f"{WORDS[number % len(WORDS)]} {number}",
    "uuid": lambda number, _: str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))),
    "numeric": lambda number, dice: f"{number / 8:.3f}" + "0" * dice.randrange(3),
    "timestamptz": lambda number, _: str(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=number, microseconds=number)),
}
"""The key column's value for a number; equal numerics are written in several ways."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; a wide one holds values that are stored apart from the row."""

    name: str
    type: str
    wide: bool = False
    key: bool = False

    @property
    def quoted(self) -> str:
        """The name in SQL."""
        return '"' + self.name + '"'

    @property
    def definition(self) -> str:
        """The column in CREATE TABLE."""
        return f"{self.quoted} {self.type}" + (" NOT NULL" if self.key else "")

    def value(self, dice: Dice) -> Value:
        """A random value of a column outside the key."""
        if dice.random() < 0.15:
            return None
        return (WIDE_VALUES if self.wide and dice.random() < 0.7 else VALUES)[self.type](dice)

    def literal(self, value: Value) -> str:
        """The value in SQL."""
        return "NULL" if value is None else "'" + value.replace("'", "''") + f"'::{self.type}"

    def renamed(self, name: str) -> "Column":
        """The column under another name."""
        return replace(self, name=name)

    def retyped(self) -> "Column":
        """The column with a type that holds all its values."""
        return replace(self, type=RETYPED[self.type])
