"""The target database of a job: is it fit, and whose collections are whose."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from bson import ObjectId
from pymongo import ReadPreference, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import CollectionInvalid, DuplicateKeyError, OperationFailure
from pymongo.read_concern import ReadConcern

from pipeline.errors import ConfigError
from pipeline.sink.answer import answering
from pipeline.sink.checkpoint import COLLECTION
from pipeline.sink.client import open_target, settled

__all__ = ["claim_collections", "find_conflicts", "find_filled", "open_target", "prepare_targets", "release_collections"]

CLAIMS = "_rowstream.claims"
NAMESPACE_EXISTS = 48
NO_REPLICA_SET = "Start mongod with --replSet <name> and run rs.initiate() in mongosh once; a replica set of one will do."

Database: TypeAlias = AsyncDatabase[dict[str, Any]]


async def claim_collections(database: Database, job: str, collections: Sequence[str]) -> None:
    """
    Reserve the collections for the job, all or none.

    Raises:
        ConfigError: Another active job writes one of them.
        SinkUnavailableError: MongoDB does not answer.
    """
    with answering():
        await _check_transactions(database)
        claims = database.get_collection(CLAIMS, **settled())
        for collection in sorted(collections):
            try:
                await claims.update_one({"_id": collection, "job": job}, {"$set": {"job": job}}, upsert=True)
            except DuplicateKeyError:
                await claims.delete_many({"_id": {"$in": list(collections)}, "job": job})
                claim = await claims.find_one({"_id": collection})
                raise _taken(collection, claim["job"] if claim else None) from None


async def release_collections(database: Database, job: str, collections: Sequence[str] | None = None) -> None:
    """Give the job's collections free, or some of them; the documents stay."""
    some = {} if collections is None else {"_id": {"$in": list(collections)}}
    with answering():
        await database.get_collection(CLAIMS, **settled()).delete_many({"job": job, **some})


async def find_filled(database: Database, collections: Sequence[str]) -> list[str]:
    """Those of the collections that hold documents."""
    with answering():
        return [name for name in collections if await database[name].find_one({}, {"_id": 1}) is not None]


async def find_conflicts(database: Database, job: str, collections: Sequence[str]) -> dict[str, str]:
    """The collections that other active jobs write: collection -> job."""
    with answering():
        claims = database.get_collection(CLAIMS, **settled())
        found = claims.find({"_id": {"$in": list(collections)}, "job": {"$ne": job}})
        return {claim["_id"]: claim["job"] async for claim in found}


async def prepare_targets(database: Database, collections: Sequence[str], drop: bool) -> None:
    """
    Make the collections that are missing, and those of the service; may be repeated.

    `drop` empties the target collections first, indexes included.

    Raises:
        ConfigError: The server has no transactions, may not be written to, or a target is
            a view, capped, a time series or has a collation of its own.
        SinkUnavailableError: MongoDB does not answer.
    """
    with answering():
        await _check_transactions(database)
        present = {found["name"]: found for found in await _present(database, collections)}
        for name, found in present.items():
            _check_kind(name, found)
        for name in {*collections, COLLECTION}:
            if drop and name in present:
                await database.drop_collection(name)
            await _create(database, name)
        await _check_transaction_writes(database)


async def find_faults(database: Database, collections: Sequence[str]) -> list[ConfigError]:
    """
    Say what keeps a new job from writing these collections; nothing is made.

    Raises:
        SinkUnavailableError: MongoDB does not answer.
        ConfigError: The user may not look, or may not write.
    """
    with answering():
        try:
            await _check_transactions(database)
        except ConfigError as error:
            return [error]
        faults = []
        for found in await _present(database, collections):
            try:
                _check_kind(found["name"], found)
            except ConfigError as error:
                faults.append(error)
        faults += [_taken(collection, job) for collection, job in sorted((await find_conflicts(database, "", collections)).items())]
        await _check_transaction_writes(database)
        return faults


async def count_documents(database: Database, collections: Sequence[str]) -> dict[str, int]:
    """About how many documents those of the collections have that are not empty."""
    with answering():
        present = [found["name"] for found in await _present(database, collections)]
        counts = {name: await database[name].estimated_document_count() for name in sorted(present)}
    return {name: count for name, count in counts.items() if count}


async def _present(database: Database, collections: Sequence[str]) -> list[Mapping[str, Any]]:
    return [found async for found in await database.list_collections(filter={"name": {"$in": list(collections)}})]


async def _create(database: Database, name: str) -> None:
    try:
        await database.create_collection(name, write_concern=WriteConcern("majority"), check_exists=False)
    except CollectionInvalid:
        return
    except OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:
            raise


async def _check_transactions(database: Database) -> None:
    hello = await database.client.admin.command("hello")
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise ConfigError(
            "The target MongoDB is neither a replica set nor sharded, so it has no transactions",
            suggestion=NO_REPLICA_SET,
            code="TARGET_NOT_REPLICATED",
        )


async def _check_transaction_writes(database: Database) -> None:
    """Write in a transaction, and take it back, as the workers will; other jobs may be checking at the same moment."""

    async def write(session: AsyncClientSession) -> None:
        await database[COLLECTION].insert_one({"_id": ObjectId()}, session=session)
        await session.abort_transaction()

    async with database.client.start_session() as session:
        await session.with_transaction(write, ReadConcern("snapshot"), WriteConcern("majority"), ReadPreference.PRIMARY)


def _check_kind(name: str, found: Mapping[str, Any]) -> None:
    options = found.get("options", {})
    if found.get("type") == "view":
        kind = "a view"
    elif found.get("type") == "timeseries":
        kind = "a time-series collection"
    elif options.get("capped"):
        kind = "a capped collection"
    elif "collation" in options:
        kind = "a collection with a collation of its own, under which different keys may be equal"
    else:
        return
    raise ConfigError(
        f"The target {name} is {kind}; rows cannot be kept in it",
        suggestion=f"Rename or drop {name} in the target database, or name another database in the connection string.",
        code="TARGET_KIND",
    )


def _taken(collection: str, job: str | None) -> ConfigError:
    return ConfigError(
        f"The collection {collection} is written by {f'job {job}' if job else 'another job'}, which is active",
        suggestion="Stop that job, or name another database in the connection string.",
        code="COLLECTION_TAKEN",
    )
