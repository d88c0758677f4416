"""An application that does to its tables whatever SQL allows, at random."""

from collections.abc import Callable, Iterable
from typing import Any

from psycopg import Connection
from tests.model.columns import RETYPED, VALUES, Column, Dice, Value
from tests.model.tables import SPACE, Table

Key = tuple[Value, ...]
STATEMENTS_KEPT = 400


class RandomApplication:
    """
    Changes rows, keys and columns of random tables, in random transactions.

    `story` holds the latest statements; a transaction's end is told by a line of its own.
    """

    def __init__(self, dice: Dice, tables: list[Table]) -> None:
        self.dice = dice
        self.rows = 0
        self.tables = tables
        self.story: list[str] = []
        self.schema_changes = False
        self._next_number = SPACE
        self._names = 0
        self._before: tuple[int, list[tuple[tuple[Column, ...], bool]]] = (0, [])

    def transact(self, connection: Connection[Any]) -> int:
        """Make a few steps, some of which are rolled back to a savepoint."""
        self._before = self.rows, [(table.body, table.changed) for table in self.tables]
        return sum(self._step(connection) for _ in range(self.dice.randint(1, 8)))

    def settle(self, *, committed: bool) -> None:
        """Forget what was rolled back."""
        self._tell("-- committed" if committed else "-- rolled back")
        if not committed:
            self.rows, before = self._before
            for table, (body, changed) in zip(self.tables, before, strict=True):
                table.body, table.changed = body, changed

    def fill(self, connection: Connection[Any], rows: int) -> None:
        """Put rows into every table."""
        for table in self.tables:
            self._copy(connection, table, rows)

    def touch(self, connection: Connection[Any]) -> int:
        """Update every row of the tables whose columns have changed, as no event tells of rows that were not."""
        return sum(self._run(connection, f"UPDATE {table.quoted} SET note = note") for table in self.tables if table.changed)

    def _step(self, connection: Connection[Any]) -> int:
        table = self.dice.choice(self.tables)
        if self.dice.random() < 0.1:
            return self._taken_back(connection, table)
        return self._change(connection, table)

    def _taken_back(self, connection: Connection[Any], table: Table) -> int:
        rows, body, changed = self.rows, table.body, table.changed
        self._run(connection, "SAVEPOINT taken_back")
        self._change(connection, table)
        self._run(connection, "ROLLBACK TO taken_back")
        self.rows, table.body, table.changed = rows, body, changed
        return 0

    def _change(self, connection: Connection[Any], table: Table) -> int:
        if not table.key:
            return self._change_keyless(connection, table)
        kinds: dict[Callable[[Connection[Any], Table], int], int] = {self._insert: 10, self._update: 12, self._update_many: 1}
        kinds |= {self._heat: 1, self._delete: 5, self._replace: 2}
        kinds |= {self._move: 3, self._exchange: 1} | ({self._shift: 2, self._meet: 2} if table.deferrable else {})
        kinds |= {self._change_columns: 1} if self.schema_changes and not table.fixed else {}
        return self.dice.choices(list(kinds), list(kinds.values()))[0](connection, table)

    def _change_keyless(self, connection: Connection[Any], table: Table) -> int:
        """Rows come, also equal ones; where changes tell the whole row, one of several equal rows is changed or goes, or all rows do."""
        kinds: dict[Callable[[Connection[Any], Table], int], float] = {self._insert: 8, self._double: 6}
        if table.identity == "FULL":
            kinds |= {self._update_any: 10, self._delete_any: 6, self._set_all: 0.3}
        return self.dice.choices(list(kinds), list(kinds.values()))[0](connection, table)

    def _double(self, connection: Connection[Any], table: Table) -> int:
        made = self._run(connection, f"INSERT INTO {table.quoted} SELECT * FROM {table.quoted} WHERE {self._any(table, 2)}")
        self.rows += made
        return made

    def _update_any(self, connection: Connection[Any], table: Table) -> int:
        return self._run(connection, f"UPDATE {table.quoted} SET {self._changes(table)} WHERE {self._any(table, self.dice.randint(1, 3))}")

    def _delete_any(self, connection: Connection[Any], table: Table) -> int:
        gone = self._run(connection, f"DELETE FROM {table.quoted} WHERE {self._any(table, self.dice.randint(1, 4))}")
        self.rows -= gone
        return gone

    def _set_all(self, connection: Connection[Any], table: Table) -> int:
        """A column of every row takes one value, so that rows become equal."""
        column = self.dice.choice(table.narrow)
        return self._run(connection, f"UPDATE {table.quoted} SET {column.quoted} = {column.literal(column.value(self.dice))}")

    def _any(self, table: Table, count: int) -> str:
        """The condition that some rows satisfy, whatever they hold."""
        return f"ctid = ANY (ARRAY(SELECT ctid FROM {table.quoted} OFFSET {self.dice.randrange(100)} LIMIT {count}))"

    def _insert(self, connection: Connection[Any], table: Table) -> int:
        return self._insert_at(connection, table, table.any_key(self.dice))

    def _insert_at(self, connection: Connection[Any], table: Table, key: Key, *, meets: bool = False) -> int:
        columns = (*table.key, *table.body)
        values = [*key, *(column.value(self.dice) for column in table.body)]
        literals = ", ".join(column.literal(value) for column, value in zip(columns, values, strict=True))
        unless = f" WHERE NOT EXISTS (SELECT FROM {table.quoted} WHERE {table.where(key)})" if key and not meets else ""
        made = self._run(connection, f"INSERT INTO {table.quoted} ({_names(columns)}) SELECT {literals}{unless}")
        self.rows += made
        return made

    def _copy(self, connection: Connection[Any], table: Table, rows: int) -> int:
        """
        Copy rows into the table, before the job begins.

        Not while it streams: a task of the connector that is restarted when one row of a page has been
        told skips the others (docs/sources/postgresql.md, Limits). Wide rows fill a page by twos: the first round met it.
        """
        columns = (*table.key, *table.body)
        statement = f"COPY {table.quoted} ({_names(columns)}) FROM STDIN"
        self._tell(f"{statement} -- {rows} rows")
        with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for _ in range(rows):
                self._next_number += 1
                key = table.key_of(self._next_number * max(1, len(table.key)), self.dice)
                copy.write_row([*key, *(column.value(self.dice) for column in table.body)])
        self.rows += rows
        return rows

    def _update(self, connection: Connection[Any], table: Table) -> int:
        return sum(self._update_at(connection, table, key) for key in self._pick(connection, table, self.dice.randint(1, 3)))

    def _update_at(self, connection: Connection[Any], table: Table, key: Key) -> int:
        return self._run(connection, f"UPDATE {table.quoted} SET {self._changes(table)} WHERE {table.where(key)}")

    def _changes(self, table: Table) -> str:
        columns = self.dice.sample(table.body, self.dice.randint(1, len(table.body)))
        return ", ".join(f"{column.quoted} = {column.literal(column.value(self.dice))}" for column in columns)

    def _update_many(self, connection: Connection[Any], table: Table) -> int:
        column, part = self.dice.choice(table.narrow), self.dice.randrange(10)
        value = column.literal(column.value(self.dice))
        return self._run(
            connection, f"UPDATE {table.quoted} SET {column.quoted} = {value} WHERE hashtext({table.keys}::text) % 10 = {part}"
        )

    def _heat(self, connection: Connection[Any], table: Table) -> int:
        """Change one row many times."""
        return sum(
            self._update_at(connection, table, key) for key in self._pick(connection, table, 1) for _ in range(self.dice.randint(5, 60))
        )

    def _delete(self, connection: Connection[Any], table: Table) -> int:
        return sum(self._delete_at(connection, table, key) for key in self._pick(connection, table, self.dice.randint(1, 4)))

    def _delete_at(self, connection: Connection[Any], table: Table, key: Key) -> int:
        gone = self._run(connection, f"DELETE FROM {table.quoted} WHERE {table.where(key)}")
        self.rows -= gone
        return gone

    def _move(self, connection: Connection[Any], table: Table) -> int:
        moves = [(key, table.any_key(self.dice)) for key in self._pick(connection, table, 1)]
        return sum(self._move_to(connection, table, *move) for move in moves)

    def _move_to(self, connection: Connection[Any], table: Table, key: Key, new: Key) -> int:
        """Change a key, if the new one is free: one change, but a delete and an insert where the row goes to another partition."""
        columns = zip(table.key, new, strict=True)
        changes = [f"{column.quoted} = {column.literal(value)}" for column, value in columns]
        if not table.partitioned and self.dice.random() < 0.5:
            changes.append(f"note = {table.body[0].literal(self.dice.choice(['moved', None]))}")
        free = f"NOT EXISTS (SELECT FROM {table.quoted} WHERE {table.where(new)})"
        moved = self._run(connection, f"UPDATE {table.quoted} SET {', '.join(changes)} WHERE {table.where(key)} AND {free}")
        return moved * (1 if table.partition(key) == table.partition(new) else 2)

    def _exchange(self, connection: Connection[Any], table: Table) -> int:
        """Two rows exchange their keys, by way of a third."""
        self._next_number += 1
        spare = table.key_of(self._next_number * max(1, len(table.key)), self.dice)
        match self._pick(connection, table, 2):
            case [one, other]:
                moves = ((one, spare), (other, one), (spare, other))
                return sum(self._move_to(connection, table, key, new) for key, new in moves)
            case _:
                return 0

    def _replace(self, connection: Connection[Any], table: Table) -> int:
        """A row is deleted and another is born with its key."""
        (keys, made) = self._pick(connection, table, 1), 0
        for key in keys:
            made += self._delete_at(connection, table, key) + self._insert_at(connection, table, key)
        return made

    def _shift(self, connection: Connection[Any], table: Table) -> int:
        """Many rows take the keys of their neighbours."""
        name, step = table.key[0].quoted, self.dice.choice(["+ 1", "- 1"])
        pivots = self._pick(connection, table, 1)
        return sum(
            self._run(connection, f"UPDATE {table.quoted} SET {name} = {name} {step} WHERE {name} {sign} {key[0]}")
            for key in pivots
            for sign in [">=" if step == "+ 1" else "<="]
        )

    def _meet(self, connection: Connection[Any], table: Table) -> int:
        """A row is born with the key of another; one of the two changes, and one goes before the key has to be one row's again."""
        touched = 0
        for key in self._pick(connection, table, 1):
            either = f"ctid = (SELECT ctid FROM {table.quoted} WHERE {table.where(key)} ORDER BY ctid {{}} LIMIT 1)"
            changed, gone = (either.format(self.dice.choice(["ASC", "DESC"])) for _ in range(2))
            self._run(connection, "SET CONSTRAINTS ALL DEFERRED")
            touched += self._insert_at(connection, table, key, meets=True)
            touched += self._run(connection, f"UPDATE {table.quoted} SET {self._changes(table)} WHERE {changed}")
            touched += self._run(connection, f"DELETE FROM {table.quoted} WHERE {gone}")
            self.rows -= 1
            self._run(connection, "SET CONSTRAINTS ALL IMMEDIATE")
        return touched

    def _change_columns(self, connection: Connection[Any], table: Table) -> int:
        """Add, drop, rename or retype a column; `note`, the first, stays, and wide ones do."""
        table.changed = True
        others = [column for column in table.narrow if column.name != "note"]
        kinds: list[Callable[[Table, Column], str]] = [self._drop, self._rename]
        retypable = [column for column in others if column.type in RETYPED]
        if not others or self.dice.random() < 0.4:
            change = self._add(table)
        elif retypable and self.dice.random() < 0.4:
            change = self._retype(table, self.dice.choice(retypable))
        else:
            change = self.dice.choice(kinds)(table, self.dice.choice(others))
        self._run(connection, f"ALTER TABLE {table.quoted} {change}")
        return 0

    def _add(self, table: Table) -> str:
        column = Column(self._name(), self.dice.choice(list(VALUES)))
        table.body = (*table.body, column)
        default = f" DEFAULT {column.literal(VALUES[column.type](self.dice))}" if self.dice.random() < 0.4 else ""
        return f"ADD {column.quoted} {column.type}{default}"

    def _drop(self, table: Table, column: Column) -> str:
        table.body = tuple(each for each in table.body if each is not column)
        return f"DROP {column.quoted}"

    def _rename(self, table: Table, column: Column) -> str:
        new = column.renamed(self._name())
        table.body = tuple(new if each is column else each for each in table.body)
        return f"RENAME {column.quoted} TO {new.quoted}"

    def _retype(self, table: Table, column: Column) -> str:
        new = column.retyped()
        table.body = tuple(new if each is column else each for each in table.body)
        return f"ALTER {column.quoted} DROP DEFAULT, ALTER {column.quoted} TYPE {new.type} USING {column.quoted}::{new.type}"

    def _name(self) -> str:
        self._names += 1
        return self.dice.choice(["new {}", "New{}", "new_{}"]).format(self._names)

    def _pick(self, connection: Connection[Any], table: Table, count: int) -> list[Key]:
        """Keys of rows that exist, from a random one on."""
        names = ", ".join(column.quoted for column in table.key)
        texts = ", ".join(f"{column.quoted}::text" for column in table.key)
        start = table.key_of(self.dice.randrange(self._next_number), self.dice)
        pivot = ", ".join(column.literal(value) for column, value in zip(table.key, start, strict=True))
        query = f"SELECT {texts} FROM {table.quoted} WHERE ({names}) >= ({pivot}) ORDER BY {names} LIMIT {count}"
        return [tuple(row) for row in connection.execute(query.encode()).fetchall()]

    def _run(self, connection: Connection[Any], statement: str) -> int:
        self._tell(statement)
        return max(connection.execute(statement.encode()).rowcount, 0)

    def _tell(self, statement: str) -> None:
        self.story.append(statement if len(statement) < 400 else f"{statement[:250]} ... {statement[-100:]}")
        del self.story[:-STATEMENTS_KEPT]


def _names(columns: Iterable[Column]) -> str:
    return ", ".join(column.quoted for column in columns)
