"""What MongoDB's errors ask of the caller."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bson import json_util
from bson.errors import BSONError
from pymongo.errors import BulkWriteError, ConfigurationError, ConnectionFailure, OperationFailure, PyMongoError

from pipeline.errors import ConfigError, PipelineError, SinkUnavailableError, WriteRefusedError

# Codes of MongoDB's error_codes.yml.
AUTHENTICATION_FAILED, UNAUTHORIZED = 18, 13
DUPLICATE_KEY = 11000
VALIDATION_FAILED = 121
TOO_LARGE_IN_ALL = {257, 10334}  # TransactionTooLarge, BSONObjectTooLarge: fewer or smaller writes may pass
UNREADABLE = {15, 22}  # Overflow (nested deeper than 200 levels, the command's own included), InvalidBSON
NOT_THE_WRITE = {
    UNAUTHORIZED,
    50,  # MaxTimeMSExpired
    112,  # WriteConflict
    146,  # ExceededMemoryLimit
    14031,  # OutOfDiskSpace
}
LONGEST_RULES = 1_000
LONGEST_REASON = 120  # the path of a field nested too deep is quoted whole

UNSENDABLE = (BSONError, OverflowError)  # the first includes the driver's DocumentTooLarge


class DuplicateIdError(Exception):
    """An insert met a document with its `_id`: plan the collection's inserts as replaces."""

    def __init__(self, collection: str) -> None:
        super().__init__(collection)
        self.collection = collection


def is_transient(error: PyMongoError) -> bool:
    """Whether the same transaction may pass if it is simply tried again at once."""
    return not isinstance(error, ConnectionFailure) and error.has_error_label("TransientTransactionError")


def unavailable(error: PyMongoError) -> SinkUnavailableError:
    """The sink did not answer, or not for a reason that lies in a write."""
    return SinkUnavailableError(f"MongoDB does not take writes: {reason(error)}")


def refusal(collection: str, error: BulkWriteError) -> PipelineError | DuplicateIdError:
    """What the first refused write of a bulk means: a refusal, a duplicate `_id`, or a fault that is not the write's."""
    faults = error.details.get("writeErrors") or []
    if not faults or faults[0].get("code") in NOT_THE_WRITE:
        return unavailable(error)
    fault, position = faults[0], error.details.get("position")
    if fault.get("code") == DUPLICATE_KEY and list(fault.get("keyPattern", {})) == ["_id"]:
        return DuplicateIdError(collection)
    if fault.get("code") == DUPLICATE_KEY:
        index, value = ", ".join(fault.get("keyPattern", {})), fault.get("keyValue")
        return WriteRefusedError(
            f"{collection}: a unique index on ({index}) already holds {value}",
            suggestion=f"Drop the index or make it non-unique: the source has several rows with the same {index}.",
            code="UNIQUE_INDEX",
        )  # no position: the value may be free once the changes before this one are applied
    if fault.get("code") == VALIDATION_FAILED:
        return WriteRefusedError(
            f"{collection}: the collection's validator does not take a document: {_rules(fault)}",
            suggestion=f"Change the validator of {collection}, or the rows, so that it takes them.",
            code="VALIDATOR",
        ).at(position)
    return WriteRefusedError(f"{collection}: MongoDB refuses a document: {fault.get('errmsg')} (code {fault.get('code')})").at(position)


def _rules(fault: Mapping[str, Any]) -> str:
    """What the server says of the rules that were broken: names of fields, and their values."""
    told = json_util.dumps((fault.get("errInfo") or {}).get("details") or fault.get("errmsg"))
    return told if len(told) <= LONGEST_RULES else f"{told[:LONGEST_RULES]}…"


def command_refusal(collection: str, error: OperationFailure) -> PipelineError:
    """What the refusal of a whole command means."""
    if error.code in TOO_LARGE_IN_ALL:
        return WriteRefusedError(f"{collection}: too large for MongoDB: {reason(error)}")
    if error.code in UNREADABLE:
        return WriteRefusedError(f"{collection}: MongoDB refuses a document: {reason(error)[:LONGEST_REASON]} (code {error.code})")
    return unavailable(error)


def unsendable(collection: str, error: Exception) -> WriteRefusedError:
    """The refusal of a document that cannot even be encoded."""
    return WriteRefusedError(f"{collection}: a document cannot be written: {error}")


def opening(error: PyMongoError) -> PipelineError:
    """What an error means while a connection is new: wrong credentials are the user's to mend."""
    if isinstance(error, OperationFailure) and error.code in (AUTHENTICATION_FAILED, UNAUTHORIZED):
        return ConfigError(
            f"MongoDB refuses the connection: {reason(error)}",
            suggestion="Check user, password and authSource of the MongoDB connection string, and that the user may write to the database.",
            code="TARGET_ACCESS",
        )
    return SinkUnavailableError(f"MongoDB does not answer: {reason(error)}")


@contextmanager
def answering() -> Iterator[None]:
    """Raise MongoDB's errors within as what `opening` makes of them."""
    try:
        yield
    except PyMongoError as error:
        raise opening(error) from error


def unopened(error: Exception) -> PipelineError:
    """
    What an error means that comes of a connection string before any server is spoken to.

    Only looking its name up (mongodb+srv://) can fail for a while: the driver's
    ConfigurationError then has the resolver's error as its cause. The driver's other
    complaints are not quoted, for they may hold values of the connection string.
    """
    if isinstance(error, ConfigurationError) and error.__cause__ is not None:
        return SinkUnavailableError(f"MongoDB's hosts cannot be looked up: {error}")
    told = f": {error.strerror} ({error.filename})" if isinstance(error, OSError) and error.filename else ""
    return ConfigError(
        f"The MongoDB connection string cannot be used on this host{told}",
        suggestion="Check its options, and that the files they name are there for the service and on every host with workers.",
        code="TARGET_URL",
    )


def reason(error: PyMongoError) -> str:
    """The server's own words, without the driver's dump of the whole reply."""
    details = error.details if isinstance(error, OperationFailure) else None
    text = str((details or {}).get("errmsg") or error)
    return text.split(", Timeout: ")[0].split(", full error")[0]
