"""What the tables of the contract are written in: one description for each database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    What differs in the SQL of the databases.

    `name` is what types and values call it, `integer` a type that becomes int32, `text` one of some
    hundred characters. `folded` says that names without quotes are in capitals. `casts` says that keys are
    cast to their column's type, where a literal alone is of another. `in_schema` is the statement after which names
    without a schema are the test's.
    """

    name: str
    integer: str = "int"
    text: str = "varchar(400)"
    concatenation: str = "||"
    folded: bool = False
    casts: bool = False
    in_schema: str | None = None

    def named(self, name: str) -> str:
        """The name as the catalogue has it, of a table or column that is made without quotes."""
        return name.upper() if self.folded else name

    def key(self, literal: str, type_: str | None) -> str:
        """The literal of a key whose column is of the type."""
        return f"({literal})::{type_}" if self.casts else literal


POSTGRESQL = Dialect("postgresql", text="text", casts=True)
SQL_SERVER = Dialect("sqlserver", text="nvarchar(400)", concatenation="+")
ORACLE = Dialect("oracle", "number(9)", "varchar2(400)", folded=True, in_schema="ALTER SESSION SET CURRENT_SCHEMA = sales")
DB2 = Dialect("db2", folded=True, in_schema="SET SCHEMA sales")
