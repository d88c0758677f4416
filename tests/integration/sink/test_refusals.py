"""What MongoDB does not take is refused, with its reason."""

from typing import Any

import pytest
from tests.fakes.rows import COLLECTION, insert, position, step
from tests.integration.sink.shared_target import Target

from pipeline.errors import WriteRefusedError
from pipeline.mapping.json_values import bson_from_json
from pipeline.sink.document import Document
from pipeline.sink.write import Insert, Replace, Set, Write

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # see `collected`


def refusals() -> list[Any]:
    return [
        pytest.param({"email": "taken"}, "email", id="a unique index of the user's"),
        pytest.param({"text": "x" * 17_000_000}, "large", id="a document over 16 MB"),
        pytest.param({"number": 2**64}, "8-byte", id="an integer over 64 bits"),
        pytest.param({"a\0b": 1}, "NULL|null", id="a name with a null byte"),
        pytest.param({"shape": "no polygon"}, "geo", id="a value that a geo index does not take"),
    ]


@pytest.mark.parametrize(("fields", "reason"), refusals())
@pytest.mark.parametrize("kind", [Insert, Replace])
def test_what_mongodb_does_not_take_is_refused_with_its_reason_and_nothing_is_applied(
    target: Target, fields: Document, reason: str, kind: type[Insert | Replace]
) -> None:
    target.collection.create_index("email", unique=True, sparse=True)
    target.collection.create_index([("shape", "2dsphere")])
    worker = target.worker()
    worker.apply(insert(1, 0, email="taken"))
    refused = step(kind(COLLECTION, 2, {"_id": 2, **fields}, position(2)))
    with pytest.raises(WriteRefusedError, match=reason) as error:
        worker.apply(insert(3, 1), refused)
    assert COLLECTION in error.value.message
    assert (target.ids(), target.position()) == ({1}, 1)


@pytest.mark.parametrize("nested", ['{"a":%s}', "[%s]"])
@pytest.mark.parametrize("levels", [150, 190, 199, 250, 900])
def test_json_nested_deeper_than_mongodb_takes_is_refused_and_not_waited_for(target: Target, nested: str, levels: int) -> None:
    text = "1"
    for _ in range(levels):
        text = nested % text
    value, worker = bson_from_json(text), target.worker()
    worker.apply(insert(1, 0, big="x"))
    documents: list[Write] = [
        Insert(COLLECTION, 2, {"_id": 2, "json": value}, position(1)),
        Replace(COLLECTION, 1, {"_id": 1, "big": "x", "json": value}, position(1)),
        Replace(COLLECTION, 1, {"_id": 1, "big": "x", "$json": value}, position(1)),
        Set(COLLECTION, 1, {"_id": 1, "json": value}, ("big",), position(1)),
    ]
    for number, write in enumerate(documents):
        write.position = position(worker.held.position)
        if levels == 150:
            worker.apply(step(write))
            assert target.position() == 2 + number
            continue
        with pytest.raises(WriteRefusedError, match=f"{COLLECTION}: MongoDB refuses a document: .*nest") as refused:
            worker.apply(step(write))
        assert len(refused.value.message) < 250
        assert target.position() == 1
