"""The dialects of SQL in which conditions are written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from sqlglot import Dialect as Grammar


class Family(Enum):
    """Databases with the same rules of evaluation; OTHER: their changes are not evaluated."""

    POSTGRESQL = "PostgreSQL"
    MYSQL = "MySQL"
    SQL_SERVER = "SQL Server"
    ORACLE = "Oracle"
    DB2 = "Db2"
    OTHER = "the database"

    @property
    def by_documentation(self) -> bool:
        """Whether its rules are known from its documentation alone, and so no more than comparisons with constants are evaluated."""
        return self in (Family.SQL_SERVER, Family.ORACLE, Family.DB2)


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    A dialect: its `grammar` by sqlglot's name, and what becomes of names without quotes.

    `unquoted` makes the catalogue's name of one; None: case does not matter, in quotes neither.
    """

    grammar: str
    unquoted: Callable[[str], str] | None
    family: Family = Family.OTHER

    def find(self, name: str, columns: Iterable[str], *, quoted: bool) -> str | None:
        """The column that the name in a condition stands for, or None where there is none."""
        known = list(columns)
        if self.unquoted is not None:
            meant = name if quoted else self.unquoted(name)
            return meant if meant in known else None
        alike = [column for column in known if column.lower() == name.lower()]
        return name if name in known else alike[0] if len(alike) == 1 else None


_POSTGRESQL = Dialect("postgres", str.lower, Family.POSTGRESQL)
_MYSQL = Dialect("mysql", None, Family.MYSQL)

_OF_TYPES = {
    "POSTGRESQL": _POSTGRESQL,
    "MYSQL": _MYSQL,
    "SQL_SERVER": Dialect("tsql", None, Family.SQL_SERVER),
    "ORACLE": Dialect("oracle", str.upper, Family.ORACLE),
    "DB2": Dialect("", str.upper, Family.DB2),
    "COCKROACHDB": Dialect("postgres", str.lower),
    "YUGABYTE": Dialect("postgres", str.lower),
    "SYBASE": Dialect("tsql", None),
    "SYBASEIQ": Dialect("tsql", None),
    "SQLANYWHERE": Dialect("tsql", None),
    "postgresql": _POSTGRESQL,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "mssql": Dialect("tsql", None),
}


def dialect_of(source_type: str) -> Dialect:
    """The dialect of a database type of the contract, or of a custom one, which SQLAlchemy's dialect names."""
    name = source_type.partition("+")[0]
    if name in _OF_TYPES:
        return _OF_TYPES[name]
    return Dialect(name if name in Grammar.classes else "", str.upper if name == "oracle" else None)
