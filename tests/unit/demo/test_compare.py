"""What the demo expects of documents, and which differences it finds."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from bson.decimal128 import Decimal128
from bson.int64 import Int64

from stack.demo.compare import BIGINT, compare_documents, document_of
from stack.demo.shell import shown

INTEGER, OTHER = 23, 0
ORDER = {"_id": Int64(7), "customerId": 3, "total": Decimal128("10.50"), "note": None}


def test_a_row_becomes_a_document_without_its_key_in_the_body() -> None:
    columns = [("order_id", BIGINT), ("customer_id", INTEGER), ("total", OTHER), ("note", OTHER)]
    assert document_of("orders", columns, (7, 3, Decimal("10.50"), None)) == ORDER


def test_several_key_columns_become_one_id() -> None:
    columns = [("order_id", BIGINT), ("line_number", INTEGER), ("quantity", INTEGER)]
    assert document_of("order_lines", columns, (7, 1, 5)) == {"_id": {"orderId": Int64(7), "lineNumber": 1}, "quantity": 5}


def test_dates_and_times_are_instants_in_utc() -> None:
    columns = [("customer_id", INTEGER), ("born_on", OTHER), ("created_at", OTHER)]
    document = document_of("customers", columns, (1, date(1950, 4, 8), datetime(2025, 1, 1, 8)))  # noqa: DTZ001 - psycopg reads a timestamp so
    assert document == {"_id": 1, "bornOn": datetime(1950, 4, 8, tzinfo=UTC), "createdAt": datetime(2025, 1, 1, 8, tzinfo=UTC)}


def test_decimals_deep_in_json_are_decimals() -> None:
    document = document_of("products", [("product_id", INTEGER), ("attributes", OTHER)], (1, {"sizes": [Decimal("1.5"), 2]}))
    assert document["attributes"] == {"sizes": [Decimal128("1.5"), 2]}


def test_equal_documents_are_equal_in_any_order() -> None:
    other = ORDER | {"_id": Int64(8)}
    comparison = compare_documents("orders", [ORDER, other], [other, ORDER])
    assert comparison.equal
    assert (comparison.rows, comparison.documents) == (2, 2)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([], "no document for the row 7"),
        ([ORDER, ORDER | {"_id": Int64(9)}], "no row for the document 9"),
        ([ORDER | {"customerId": 4}], "7.customerId: int 3 in the row, int 4 in the document"),
        ([ORDER | {"customerId": Int64(3)}], "7.customerId: int 3 in the row, Int64 3 in the document"),
        ([ORDER | {"total": Decimal128("10.5")}], "7.total: Decimal128 10.50 in the row, Decimal128 10.5 in the document"),
        ([{name: value for name, value in ORDER.items() if name != "note"}], "7.note: NoneType None in the row, nothing in the document"),
        ([ORDER | {"left": 1}], "7.left: nothing in the row, int 1 in the document"),
    ],
)
def test_a_difference_is_told(found: list[dict[str, Any]], told: str) -> None:
    comparison = compare_documents("orders", [ORDER], found)
    assert comparison.differences == (told,)
    assert not comparison.equal


def test_values_are_shown_as_mongodb_shell_writes_them() -> None:
    identity = UUID("1c1e3dd0-9531-6f30-724a-c021ca3b95b8")
    value = {"at": datetime(2025, 1, 1, 8, tzinfo=UTC), "of": [identity, Decimal128("1.50")], "name": "Björn", "gone": None}
    assert shown(value) == (
        "{ at: ISODate('2025-01-01T08:00:00.000Z'), of: [ UUID('1c1e3dd0-9531-6f30-724a-c021ca3b95b8'), Decimal128('1.50') ], "
        'name: "Björn", gone: null }'
    )
