"""The steps that changes of a table ask for."""

from typing import Any

from tests.fakes.rows import COLLECTION, position, step

from pipeline.sink.batch import Step
from pipeline.sink.document import Document
from pipeline.sink.write import Clear, Delete, Insert, Move, Replace, Set


def replaced(key: Any, offset: int, **fields: Any) -> Step:
    return step(Replace(COLLECTION, key, {"_id": key, **fields}, position(offset)), "u")


def partial(key: Any, offset: int, *unavailable: str, **fields: Any) -> Step:
    return step(Set(COLLECTION, key, {"_id": key, **fields}, unavailable, position(offset)), "u")


def deleted(key: Any, offset: int, moved_to: Any = None) -> Step:
    return step(Delete(COLLECTION, key, position(offset), moved_to), "" if moved_to is not None else "d")


def clear(offset: int) -> Step:
    return step(Clear(COLLECTION, position(offset)), "t")


def born(key: int, offset: int, **fields: Any) -> Step:
    """A new row of a table whose key is deferrable."""
    return step(Insert(COLLECTION, key, {"_id": key, **fields}, position(offset), deferrable=True))


def changed(before: Document, offset: int, *, required: bool = True, **fields: Any) -> Step:
    return step(Replace(COLLECTION, before["_id"], before | fields, position(offset), before, required), "u")


def left(row: Document, offset: int, moved_to: Any = None, *, required: bool = True) -> Step:
    return step(Delete(COLLECTION, row["_id"], position(offset), moved_to, row, required), "" if moved_to is not None else "d")


def moved(before: Document, offset: int, key: int, *, required: bool = True) -> list[Step]:
    """A row changes its deferrable key, and the change leaves out its big value."""
    small = {name: value for name, value in before.items() if name != "big"} | {"_id": key}
    move = Move(COLLECTION, key, before["_id"], small, ("big",), position(offset + 1), deferrable=True)
    return [left(before, offset, key, required=required), step(move, "u")]


NAN, TWO, THREE = float("nan"), {"_id": 2, "v": "two", "big": "b2"}, {"_id": 3, "v": "three", "big": "b3"}
