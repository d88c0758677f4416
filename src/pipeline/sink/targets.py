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

__all__ = ["claim_collections", "find_conflicts", "open_target", "prepare_targets", "release_collections"]

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
                raise await _taken(database, collection) from None


async def release_collections(database: Database, job: str) -> None:
    """Give the job's collections free; the documents stay."""
    with answering():
        await database.get_collection(CLAIMS, **settled()).delete_many({"job": job})


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
        present = {found["name"]: found async for found in await database.list_collections()}
        for name in collections:
            if name in present:
                _check_kind(name, present[name])
        for name in {*collections, COLLECTION}:
            if drop and name in present and name != COLLECTION:
                await database.drop_collection(name)
            await _create(database, name)
        await _check_transaction_writes(database)


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


async def _taken(database: Database, collection: str) -> ConfigError:
    claim = await database[CLAIMS].find_one({"_id": collection})
    other = f"job {claim['job']}" if claim else "another job"
    return ConfigError(
        f"The collection {collection} is written by {other}, which is active",
        suggestion="Stop that job, or name another database in the connection string.",
        code="COLLECTION_TAKEN",
    )
