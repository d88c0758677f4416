"""Who holds a key that is deferrable, while a source transaction lasts."""

from dataclasses import dataclass, field
from typing import Any

from bson import encode

from pipeline.sink.document import Document
from pipeline.sink.place import Place
from pipeline.sink.row_id import UNENCODABLE
from pipeline.sink.write import Write


@dataclass(slots=True)
class Row:
    """
    A row as it stands between two writes: `known` fields over those of the stored document that are `open`.

    `open` is None for a row that no write of the batch has touched: every field is the stored one's.
    """

    place: Place
    id: Any
    known: Document
    open: tuple[str, ...] | None = ()

    def has_open(self, name: str) -> bool:
        """Whether the field's value is the stored document's."""
        return name not in self.known and (self.open is None or name in self.open)


@dataclass(slots=True)
class Holders:
    """
    The rows that hold the key `id`: at most one when the transaction begins, and again when it ends.

    `first` is the document of the row from before the transaction, None where there is none;
    `left`: that row holds the key no more. `came` are the rows that have come in the
    transaction, the latest last. `before` is what the batch asked for until the transaction.
    """

    id: Any
    first: Row | None
    before: Write | None
    left: bool = False
    came: list[Document] = field(default_factory=list)

    @property
    def stays(self) -> Row | None:
        """The document of the row from before the transaction while it holds the key."""
        return None if self.left else self.first

    def leave(self, row: Document, *, required: bool, sparse: bool = False) -> None:
        """
        Take out the row that was as `row` says; `required` and `sparse` are as in `Replace`.

        It is one of those that came if it equals that one, else the row from before, whatever
        its document is: that may lack a column that was added since, or not be there.
        """
        places = range(len(self.came) - 1, -1, -1)  # the latest has the columns that the row has
        equal = next((place for place in places if _equal(self.came[place], row, sparse=sparse)), None)
        if equal is not None:
            del self.came[equal]
        elif self.left or (self.first is None and required):
            del self.came[:1]  # a column was retyped since it came
        else:
            self.left = True


def _equal(one: Document, other: Document, *, sparse: bool) -> bool:
    """
    Whether the rows are equal in the columns that both have: some may have been added or dropped between the two.

    Where documents leave out nulls, nothing tells such a column from one that is null: then they must be equal in all.
    """
    names = (one.keys() | other.keys() if sparse else one.keys() & other.keys()) - {"_id"}
    try:
        return _encoded(one, names) == _encoded(other, names)
    except UNENCODABLE:
        return False


def _encoded(row: Document, names: set[str]) -> bytes:
    return encode({name: row[name] for name in sorted(names) if name in row})
