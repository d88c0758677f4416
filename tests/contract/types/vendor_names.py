"""
Odd names as SQL Server, Oracle and Db2 permit them.

Oracle's have no double quotes, and 30 bytes for LogMiner; Db2's no quotes, since Debezium's procedures put names into statements.
"""

from tests.contract.types.names import OddTable

WORDS = OddTable(
    "order",
    "order",
    {"select": "select"},
    {
        "id": "id",
        "_id": "_id_",
        "from": "from",
        "table": "table",
        "before": "before",
        "after": "after",
        "payload": "payload",
        "schema": "schema",
        "op": "op",
        "source": "source",
        "ts_ms": "tsMs",
        "key": "key",
        "value": "value",
        "__deleted": "__deleted",
    },
)
ODD = {
    "a.c": "a.c",
    "$ref": "$ref",
    "HTTPStatus": "httpStatus",
    "CUSTOMER_ID": "customerId",
    "MiXed": "miXed",
    "with space": "withSpace",
    "dashed-name": "dashedName",
    "per%cent": "per%cent",
    "(brackets)": "(brackets)",
    "日本語": "日本語",
    "_": "_",
    "123": "123",
}
IDS = OddTable("_id", "_id", {"_id": "_id"}, {"id": "id"})
PAIR = OddTable("a b", "aB", {"id": "id", "_id": "_id"}, {"one": "one"})
DOTTED = OddTable("a.b", "a.b", {"id": "id"}, {"two": "two"})
FOREIGN = OddTable("größe_日本", "größe日本", {"Größe": "größe"}, {"x": "x"})

COMMON = (WORDS, OddTable("Odd Names", "oddNames", {"a.b": "a.b", "$key": "\uff04key"}, ODD), IDS, PAIR, DOTTED, FOREIGN)

BY_DIALECT = {
    "sqlserver": (
        *COMMON,
        OddTable('quo"te', 'quo"te', {'k"': 'k"'}, {"'": "'", "back\\slash": "back\\slash"}),
        OddTable("x" * 90, "x" * 90, {"y" * 128: "y" * 128}, {"😀": "😀"}),
    ),
    "oracle": (*COMMON, OddTable("x" * 30, "x" * 30, {"y" * 30: "y" * 30}, {"'": "'"})),
    "db2": (*COMMON, OddTable("x" * 90, "x" * 90, {"y" * 90: "y" * 90}, {})),
}
"""The longest: SQL Server captures a table under `dbo_x`, of 100 characters at most, Db2 in `ASNCDC.IXCDC_SALES_x`, of 128 bytes."""
