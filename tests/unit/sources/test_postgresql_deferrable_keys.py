"""Which keys two rows may hold for a moment."""

import pytest

from pipeline.sources.postgresql.catalogue import _Keys, _table


@pytest.mark.parametrize(
    ("replica_identity", "keys", "deferrable"),
    [
        ("f", _Keys(("id",), deferrable=True), True),
        ("f", _Keys(("id",)), False),
        ("d", _Keys(("id",)), False),
        ("i", _Keys(("id",), deferrable=True, identity=("code",)), False),
    ],
)
def test_a_key_is_deferrable_as_its_primary_key_is_unless_an_index_is_the_identity(
    replica_identity: str, keys: _Keys, deferrable: bool
) -> None:
    row = {"oid": 1, "schema": "public", "name": "t", "partitioned": False, "inherited": False, "rows": None} | {
        "replica_identity": replica_identity
    }
    assert _table(row, [], [], {1: keys}).deferrable_key is deferrable
