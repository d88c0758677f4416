"""The contract of the types of CockroachDB and YugabyteDB, whichever cluster it is asked of."""

from typing import Any

import bson
from pymongo.database import Database
from tests.contract.types.spoken import KEYS, TYPES, Typed

LONGEST = max(len(typed.values) for typed in TYPES)


def names() -> list[str]:
    """The names of the tables."""
    return ["typed", *(f"key_{name}" for name in KEYS)]


def tables() -> list[str]:
    """The statements that make the tables: one with a column of each type, and one for each type of key."""
    columns = ", ".join(f"x_{typed.name} {typed.type}" for typed in TYPES)
    keyed = [f"CREATE TABLE key_{name} (x {_named(name).type} PRIMARY KEY, note int)" for name in KEYS]
    return [f"CREATE TABLE typed (id int PRIMARY KEY, {columns})", *keyed]


def rows_read() -> list[str]:
    """The statements that fill them before a job: a row with every value, and one of NULLs."""
    filled = [f"INSERT INTO typed (id) VALUES ({number})" for number in (-1, *range(100, 100 + LONGEST))]
    return [*filled, *(_insert(number) for number in range(LONGEST)), *(_keys(name, 0) for name in KEYS)]


def rows_changed() -> list[str]:
    """The statements that bring every value by an insert and by an update, and have every key told by a change."""
    inserted = [_insert(200 + number) for number in range(LONGEST)]
    updated = [f"UPDATE typed SET {_values(number)} WHERE id = {100 + number}" for number in range(LONGEST)]
    return [*inserted, *updated, *(f"UPDATE key_{name} SET note = note + 1" for name in KEYS)]


def wrong(target: Database[Any]) -> list[str]:
    """What documents hold that they should not, a line each."""
    found = []
    for document in target["typed"].find({"_id": {"$gte": 0}}):
        number = document["_id"] % 100
        for typed in TYPES:
            field = "x" + typed.name.capitalize()
            expected = typed.values[number % len(typed.values)][1]
            if bson.encode({"x": document.get(field)}) != bson.encode({"x": expected}):
                found.append(f"{typed.name} of the row {document['_id']}: {document.get(field)!r:.200}, not {expected!r:.200}")
    nulls = target["typed"].find_one({"_id": -1}) or {}
    found += [f"NULL: {name} is {value!r}" for name, value in nulls.items() if name != "_id" and value is not None]
    for name in KEYS:
        notes = {bson.encode({"x": each["_id"]}): each["note"] for each in target[f"key{name.capitalize()}"].find()}
        if set(notes.values()) != {1} or len(notes) != len(_named(name).values):
            found.append(f"keys of the type of {name}: {notes}")
    return found


def count() -> int:
    """How many rows of the table `typed` have documents in the end."""
    return 3 * LONGEST + 1


def _named(name: str) -> Typed:
    return next(typed for typed in TYPES if typed.name == name)


def _insert(number: int) -> str:
    names = ", ".join(f"x_{typed.name}" for typed in TYPES)
    values = ", ".join(typed.values[number % 100 % len(typed.values)][0] for typed in TYPES)
    return f"INSERT INTO typed (id, {names}) VALUES ({number}, {values})"


def _values(number: int) -> str:
    return ", ".join(f"x_{typed.name} = {typed.values[number % len(typed.values)][0]}" for typed in TYPES)


def _keys(name: str, note: int) -> str:
    return f"INSERT INTO key_{name} VALUES " + ", ".join(f"({literal}, {note})" for literal, _ in _named(name).values)
