"""What the suite asks of a database in a container."""

from collections.abc import Sequence
from typing import Any, Protocol, Self


class Vendor(Protocol):
    """
    A database with a user for jobs, and a table `orders` of the columns id, name and price, filled by the tests.

    Entering starts the container and makes all that a job needs; `lack` and `mend` take one such thing away, and back.
    """

    source_type: str
    schema: str
    table: str

    def __enter__(self) -> Self:
        """Start it."""
        ...

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        ...

    def details(self) -> dict[str, Any]:
        """The members of `jdbcConnectionDetails`, but for the type."""
        ...

    def run(self, *statements: str) -> None:
        """Run statements in one transaction, as the tables' owner."""
        ...

    def ask(self, query: str) -> Sequence[Sequence[Any]]:
        """The rows of a query."""
        ...

    def capture(self, *tables: str) -> None:
        """Have the changes of these tables of the schema captured, and let the user read them."""
        ...

    def release(self, *tables: str) -> None:
        """Capture their changes no more."""
        ...

    def lack(self) -> str:
        """Take something away that a streaming job needs; returns the name of the check that finds it."""
        ...

    def mend(self) -> None:
        """Give it back."""
        ...
