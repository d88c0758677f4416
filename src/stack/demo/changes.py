"""The live changes of the demo: a small shop at work, and the exact count of the rows it changes."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import uuid4

import psycopg

from stack.demo.sign import Gone, Present, Reached, Sign

LONG_TEXT = 20_000
"""Characters of a note that PostgreSQL stores apart (TOAST), and leaves out of an update that does not touch it."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """
    One committed transaction: what it did, and how many rows it created, updated, deleted or gave another key.

    `sign` tells when it has arrived in the target; None where that cannot be told for sure.
    """

    what: str
    rows: Counter[str]
    sign: Sign | None = None


class Shop:
    """
    Makes changes in the sample database, chosen by a seeded random.

    Each of the first calls of `work` makes a change of another kind, so that a short demo
    shows all of them too.
    """

    def __init__(self, connection: psycopg.Connection[Any], seed: int) -> None:
        self._connection = connection
        self._random = Random(seed)  # noqa: S311 - which order is paid next is no secret
        self._first = list(self._kinds)
        self._long: list[int] = []

    def work(self) -> Transaction:
        """Make one change in a transaction, committed when this returns."""
        kinds = self._kinds
        kind = self._first.pop(0) if self._first else self._random.choices(list(kinds), list(kinds.values()))[0]
        with self._connection.transaction():
            return kind()

    def change_customer(self, customer: int) -> Transaction:
        """Change four columns of a customer."""
        with self._connection.transaction():
            changed = self._connection.execute(
                "UPDATE customers SET email = %s, is_active = NOT is_active, preferences = %s, tags = ARRAY['loyal', %s] "
                "WHERE customer_id = %s",
                (
                    f"{self._name()}@example.org",
                    f'{{"language": "sv", "discount": {self._random.randint(1, 99) / 10}}}',
                    self._name(),
                    customer,
                ),
            ).rowcount
        return Transaction(f"customer {customer}: four columns changed", Counter(updated=changed))

    @property
    def _kinds(self) -> dict[Callable[[], Transaction], int]:
        return {
            self._place_order: 30,
            self._write_long_note: 3,
            self._move_on: 25,
            self._touch_long_note: 5,
            self._forget_note: 5,
            self._change_price: 20,
            self._change_email: 10,
            self._register: 4,
            self._renumber_line: 8,
            self._delete_order: 15,
        }

    def _place_order(self, note: str | None = None) -> Transaction:
        order = self._value(
            "INSERT INTO orders (customer_id, status, total, note, deliver_on, placed_at) "
            "SELECT customer_id, 'new', 0, %s, current_date + 3, clock_timestamp() FROM customers "
            "ORDER BY customer_id OFFSET floor(%s * (SELECT count(*) FROM customers)) LIMIT 1 RETURNING order_id",
            note,
            self._random.random(),
        )
        lines = self._random.randint(1, 4)
        self._connection.execute(
            "INSERT INTO order_lines (order_id, line_number, product_id, quantity, unit_price) "
            "SELECT %s, row_number() OVER (), product_id, 1 + product_id %% 3, price FROM "
            "(SELECT * FROM products ORDER BY product_id OFFSET %s LIMIT %s) AS chosen",
            (order, self._random.randint(0, 50), lines),
        )
        return Transaction(f"order {order} placed, with {lines} lines", Counter(created=1 + lines), Present("orders", order))

    def _write_long_note(self) -> Transaction:
        placed = self._place_order("".join(self._random.choices("abcdefghijklmnopqrstuvwxyz ", k=LONG_TEXT)))
        assert isinstance(placed.sign, Present)  # noqa: S101 - so does _place_order make it
        self._long.append(placed.sign.id)
        return Transaction(f"{placed.what} and a note of {LONG_TEXT} characters", placed.rows, placed.sign)

    def _move_on(self) -> Transaction:
        order = self._any("orders", "order_id")
        return self._update(
            order, "status = CASE status WHEN 'new' THEN 'paid' WHEN 'paid' THEN 'shipped' ELSE 'returned' END::order_status"
        )

    def _touch_long_note(self) -> Transaction:
        if not self._long:
            return self._write_long_note()
        order = self._random.choice(self._long)
        done = self._update(order, "total = total + 1")
        return Transaction(f"order {order}: total changed, its long note not", done.rows)

    def _forget_note(self) -> Transaction:
        order = self._any("orders", "order_id")
        return self._update(order, "note = NULL")

    def _update(self, order: int, assignment: str) -> Transaction:
        changed = self._connection.execute(f"UPDATE orders SET {assignment} WHERE order_id = %s", (order,)).rowcount  # noqa: S608 - constants of this class
        return Transaction(f"order {order}: {assignment.partition(' ')[0]} changed", Counter(updated=changed))

    def _change_price(self) -> Transaction:
        product, now = self._any("products", "product_id"), datetime.now(UTC)
        changed = self._connection.execute(
            "UPDATE products SET price = %s, updated_at = %s WHERE product_id = %s",
            (self._random.randint(500, 50_000) / 100, now.replace(tzinfo=None), product),
        ).rowcount
        return Transaction(f"product {product}: new price", Counter(updated=changed), Reached("products", product, "updatedAt", now))

    def _change_email(self) -> Transaction:
        customer = self._any("customers", "customer_id")
        changed = self._connection.execute(
            "UPDATE customers SET email = %s WHERE customer_id = %s", (f"{self._name()}@example.org", customer)
        ).rowcount
        return Transaction(f"customer {customer}: new e-mail address", Counter(updated=changed))

    def _register(self) -> Transaction:
        name = self._name()
        customer = self._value(
            "INSERT INTO customers (external_id, email, full_name, preferences, tags, created_at) "
            "VALUES (gen_random_uuid(), %s, %s, %s, %s, clock_timestamp()) RETURNING customer_id",
            f"{name}@example.org",
            f"Customer {name}",
            '{"language": "en", "discount": 2.5}',
            ["new"],
        )
        return Transaction(f"customer {customer} registered", Counter(created=1), Present("customers", customer))

    def _renumber_line(self) -> Transaction:
        order = self._any("order_lines", "order_id")
        changed = self._connection.execute(
            "UPDATE order_lines SET line_number = (SELECT max(line_number) + 1 FROM order_lines WHERE order_id = %(order)s) "
            "WHERE order_id = %(order)s AND line_number = (SELECT min(line_number) FROM order_lines WHERE order_id = %(order)s)",
            {"order": order},
        ).rowcount
        return Transaction(f"order {order}: a line took another number (its key)", Counter(moved=changed))

    def _delete_order(self) -> Transaction:
        """Any but the newest, whose signs are still looked for."""
        order = self._value(
            "SELECT order_id FROM orders WHERE order_id < (SELECT max(order_id) - 100 FROM orders) ORDER BY order_id OFFSET "
            "floor(%s * (SELECT count(*) FROM orders WHERE order_id < (SELECT max(order_id) - 100 FROM orders))) LIMIT 1",
            self._random.random(),
        )
        self._long = [long for long in self._long if long != order]
        lines = self._value("SELECT count(*) FROM order_lines WHERE order_id = %s", order)
        self._connection.execute("DELETE FROM orders WHERE order_id = %s", (order,))
        return Transaction(f"order {order} deleted, with {lines} lines", Counter(deleted=1 + lines), Gone("orders", order))

    def _any(self, table: str, key: str) -> int:
        rows = f"SELECT {key} FROM {table} ORDER BY {key} OFFSET floor(%s * (SELECT count(*) FROM {table})) LIMIT 1"  # noqa: S608 - names of this class
        return self._value(rows, self._random.random())

    def _name(self) -> str:
        """New in every run: an earlier one may have left its names in the table."""
        return uuid4().hex[:12]

    def _value(self, query: str, *values: Any) -> int:
        row = self._connection.execute(query, values).fetchone()
        if row is None:
            raise LookupError(f"no row: {query}")
        value: int = row[0]
        return value
