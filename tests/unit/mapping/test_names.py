"""Names become camelCase, and names that would collide or be refused are told before anything starts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.mapping.camel_case import camel_case
from pipeline.mapping.names import collection_names, field_names, key_names
from pipeline.mapping.style import Names

words = st.text(st.sampled_from("abzABZ019é_- .$"), max_size=12)


@pytest.mark.parametrize(
    ("name", "camel"),
    [
        ("CUSTOMER_ID", "customerId"),
        ("HTTPStatus", "httpStatus"),
        ("OrderID", "orderID"),
        ("a__b", "aB"),
        ("_x", "_x"),
        ("address_2", "address2"),
        ("customer", "customer"),
        ("order-item", "orderItem"),
        ("Order Item", "orderItem"),
        ("x_", "x"),
        ("__x_y", "__xY"),
        ("my_HTTPStatus", "myHttpStatus"),
        ("my_OrderID", "myOrderID"),
        ("MY_orderID", "myOrderID"),
        ("ID", "id"),
        ("A", "a"),
        ("ABc", "aBc"),
        ("AB1c", "ab1c"),
        ("2FA_CODE", "2faCode"),
        ("ÉTAT_civil", "étatCivil"),
        ("straße", "straße"),
        ("a_ßx", "aßx"),
        ("price.net", "price.net"),
        ("$ref", "$ref"),
        ("日本_語", "日本語"),
        ("_", "_"),
        ("-", "-"),
        (" ", " "),
    ],
)
def test_names_become_camel_case(name: str, camel: str) -> None:
    assert camel_case(name) == camel


@given(words.filter(bool))
def test_a_name_keeps_its_letters_and_digits_in_order_and_is_never_empty(name: str) -> None:
    camel = camel_case(name)
    assert camel
    assert re.sub(r"[_\- ]", "", camel).lower() == re.sub(r"[_\- ]", "", name).lower()


@given(words.filter(bool))
def test_separators_are_gone_but_for_leading_underscores(name: str) -> None:
    if re.search(r"[^_\- ]", name):
        assert not re.search(r"[_\- ]", camel_case(name).lstrip("_"))


def test_a_column_named_like_the_documents_key_is_kept_beside_it() -> None:
    assert field_names(["_id", "name"], "public.t") == {"_id": "_id_", "name": "name"}
    assert field_names(["_ID"], "public.t") == {"_ID": "_id_"}


@pytest.mark.parametrize(("first", "second"), [("order_id", "orderId"), ("x", "x_"), ("_id", "_id_"), ("A_B", "a__b")])
def test_two_columns_that_would_be_one_field_are_named(first: str, second: str) -> None:
    with pytest.raises(ConfigError) as refused:
        field_names(["other", first, second], "public.t")
    assert f'"{first}"' in refused.value.message
    assert f'"{second}"' in refused.value.message
    assert "public.t" in refused.value.message
    assert refused.value.suggestion


def test_a_table_name_in_one_schema_needs_no_prefix() -> None:
    assert collection_names([("public", "order_item"), ("sales", "Customer")]) == {
        ("public", "order_item"): "orderItem",
        ("sales", "Customer"): "customer",
    }


def test_tables_of_one_name_in_several_schemas_all_have_their_schema_as_prefix() -> None:
    assert collection_names([("public", "customer"), ("sales", "customer"), ("public", "invoice")]) == {
        ("public", "customer"): "publicCustomer",
        ("sales", "customer"): "salesCustomer",
        ("public", "invoice"): "invoice",
    }


def test_the_sources_own_names_stay_as_they_are_under_the_same_checks() -> None:
    assert field_names(["Order_ID", "a.b", "$x", "_id"], "t", Names.SOURCE) == {
        "Order_ID": "Order_ID",
        "a.b": "a.b",
        "$x": "$x",
        "_id": "_id_",
    }
    alike = ["order_id", "orderId", "ORDER_ID"]
    assert field_names(alike, "t", Names.SOURCE) == dict(zip(alike, alike, strict=True))
    assert key_names(["$id", "Line_No", "_id"], "t", Names.SOURCE) == {"$id": "\uff04id", "Line_No": "Line_No", "_id": "_id"}
    with pytest.raises(ConfigError, match="_id_"):
        field_names(["_id", "_id_"], "t", Names.SOURCE)


def test_tables_under_their_own_names_have_their_schema_before_a_dot_where_they_need_it() -> None:
    tables = [("public", "Order_Item"), ("public", "order_item"), ("sales", "customer"), ("archive", "customer")]
    assert collection_names(tables, style=Names.SOURCE) == {
        ("public", "Order_Item"): "Order_Item",
        ("public", "order_item"): "order_item",
        ("sales", "customer"): "sales.customer",
        ("archive", "customer"): "archive.customer",
    }
    with pytest.raises(ConfigError, match=r"public\.sales\.customer"):
        collection_names([*tables, ("public", "sales.customer")], style=Names.SOURCE)
    for refused in ("system.users", "a$b", "_rowstream.x", "a..b"):
        with pytest.raises(ConfigError, match="public"):
            collection_names([("public", refused)], style=Names.SOURCE)


def test_names_that_differ_only_in_their_writing_are_one_name() -> None:
    assert collection_names([("a", "order_item"), ("b", "OrderItem")]) == {
        ("a", "order_item"): "aOrderItem",
        ("b", "OrderItem"): "bOrderItem",
    }


@pytest.mark.parametrize(
    "tables",
    [
        [("public", "order_item"), ("public", "OrderItem")],
        [("public", "customer"), ("sales", "customer"), ("app", "public_customer")],
        [("a", "b_c"), ("a", "B C")],
    ],
)
def test_two_tables_that_would_be_one_collection_are_named(tables: list[tuple[str, str]]) -> None:
    with pytest.raises(ConfigError) as refused:
        collection_names(tables)
    named = [f"{schema}.{table}" in refused.value.message for schema, table in tables]
    assert sum(named) == 2
    assert refused.value.suggestion


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "a_b"]), st.text("ab_B", min_size=1, max_size=4)), unique=True, max_size=6))
def test_no_two_tables_ever_share_a_collection(tables: list[tuple[str, str]]) -> None:
    try:
        names = collection_names(tables)
    except ConfigError:
        return
    assert len(set(names.values())) == len(tables) == len(names)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("system.users", "system."),
        ("_rowstream.checkpoints", "_rowstream."),
        ("a$b", r"\$"),
        ("a\0b", "null"),
        (".a", "dot"),
        ("a.", "dot"),
        ("a..b", "dot"),
        ("x" * 180, "longer"),
    ],
)
def test_what_mongodb_or_rowstream_itself_does_not_take_is_refused_with_the_table(table: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as refused:
        collection_names([("public", table)])
    assert f"public.{table}" in refused.value.message


def test_the_length_of_a_name_counts_with_the_databases_in_bytes() -> None:
    assert collection_names([("public", "x" * 229)], database="shop!") == {("public", "x" * 229): "x" * 229}
    with pytest.raises(ConfigError, match="longer"):
        collection_names([("public", "x" * 230)], database="shop!")
    with pytest.raises(ConfigError, match="longer"):
        collection_names([("public", "é" * 115)], database="shop!")
